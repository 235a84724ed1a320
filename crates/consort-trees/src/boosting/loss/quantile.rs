use std::{ops::Range, sync::Arc};

use consort_core::{Error, Metric, Result, Truth};
use consort_metrics::regression::Pinball;
use serde::{Deserialize, Serialize};

use super::{Derivatives, Loss, pointwise};

/// Pinball loss of a quantile (Koenker and Bassett 1978): `share · (y − score)` where the score is too small, and
/// `(1 − share) · (score − y)` where it is too great. A leaf takes the quantile of its errors.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Quantile {
    /// Which quantile: 0.9 is the value that nine of ten rows stay below.
    pub share: f64,
}

impl Default for Quantile {
    fn default() -> Self {
        Self { share: 0.5 }
    }
}

const NAME: &str = "quantile";

#[typetag::serde(name = "quantile")]
impl Loss for Quantile {
    fn outputs(&self, truth: &Truth<'_>) -> Result<usize> {
        if !(self.share > 0.0 && self.share < 1.0) {
            return Err(Error::parameter("share", self.share, "above 0 and below 1"));
        }
        Ok(truth.values(NAME)?.1)
    }

    fn base(&self, truth: &Truth<'_>) -> Result<Vec<f64>> {
        pointwise::quantiles(NAME, truth, self.share)
    }

    fn gradients(
        &self,
        rows: Range<usize>,
        scores: &[&[f64]],
        truth: &Truth<'_>,
        out: &mut Derivatives<'_>,
    ) -> Result<()> {
        let share = self.share;
        let slope = |score: f64, y: f64| {
            if score > y {
                1.0 - share
            } else if score < y {
                -share
            } else {
                0.0
            }
        };
        pointwise::gradients(NAME, rows, scores, truth, out, |score, y| (slope(score, y), 1.0))
    }

    fn leaf_value(&self, rows: &[u32], output: usize, scores: &[f64], truth: &Truth<'_>) -> Option<Result<f64>> {
        Some(pointwise::error_quantile(NAME, rows, output, scores, truth, self.share))
    }

    fn metric(&self) -> Arc<dyn Metric> {
        Arc::new(Pinball { level: self.share })
    }
}
