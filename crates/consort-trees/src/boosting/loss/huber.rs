use std::{ops::Range, sync::Arc};

use consort_core::{Error, Metric, Result, Truth};
use consort_metrics::regression::Huber as HuberMetric;
use serde::{Deserialize, Serialize};

use super::{Derivatives, Loss, pointwise};

/// Huber's loss (1964): squared error up to `delta`, beyond it a line: outliers pull with the strength of `delta` only.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Huber {
    /// From which error on the loss is a line, in the unit of the target.
    pub delta: f64,
}

impl Default for Huber {
    fn default() -> Self {
        Self { delta: 1.0 }
    }
}

const NAME: &str = "Huber loss";

#[typetag::serde(name = "huber")]
impl Loss for Huber {
    fn outputs(&self, truth: &Truth<'_>) -> Result<usize> {
        if !(self.delta.is_finite() && self.delta > 0.0) {
            return Err(Error::parameter("delta", self.delta, "finite and above 0"));
        }
        Ok(truth.values(NAME)?.1)
    }

    fn base(&self, truth: &Truth<'_>) -> Result<Vec<f64>> {
        pointwise::quantiles(NAME, truth, 0.5)
    }

    fn gradients(
        &self,
        rows: Range<usize>,
        scores: &[&[f64]],
        truth: &Truth<'_>,
        out: &mut Derivatives<'_>,
    ) -> Result<()> {
        let delta = self.delta;
        pointwise::gradients(NAME, rows, scores, truth, out, |score, y| ((score - y).clamp(-delta, delta), 1.0))
    }

    fn metric(&self) -> Arc<dyn Metric> {
        Arc::new(HuberMetric { delta: self.delta })
    }
}
