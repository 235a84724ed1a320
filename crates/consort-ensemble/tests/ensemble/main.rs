//! Ensembles through their public face.

// Helpers of tests are outside of `#[test]`, where clippy does not see that they are tests.
#![allow(clippy::unwrap_used)]

mod bag;
mod boost;
mod checkpoints;
mod cross_fit;
mod estimate;
mod portfolio;
mod reference;
mod stack;
mod tables;
mod vote;
