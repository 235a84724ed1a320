//! The common suite of learners over nets and their ensembles.

// Helpers of tests are outside of `#[test]`, where clippy does not see that they are tests.
#![allow(clippy::unwrap_used)]

mod contracts;
