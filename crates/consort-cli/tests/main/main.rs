//! The program as a person runs it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failed unwrap is a failed test")]

mod bags;
mod cases;
mod credit;
mod devices;
mod diagnose;
mod fit;
mod groups;
mod hostile;
mod invariance;
mod leaks;
mod members;
mod memory;
mod mistakes;
mod new_rows;
#[cfg(feature = "onnx")]
mod onnx;
#[cfg(feature = "nets")]
mod pictures;
mod program;
mod recipes;
mod results;
mod splits;
mod trouble;
mod untidy;
mod usual_folds;
mod watch;
