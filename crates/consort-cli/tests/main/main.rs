//! The program as a person runs it.

mod cases;
mod credit;
mod invariance;
mod mistakes;
mod program;
mod splits;
