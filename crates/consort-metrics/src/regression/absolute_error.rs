use consort_core::{Real, Result, Score};
use serde::{Deserialize, Serialize};

use super::{
    mean_of_rows::{MeanOfRows, mean_metric, score_slices},
    median::Ordered,
    rows::{Rows, whole_metric},
};

/// The mean absolute error, in units of the target.
///
/// Σw|ŷ − y| / Σw. Several targets are averaged.
///
/// ```
/// use consort_metrics::regression::mean_absolute_error;
/// let score = mean_absolute_error(&[2.5, 0.0, 2.0, 8.0], &[3.0, 0.5, 2.0, 7.0], None)?;
/// assert_eq!(score.value(), Some(0.5));
/// # Ok::<(), consort_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::Length`](consort_core::Error::Length) unless all are parallel,
/// [`Error::NotFinite`](consort_core::Error::NotFinite) naming the row.
pub fn mean_absolute_error<T: Real>(estimates: &[T], truth: &[f64], weights: Option<&[f64]>) -> Result<Score> {
    score_slices(&MeanAbsoluteError, "mae", estimates, truth, weights)
}

/// The metric of [`mean_absolute_error`].
///
/// ```
/// use consort_core::Metric;
/// assert_eq!(consort_metrics::regression::MeanAbsoluteError.name(), "mae");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct MeanAbsoluteError;

impl MeanOfRows for MeanAbsoluteError {
    fn terms(&self, estimate: f64, truth: f64) -> [f64; 2] {
        [(estimate - truth).abs(), 1.0]
    }
}

mean_metric!(MeanAbsoluteError, "mae", |_this| "mae".into());

/// The median absolute error, in units of the target: a few wild rows do not move it.
///
/// With weights, the middle of the least and the greatest error that split the weight in halves; with equal weights
/// the usual median. Several targets are averaged. O(n log n).
///
/// ```
/// use consort_metrics::regression::median_absolute_error;
/// let score = median_absolute_error(&[1.0, 2.0, 100.0], &[1.5, 2.0, 3.0], None)?;
/// assert_eq!(score.value(), Some(0.5));
/// # Ok::<(), consort_core::Error>(())
/// ```
///
/// # Errors
/// As [`mean_absolute_error`].
pub fn median_absolute_error<T: Real>(estimates: &[T], truth: &[f64], weights: Option<&[f64]>) -> Result<Score> {
    median_of(&Rows::new(estimates, truth, weights, "median_absolute_error")?)
}

fn median_of<T: Real>(rows: &Rows<'_, T>) -> Result<Score> {
    let errors = rows.present().map(|(estimate, truth, weight)| ((estimate - truth).abs(), weight));
    Ok(Ordered::new(errors).map_or_else(|| Score::undefined("there is no row"), |ordered| ordered.quantile(0.5).into()))
}

/// The metric of [`median_absolute_error`].
///
/// ```
/// use consort_core::Metric;
/// assert_eq!(consort_metrics::regression::MedianAbsoluteError.name(), "median_absolute_error");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct MedianAbsoluteError;

whole_metric!(
    MedianAbsoluteError,
    "median_absolute_error",
    Lower,
    Value,
    (0.0, f64::INFINITY),
    |_this| "median_absolute_error".into(),
    |rows| median_of(&rows)
);
