//! What an estimate is worth.
//!
//! [`Nested`] scores whole recipes on rows that nothing of them saw. [`ShuffledTarget`] finds out whether an estimate sees
//! what it must not: without anything to learn it must fall to chance. [`diagnose_data`] says what about the data and the
//! folds makes an estimate too good, and [`OwnRows`] what members score on the rows that they learnt from.

mod diagnosis;
mod nested;
mod own_rows;
mod shuffled_target;
mod telling;
mod twins;

pub use diagnosis::{diagnose_data, diagnose_folds, diagnose_folds_told};
pub use nested::{Nested, NestedScores, RecipeScores};
pub use own_rows::{OwnLook, OwnRows};
pub use shuffled_target::{Probe, ShuffledTarget, Told};
