//! The public contract of the crate, against independent reference values and the common suite.

// Helpers of tests are tests: a failed unwrap is a failed test.
#![allow(clippy::unwrap_used)]

mod contracts;
mod field_cases;
mod luck;
mod numbers;
mod reference;
