//! The public contract of the crate, against reference values and the laws that each method must obey.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failed unwrap is a failed test")]

mod calibrate;
mod dynamic;
mod reference;
mod rule_cases;
mod rule_contracts;
mod rule_reference;
mod select;
mod stack;
mod verdict;
mod weights;
