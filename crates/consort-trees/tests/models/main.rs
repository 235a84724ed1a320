//! Fitted trees from everywhere: what other programs saved, and what is made of them.

// Helpers of tests are outside of `#[test]`, where clippy does not see that they are tests.
#![allow(clippy::unwrap_used, clippy::panic)]

mod binary;
mod contributions;
mod hostile;
mod importances;
mod lightgbm;
mod reference;
mod xgboost;
