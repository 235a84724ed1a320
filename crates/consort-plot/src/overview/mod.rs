//! From predictions to the report, in one call.

mod contributions;
mod curves;
mod diversity;
mod from_predictions;
mod models;
mod part;
mod quality;
mod rows;
mod subject;

pub use from_predictions::from_predictions;
pub use subject::{Selection, Subject};

/// How sure all intervals of the report are meant to be.
const LEVEL: f64 = 0.95;
/// The most rows that intervals of scores are computed from.
const INTERVAL_ROWS: usize = 60_000;
