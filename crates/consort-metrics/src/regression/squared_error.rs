use consort_core::{Real, Result, Score};
use serde::{Deserialize, Serialize};

use super::mean_of_rows::{MeanOfRows, mean_metric, score_slices};

/// The mean squared error.
///
/// Σw(ŷ − y)² / Σw. Several targets are averaged.
///
/// ```
/// use consort_metrics::regression::mean_squared_error;
/// let score = mean_squared_error(&[2.5, 0.0, 2.0, 8.0], &[3.0, 0.5, 2.0, 7.0], None)?.value().unwrap();
/// assert!((score - 0.375).abs() < 1e-9);
/// # Ok::<(), consort_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::Length`](consort_core::Error::Length) unless all are parallel,
/// [`Error::NotFinite`](consort_core::Error::NotFinite) naming the row.
pub fn mean_squared_error<T: Real>(estimates: &[T], truth: &[f64], weights: Option<&[f64]>) -> Result<Score> {
    score_slices(&MeanSquaredError, "mse", estimates, truth, weights)
}

/// The metric of [`mean_squared_error`].
///
/// ```
/// use consort_core::Metric;
/// assert_eq!(consort_metrics::regression::MeanSquaredError.name(), "mse");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct MeanSquaredError;

impl MeanOfRows for MeanSquaredError {
    fn terms(&self, estimate: f64, truth: f64) -> [f64; 2] {
        [(estimate - truth) * (estimate - truth), 1.0]
    }
}

mean_metric!(MeanSquaredError, "mse", |_this| "mse".into());

/// The root of the mean squared error, in units of the target.
///
/// √(Σw(ŷ − y)² / Σw). Several targets are averaged.
///
/// ```
/// use consort_metrics::regression::root_mean_squared_error;
/// let score = root_mean_squared_error(&[2.5, 0.0, 2.0, 8.0], &[3.0, 0.5, 2.0, 7.0], None)?.value().unwrap();
/// assert!((score - 0.375f64.sqrt()).abs() < 1e-9);
/// # Ok::<(), consort_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::Length`](consort_core::Error::Length) unless all are parallel,
/// [`Error::NotFinite`](consort_core::Error::NotFinite) naming the row.
pub fn root_mean_squared_error<T: Real>(estimates: &[T], truth: &[f64], weights: Option<&[f64]>) -> Result<Score> {
    score_slices(&RootMeanSquaredError, "rmse", estimates, truth, weights)
}

/// The metric of [`root_mean_squared_error`].
///
/// ```
/// use consort_core::Metric;
/// assert_eq!(consort_metrics::regression::RootMeanSquaredError.name(), "rmse");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RootMeanSquaredError;

impl MeanOfRows for RootMeanSquaredError {
    fn terms(&self, estimate: f64, truth: f64) -> [f64; 2] {
        [(estimate - truth) * (estimate - truth), 1.0]
    }

    fn of_mean(&self, mean: f64) -> f64 {
        mean.sqrt()
    }
}

mean_metric!(RootMeanSquaredError, "rmse", |_this| "rmse".into());
