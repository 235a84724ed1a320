//! Whether probabilities mean what they say: calibration errors, reliability tables, the decomposition of the Brier score.
//!
//! [`ReliabilityTable`] bins the rows; all else is read off it. [`CalibrationError`] is the [`Metric`](consort_core::Metric):
//! expected (ECE), root mean square (RMSCE) or maximum (MCE), of the positive class, the top label or each class.

mod bins;
mod calibration_error;
mod logistic_recalibration;
mod murphy;
mod reliability_table;
mod view;

pub use bins::{Binning, Bins, Edge};
pub use calibration_error::{CalibrationError, Norm, classwise_ece, ece, mce, rmsce};
pub use logistic_recalibration::{LogisticRecalibration, logistic_recalibration};
pub use murphy::MurphyDecomposition;
pub use reliability_table::{ReliabilityBin, ReliabilityTable};
pub use view::Of;
