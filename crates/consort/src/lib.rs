//! The consort facade: the crates of the workspace under one name, by feature. It defines nothing.

pub use consort_core as core;
#[cfg(feature = "data")]
pub use consort_data as data;
pub use consort_fusion as fusion;
pub use consort_metrics as metrics;
#[cfg(feature = "plot")]
pub use consort_plot as plot;
#[cfg(feature = "trees")]
pub use consort_trees as trees;
