//! Predictions from the training rows that are nearest.

mod distance;
mod k_nearest;
mod k_nearest_model;
mod nearest;
mod search;

pub use distance::Distance;
pub use k_nearest::{KNearest, Votes};
pub use k_nearest_model::KNearestModel;
