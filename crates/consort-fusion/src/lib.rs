//! Fusion of predictions: rules, weights, selection, stacking, calibration, and the honest verdict on them.

pub mod calibrate;
pub mod rule;
pub mod select;
pub mod stack;
pub mod verdict;
pub mod weights;

mod saved;

pub use saved::SavedFusion;
