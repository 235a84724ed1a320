//! Gradient boosting of trees.

mod exp;
mod gradient_boosting;
pub mod loss;
mod model;

pub use gradient_boosting::GradientBoosting;
pub use model::BoostedTrees;
