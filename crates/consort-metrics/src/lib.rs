//! Scores, calibration, diversity, uncertainty and significance of predictions: arrays in, numbers out.

pub mod calibration;
pub mod classification;
pub mod diversity;
pub mod ranking;
pub mod regression;
pub mod significance;
pub mod uncertainty;
