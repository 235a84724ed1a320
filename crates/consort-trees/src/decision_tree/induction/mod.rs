//! Top-down induction of a tree (Quinlan 1986; Breiman and others 1984): for each node the best of some splits, on the
//! counts of classes or the sums of targets.

mod absolute;
mod categories;
mod class_counts;
mod columns;
mod cut;
mod driver;
mod grower;
mod objective;
mod poisson;
mod random_cut;
mod search;
mod tally;
mod target_sums;

pub(crate) use driver::{Induction, Split};
pub(crate) use grower::{Grown, Plan};
