use std::{ops::Range, sync::Arc};

use consort_core::{Error, Metric, Result, Truth};
use consort_metrics::regression::TweedieDeviance;
use serde::{Deserialize, Serialize};

use super::{super::exp::exp, Derivatives, Loss, pointwise};

/// Tweedie deviance with a power between 1 and 2 (Jørgensen 1987), for numbers of which many are 0, such as claims, with
/// the logarithm as link: `e^(score·(2−p)) / (2−p) − y · e^(score·(1−p)) / (1−p)`. The prediction is `e^score`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tweedie {
    /// The power p of the variance: 1 is Poisson's, 2 is gamma's.
    pub power: f64,
}

impl Default for Tweedie {
    fn default() -> Self {
        Self { power: 1.5 }
    }
}

const NAME: &str = "Tweedie loss";

#[typetag::serde(name = "tweedie")]
impl Loss for Tweedie {
    fn outputs(&self, truth: &Truth<'_>) -> Result<usize> {
        if !(self.power > 1.0 && self.power < 2.0) {
            return Err(Error::parameter("power", self.power, "above 1 and below 2"));
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
        let power = self.power;
        pointwise::gradients(NAME, rows, scores, truth, out, |score, y| {
            let (a, b) = (y * exp((1.0 - power) * score), exp((2.0 - power) * score));
            (b - a, (2.0 - power) * b - (1.0 - power) * a)
        })
    }

    fn predict(&self, scores: &[f64], out: &mut [f32]) {
        pointwise::exponentials(scores, out);
    }

    fn metric(&self) -> Arc<dyn Metric> {
        Arc::new(TweedieDeviance { power: self.power })
    }
}
