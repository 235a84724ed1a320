//! From a table to a fitted ensemble: what `fit` is asked, as plain data, how it is done, and what is left of it.

mod bars;
mod done;
mod foreign;
mod found;
mod method;
#[cfg(feature = "nets")]
mod nets;
mod outcome;
mod own_scores;
mod pictures;
mod plan;
mod probe;
mod recipe;
mod rows_of;
mod run_state;
mod tested_rows;
mod time_limit;

pub(crate) use bars::Bars;
pub(crate) use done::Done;
pub(crate) use foreign::foreign_predictions;
pub(crate) use found::Found;
pub(crate) use method::{fuser, members, metric, refuse_folds, stacking, usual_draws};
pub(crate) use outcome::{Outcome, write_ensemble};
pub(crate) use own_scores::{Fits, score_own_rows, table_of};
pub(crate) use pictures::{CLASS, Pictures, are_pictures};
pub(crate) use plan::{FORMAT, MOST_LAYERS, Plan, splitter, usual_folds};
pub(crate) use probe::Probed;
pub(crate) use recipe::Recipe;
pub(crate) use rows_of::{Prepared, RowsOf};
pub(crate) use run_state::RunState;
pub(crate) use tested_rows::{TestedRows, style, write_split};
pub(crate) use time_limit::time_limit;
