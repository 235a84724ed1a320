use consort_core::{Real, Result, Score};
use serde::{Deserialize, Serialize};

use super::mean_of_rows::{MeanOfRows, mean_metric, score_slices};

/// The mean of estimate minus truth, in units of the target: above 0, the estimates say too much.
///
/// Σw(ŷ − y) / Σw.
///
/// ```
/// use consort_metrics::regression::mean_bias;
/// assert_eq!(mean_bias(&[2.0, 3.0], &[1.0, 1.0], None)?.value(), Some(1.5));
/// # Ok::<(), consort_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::Length`](consort_core::Error::Length) unless all are parallel,
/// [`Error::NotFinite`](consort_core::Error::NotFinite) naming the row.
pub fn mean_bias<T: Real>(estimates: &[T], truth: &[f64], weights: Option<&[f64]>) -> Result<Score> {
    score_slices(&Signed, "mean_bias", estimates, truth, weights)
}

#[derive(Debug, Clone, Copy)]
struct Signed;

impl MeanOfRows for Signed {
    fn terms(&self, estimate: f64, truth: f64) -> [f64; 2] {
        [estimate - truth, 1.0]
    }
}

/// The size of the [`mean_bias`], whichever its sign: a metric must know which way is better.
///
/// ```
/// use consort_core::Metric;
/// assert_eq!(consort_metrics::regression::AbsoluteBias.name(), "absolute_bias");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AbsoluteBias;

impl MeanOfRows for AbsoluteBias {
    fn terms(&self, estimate: f64, truth: f64) -> [f64; 2] {
        Signed.terms(estimate, truth)
    }

    fn of_mean(&self, mean: f64) -> f64 {
        mean.abs()
    }
}

mean_metric!(AbsoluteBias, "absolute_bias", |_this| "absolute_bias".into());
