use std::{ops::Range, sync::Arc};

use consort_core::{Metric, Result, Truth};
use consort_metrics::regression::GammaDeviance;
use serde::{Deserialize, Serialize};

use super::{super::exp::exp, Derivatives, Loss, pointwise};

/// Gamma deviance of positive numbers, with the logarithm as link: `score + y · e^−score`. The prediction is `e^score`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]

pub struct Gamma;

const NAME: &str = "gamma loss";

#[typetag::serde(name = "gamma")]
impl Loss for Gamma {
    fn outputs(&self, truth: &Truth<'_>) -> Result<usize> {
        pointwise::expect(NAME, truth, "numbers above 0", |y| y > 0.0)?;
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
        pointwise::gradients(NAME, rows, scores, truth, out, |score, y| {
            let ratio = y * exp(-score);
            (1.0 - ratio, ratio)
        })
    }

    fn predict(&self, scores: &[f64], out: &mut [f32]) {
        pointwise::exponentials(scores, out);
    }

    fn metric(&self) -> Arc<dyn Metric> {
        Arc::new(GammaDeviance)
    }
}
