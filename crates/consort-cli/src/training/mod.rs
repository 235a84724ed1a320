//! From a table to a fitted ensemble: what `fit` is asked, as plain data, and how it is done.

mod bars;
mod method;
mod plan;
mod time_limit;

pub(crate) use bars::Bars;
pub(crate) use method::{fuser, stacking};
pub(crate) use plan::{FORMAT, Plan, splitter};
pub(crate) use time_limit::time_limit;
