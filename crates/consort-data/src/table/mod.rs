//! Tables: from a file with a target column to a [`Dataset`](consort_core::Dataset).
//!
//! [`read`] takes a file into memory, [`Schema::infer`] judges what its columns are, and [`Schema::dataset`] makes the data
//! set of it, or of any later table with the same columns. The schema is data: it is saved with a run.

mod apply;
mod calendar;
mod column;
mod dates;
mod feature;
mod leak;
mod local_number;
mod missing_values;
mod options;
mod read;
mod resolution;
mod roles;
mod schema;
mod set_aside;
mod summary;
mod target;

pub use crate::date::DateFormat;
pub use apply::Applied;
pub use calendar::Part;
pub use column::{Column, Kind};
pub use feature::Plan;
pub use missing_values::MissingValues;
pub use options::{Infinite, MissingTarget, SchemaOptions};
pub use read::{Table, read, read_source, read_with};
pub use roles::Roles;
pub use schema::{Planned, Schema};
pub use set_aside::{SetAside, Why};
pub use summary::{ColumnSummary, in_words, summary};
pub(crate) use target::few_numbers;
