//! The learners of this crate against scikit-learn, against each other and against their laws.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed unwrap is a failed test")]

mod laws;
mod reference;
mod suite;
mod table;
