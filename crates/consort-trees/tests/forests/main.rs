//! Decision trees, forests and adaptive boosting: references of scikit-learn, closed forms and laws.

// Helpers of tests are outside of `#[test]`, where clippy does not see that they are tests.
#![allow(clippy::unwrap_used)]

mod adaboost;
mod exact_trees;
mod laws;
mod out_of_bag;
mod tables;
