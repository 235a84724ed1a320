//! The consort facade: the crates of the workspace under one name, by feature. It defines nothing.

#[cfg(feature = "burn")]
pub use consort_burn as burn;
pub use consort_core as core;
#[cfg(feature = "data")]
pub use consort_data as data;
#[cfg(feature = "ensemble")]
pub use consort_ensemble as ensemble;
pub use consort_fusion as fusion;
#[cfg(feature = "kernels")]
pub use consort_kernels as kernels;
#[cfg(feature = "linfa")]
pub use consort_linfa as linfa;
pub use consort_metrics as metrics;
#[cfg(feature = "plot")]
pub use consort_plot as plot;
pub use consort_split as split;
#[cfg(feature = "trees")]
pub use consort_trees as trees;
