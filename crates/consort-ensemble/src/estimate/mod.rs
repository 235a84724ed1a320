//! What an estimate is worth.
//!
//! [`Nested`] scores whole recipes on rows that nothing of them saw. [`ShuffledTarget`] finds out whether an estimate sees
//! what it must not: without anything to learn it must fall to chance. [`findings`] says what about the data and the folds
//! makes an estimate too good.

mod findings;
mod nested;
mod shuffled_target;
mod telling;
mod twins;

pub use findings::{Finding, Kind, findings};
pub use nested::{Nested, NestedScores, RecipeScores};
pub use shuffled_target::{Probe, ShuffledTarget, Told};
