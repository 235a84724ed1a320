use consort_core::{Error, Real, Result, Score};
use serde::{Deserialize, Serialize};

use super::mean_of_rows::{MeanOfRows, mean_metric, score_slices};

/// The pinball loss of estimates of one quantile (Koenker and Bassett 1978), in units of the target.
///
/// Σw max(level·(y − ŷ), (level − 1)·(y − ŷ)) / Σw: least, in expectation, at the quantile of that level. Half the
/// absolute error at level 0.5. Several targets are averaged.
///
/// ```
/// use consort_metrics::regression::pinball;
/// assert_eq!(pinball(&[1.0, 4.0], &[3.0, 3.0], None, 0.75)?.value(), Some((1.5 + 0.25) / 2.0));
/// # Ok::<(), consort_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::Length`] unless all are parallel, [`Error::NotFinite`] naming the row, [`Error::Parameter`] unless the
/// level is from 0 to 1.
pub fn pinball<T: Real>(estimates: &[T], truth: &[f64], weights: Option<&[f64]>, level: f64) -> Result<Score> {
    score_slices(&Pinball { level }, "pinball", estimates, truth, weights)
}

/// What a row adds to a pinball loss.
pub(super) fn pinball_of(estimate: f64, truth: f64, level: f64) -> f64 {
    let under = truth - estimate;
    if under >= 0.0 { level * under } else { (level - 1.0) * under }
}

/// The metric of [`pinball`], for regression targets. For predicted quantiles see
/// [`QuantilePinball`](super::QuantilePinball).
///
/// ```
/// use consort_core::Metric;
/// assert_eq!(consort_metrics::regression::Pinball { level: 0.9 }.name(), "pinball_0.9");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Pinball {
    /// The level of the quantile, in [0, 1].
    pub level: f64,
}

impl Default for Pinball {
    /// The median.
    fn default() -> Self {
        Self { level: 0.5 }
    }
}

impl MeanOfRows for Pinball {
    fn terms(&self, estimate: f64, truth: f64) -> [f64; 2] {
        [pinball_of(estimate, truth, self.level), 1.0]
    }

    fn check(&self) -> Result<()> {
        if (0.0..=1.0).contains(&self.level) {
            return Ok(());
        }
        Err(Error::parameter("level", self.level, "from 0 to 1"))
    }
}

mean_metric!(Pinball, "pinball", |this| format!("pinball_{}", this.level));
