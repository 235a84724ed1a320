//! Samples as linfa's data sets, so that a linfa model of your own is a member like any other.
//!
//! The learners of this crate have solvers of their own, since linfa's ignore sample weights or lose digits where members
//! of an ensemble may not. What linfa has beside them comes in by two `impl`s: [`Records::values`] or
//! [`Records::classes`] gives what linfa's `fit` takes, and [`Records::read`] the matrix for its `predict`. Saving,
//! stacking, voting and runs then treat it as one of their own.
//!
//! linfa's learners ignore weights without a word, so the bridge refuses samples that have any.

mod records;

pub use records::Records;
