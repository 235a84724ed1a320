//! From predictions to the report, in one call.

mod curves;
mod from_predictions;
mod jackknife;
mod models;
mod subject;

pub use from_predictions::from_predictions;
pub use subject::{Selection, Subject};
