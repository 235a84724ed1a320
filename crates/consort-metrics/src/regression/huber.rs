use consort_core::{Error, Real, Result, Score};
use serde::{Deserialize, Serialize};

use super::mean_of_rows::{MeanOfRows, mean_metric, score_slices};

/// Huber's loss: squared for small errors, absolute for great ones (Huber 1964).
///
/// Mean of e²/2 where |e| ≤ δ, and δ(|e| − δ/2) beyond, e = ŷ − y. Several targets are averaged.
///
/// ```
/// use consort_metrics::regression::huber;
/// assert_eq!(huber(&[1.5, 4.0], &[1.0, 1.0], None, 1.0)?.value(), Some((0.125 + 2.5) / 2.0));
/// # Ok::<(), consort_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::Length`] unless all are parallel, [`Error::NotFinite`] naming the row, [`Error::Parameter`] unless δ is
/// above 0.
pub fn huber<T: Real>(estimates: &[T], truth: &[f64], weights: Option<&[f64]>, delta: f64) -> Result<Score> {
    score_slices(&Huber { delta }, "huber", estimates, truth, weights)
}

/// The metric of [`huber`].
///
/// ```
/// use consort_core::Metric;
/// assert_eq!(consort_metrics::regression::Huber { delta: 1.0 }.name(), "huber_1");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Huber {
    /// The error δ from which on the loss is linear, in units of the target, above 0.
    pub delta: f64,
}

impl Default for Huber {
    /// δ = 1.
    fn default() -> Self {
        Self { delta: 1.0 }
    }
}

impl MeanOfRows for Huber {
    fn terms(&self, estimate: f64, truth: f64) -> [f64; 2] {
        let error = (estimate - truth).abs();
        let loss = if error <= self.delta { 0.5 * error * error } else { self.delta * (error - 0.5 * self.delta) };
        [loss, 1.0]
    }

    fn check(&self) -> Result<()> {
        if self.delta > 0.0 && self.delta.is_finite() {
            return Ok(());
        }
        Err(Error::parameter("delta", self.delta, "above 0"))
    }
}

mean_metric!(Huber, "huber", |this| format!("huber_{}", this.delta));
