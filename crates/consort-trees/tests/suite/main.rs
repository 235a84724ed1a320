//! All tree learners under the common suite, and under data that nobody hopes for.

// Helpers of tests are outside of `#[test]`, where clippy does not see that they are tests.
#![allow(clippy::unwrap_used)]

mod contracts;
