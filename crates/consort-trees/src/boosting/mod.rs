//! Gradient boosting of trees.

mod early_stopping;
mod exp;
mod fitting;
mod gradient_boosting;
pub mod loss;
mod model;
mod sampling;
mod snapshots;

pub use early_stopping::{EarlyStopping, HeldOut, Watch};
pub use gradient_boosting::GradientBoosting;
pub use model::BoostedTrees;
pub use sampling::{RowSample, RowSampling};
pub use snapshots::snapshots_of;
