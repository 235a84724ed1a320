//! Fusion of predictions: rules, weights, selection, stacking, calibration, the honest verdict on them, and the diagnosis
//! of what is wrong.

pub mod calibrate;
pub mod diagnosis;
pub mod dynamic;
pub mod rule;
pub mod select;
pub mod stack;
pub mod verdict;
pub mod weights;

mod saved;

pub use saved::SavedFusion;
