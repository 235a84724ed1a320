use consort_core::{Real, Result, Score};
use serde::{Deserialize, Serialize};

use super::mean_of_rows::{MeanOfRows, mean_metric, score_slices};

/// The mean squared error of ln(1 + x). Undefined for numbers not above −1.
///
/// Σw(ln(1 + ŷ) − ln(1 + y))² / Σw. Several targets are averaged.
///
/// ```
/// use consort_metrics::regression::mean_squared_log_error;
/// let score = mean_squared_log_error(&[2.5, 0.0, 2.0, 8.0], &[3.0, 0.5, 2.0, 7.0], None)?.value().unwrap();
/// assert!((score - ((3.5f64 / 4.0).ln().powi(2) + 1.5f64.ln().powi(2) + (9.0f64 / 8.0).ln().powi(2)) / 4.0).abs() < 1e-9);
/// # Ok::<(), consort_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::Length`](consort_core::Error::Length) unless all are parallel,
/// [`Error::NotFinite`](consort_core::Error::NotFinite) naming the row.
pub fn mean_squared_log_error<T: Real>(estimates: &[T], truth: &[f64], weights: Option<&[f64]>) -> Result<Score> {
    score_slices(&MeanSquaredLogError, "msle", estimates, truth, weights)
}

/// The metric of [`mean_squared_log_error`].
///
/// ```
/// use consort_core::Metric;
/// assert_eq!(consort_metrics::regression::MeanSquaredLogError.name(), "msle");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct MeanSquaredLogError;

impl MeanOfRows for MeanSquaredLogError {
    fn terms(&self, estimate: f64, truth: f64) -> [f64; 2] {
        let error = estimate.ln_1p() - truth.ln_1p();
        [error * error, 1.0]
    }

    fn domain(&self) -> &'static str {
        "estimate and truth above -1"
    }
}

mean_metric!(MeanSquaredLogError, "msle", |_this| "msle".into());

/// The root of the mean squared error of ln(1 + x). Undefined for numbers not above −1.
///
/// √(Σw(ln(1 + ŷ) − ln(1 + y))² / Σw). Several targets are averaged.
///
/// ```
/// use consort_metrics::regression::root_mean_squared_log_error;
/// let score = root_mean_squared_log_error(&[1.0, 1.0], &[0.0, 1.0], None)?.value().unwrap();
/// assert!((score - (1.0f64 / 2.0).sqrt() * 2f64.ln()).abs() < 1e-9);
/// # Ok::<(), consort_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::Length`](consort_core::Error::Length) unless all are parallel,
/// [`Error::NotFinite`](consort_core::Error::NotFinite) naming the row.
pub fn root_mean_squared_log_error<T: Real>(estimates: &[T], truth: &[f64], weights: Option<&[f64]>) -> Result<Score> {
    score_slices(&RootMeanSquaredLogError, "rmsle", estimates, truth, weights)
}

/// The metric of [`root_mean_squared_log_error`].
///
/// ```
/// use consort_core::Metric;
/// assert_eq!(consort_metrics::regression::RootMeanSquaredLogError.name(), "rmsle");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RootMeanSquaredLogError;

impl MeanOfRows for RootMeanSquaredLogError {
    fn terms(&self, estimate: f64, truth: f64) -> [f64; 2] {
        let error = estimate.ln_1p() - truth.ln_1p();
        [error * error, 1.0]
    }

    fn of_mean(&self, mean: f64) -> f64 {
        mean.sqrt()
    }

    fn domain(&self) -> &'static str {
        "estimate and truth above -1"
    }
}

mean_metric!(RootMeanSquaredLogError, "rmsle", |_this| "rmsle".into());
