//! Whether a difference is more than luck.

mod bootstrap;
mod replicates;
mod resampling;
mod row_scores;
mod wilson;

pub use bootstrap::{Bootstrap, IntervalKind, bootstrap, paired_bootstrap};
pub use replicates::{Difference, Interval, Replicates};
pub use resampling::Resampling;
pub use wilson::wilson_interval;
