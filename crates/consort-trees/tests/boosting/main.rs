//! Gradient boosting through its public face.

// Helpers of tests are outside of `#[test]`, where clippy does not see that they are tests.
#![allow(clippy::unwrap_used)]

mod constraints;
mod laws;
mod losses;
mod path;
mod tables;
