use std::{ops::Range, sync::Arc};

use consort_core::{Error, Metric, Result, Truth};
use consort_metrics::regression::PoissonDeviance;
use serde::{Deserialize, Serialize};

use super::{super::exp::exp, Derivatives, Loss, pointwise};

/// Poisson deviance of counts, with the logarithm as link: `e^score − y · score`. The prediction is `e^score`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Poisson {
    /// The greatest step of a score that the Hessian is made safe for: it is raised by `e^max_step`.
    pub max_step: f64,
}

impl Default for Poisson {
    fn default() -> Self {
        Self { max_step: 0.7 }
    }
}

const NAME: &str = "Poisson loss";

#[typetag::serde(name = "poisson")]
impl Loss for Poisson {
    fn outputs(&self, truth: &Truth<'_>) -> Result<usize> {
        if !(self.max_step.is_finite() && self.max_step >= 0.0) {
            return Err(Error::parameter("max_step", self.max_step, "finite and at least 0"));
        }
        pointwise::expect(NAME, truth, "numbers of at least 0", |y| y >= 0.0)?;
        Ok(truth.values(NAME)?.1)
    }

    fn base(&self, truth: &Truth<'_>) -> Result<Vec<f64>> {
        pointwise::log_means(NAME, truth)
    }

    fn gradients(
        &self,
        rows: Range<usize>,
        scores: &[&[f64]],
        truth: &Truth<'_>,
        out: &mut Derivatives<'_>,
    ) -> Result<()> {
        let factor = self.max_step.exp();
        pointwise::gradients(NAME, rows, scores, truth, out, |score, y| {
            let mean = exp(score);
            (mean - y, mean * factor)
        })
    }

    fn predict(&self, scores: &[f64], out: &mut [f32]) {
        pointwise::exponentials(scores, out);
    }

    fn metric(&self) -> Arc<dyn Metric> {
        Arc::new(PoissonDeviance)
    }
}
