//! Ensembles of nets, trained in the ways that only nets allow.
//!
//! Each method is a learner; [`DeepEnsemble::train`] gives its members and their predictions, for any fusion,
//! selection or chart.

mod adversarial;
mod bagging;
mod batch_ensemble;
mod boosting;
mod deep_ensemble;
mod fast_geometric;
mod independent;
mod joint;
mod mc_dropout;
mod negative_correlation;
mod net_ensemble;
mod parallel;
mod snapshot;
mod soft_boosting;
mod soup;
mod stretch;
mod weight_averaging;

pub use adversarial::Adversarial;
pub use bagging::Bagging;
pub use batch_ensemble::BatchEnsemble;
pub use boosting::Boosting;
pub use deep_ensemble::DeepEnsemble;
pub use fast_geometric::FastGeometric;
pub use independent::{Independent, Packing};
pub use joint::Joint;
pub use mc_dropout::McDropout;
pub use negative_correlation::NegativeCorrelation;
pub use net_ensemble::{Combine, NetEnsemble};
pub use snapshot::Snapshot;
pub use soft_boosting::SoftBoosting;
pub use soup::{Recipe, Soup};
pub use weight_averaging::WeightAveraging;
