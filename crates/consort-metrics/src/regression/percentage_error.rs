use consort_core::{Real, Result, Score};
use serde::{Deserialize, Serialize};

use super::mean_of_rows::{MeanOfRows, mean_metric, score_slices};

/// The mean absolute error in shares of the truth (0.1 is 10 %). A truth of 0 counts as 2.2e-16, as in scikit-learn.
///
/// Σw |ŷ − y| / max(|y|, ε) / Σw. Several targets are averaged.
///
/// ```
/// use consort_metrics::regression::mean_absolute_percentage_error;
/// let score = mean_absolute_percentage_error(&[1.0, 5.0], &[1.0, 4.0], None)?.value().unwrap();
/// assert!((score - 0.125).abs() < 1e-9);
/// # Ok::<(), consort_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::Length`](consort_core::Error::Length) unless all are parallel,
/// [`Error::NotFinite`](consort_core::Error::NotFinite) naming the row.
pub fn mean_absolute_percentage_error<T: Real>(
    estimates: &[T],
    truth: &[f64],
    weights: Option<&[f64]>,
) -> Result<Score> {
    score_slices(&MeanAbsolutePercentageError, "mape", estimates, truth, weights)
}

/// The metric of [`mean_absolute_percentage_error`].
///
/// ```
/// use consort_core::Metric;
/// assert_eq!(consort_metrics::regression::MeanAbsolutePercentageError.name(), "mape");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct MeanAbsolutePercentageError;

impl MeanOfRows for MeanAbsolutePercentageError {
    fn terms(&self, estimate: f64, truth: f64) -> [f64; 2] {
        [(estimate - truth).abs() / truth.abs().max(f64::EPSILON), 1.0]
    }
}

mean_metric!(MeanAbsolutePercentageError, "mape", |_this| "mape".into());

/// The symmetric mean absolute percentage error, in [0, 2]. A row where both are 0 adds 0.
///
/// Σw 2|ŷ − y| / (|ŷ| + |y|) / Σw. Several targets are averaged.
///
/// ```
/// use consort_metrics::regression::symmetric_percentage_error;
/// let score = symmetric_percentage_error(&[1.0, 5.0], &[1.0, 3.0], None)?.value().unwrap();
/// assert!((score - 0.25).abs() < 1e-9);
/// # Ok::<(), consort_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::Length`](consort_core::Error::Length) unless all are parallel,
/// [`Error::NotFinite`](consort_core::Error::NotFinite) naming the row.
pub fn symmetric_percentage_error<T: Real>(estimates: &[T], truth: &[f64], weights: Option<&[f64]>) -> Result<Score> {
    score_slices(&SymmetricPercentageError, "smape", estimates, truth, weights)
}

/// The metric of [`symmetric_percentage_error`].
///
/// ```
/// use consort_core::Metric;
/// assert_eq!(consort_metrics::regression::SymmetricPercentageError.name(), "smape");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SymmetricPercentageError;

impl MeanOfRows for SymmetricPercentageError {
    fn range(&self) -> (f64, f64) {
        (0.0, 2.0)
    }

    fn terms(&self, estimate: f64, truth: f64) -> [f64; 2] {
        let size = estimate.abs() + truth.abs();
        let error = 2.0 * (estimate - truth).abs();
        [if size == 0.0 { 0.0 } else { error / size }, 1.0]
    }
}

mean_metric!(SymmetricPercentageError, "smape", |_this| "smape".into());

/// The sum of absolute errors in shares of the sum of the truth. Undefined if the truth is 0 throughout.
///
/// Σw|ŷ − y| / Σw|y|. Several targets are averaged.
///
/// ```
/// use consort_metrics::regression::weighted_percentage_error;
/// let score = weighted_percentage_error(&[1.0, 5.0], &[1.0, 3.0], None)?.value().unwrap();
/// assert!((score - 0.5).abs() < 1e-9);
/// # Ok::<(), consort_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::Length`](consort_core::Error::Length) unless all are parallel,
/// [`Error::NotFinite`](consort_core::Error::NotFinite) naming the row.
pub fn weighted_percentage_error<T: Real>(estimates: &[T], truth: &[f64], weights: Option<&[f64]>) -> Result<Score> {
    score_slices(&WeightedPercentageError, "wape", estimates, truth, weights)
}

/// The metric of [`weighted_percentage_error`].
///
/// ```
/// use consort_core::Metric;
/// assert_eq!(consort_metrics::regression::WeightedPercentageError.name(), "wape");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct WeightedPercentageError;

impl MeanOfRows for WeightedPercentageError {
    fn terms(&self, estimate: f64, truth: f64) -> [f64; 2] {
        [(estimate - truth).abs(), truth.abs()]
    }
}

mean_metric!(WeightedPercentageError, "wape", |_this| "wape".into());
