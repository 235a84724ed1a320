//! Predictions from the training rows that are nearest.

mod k_nearest;
mod k_nearest_model;

pub use consort_neighbours::Distance;
pub use k_nearest::{KNearest, Votes};
pub use k_nearest_model::KNearestModel;
