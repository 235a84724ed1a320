//! Maps fitted after a fusion, so that probabilities mean what they say.

mod beta;
mod calibrated;
mod calibrator;
mod columns;
mod isotonic;
mod logistic_curve;
mod platt;
mod temperature;
mod vector_scaling;
mod venn_abers;

pub use beta::{Beta, BetaCurves};
pub use calibrated::{Calibrated, CalibratedFusion};
pub use calibrator::{Calibration, Calibrator};
pub use isotonic::{Isotonic, IsotonicCurve, IsotonicCurves};
pub use platt::{Platt, PlattCurves};
pub use temperature::{SmoothedTemperature, Temperature, TemperatureScale};
pub use vector_scaling::{VectorScale, VectorScaling};
pub use venn_abers::{VennAbers, VennAbersCurve, VennAbersCurves};
