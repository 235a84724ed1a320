use std::{ops::Range, sync::Arc};

use consort_core::{Gives, Metric, Result, Truth};
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
        Ok(pointwise::means(NAME, truth)?.into_iter().map(|mean| mean.max(1e-9).ln()).collect())
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
        for (out, &score) in out.iter_mut().zip(scores) {
            *out = score.exp() as f32;
        }
    }

    fn columns(&self, outputs: usize) -> usize {
        outputs
    }

    fn gives(&self) -> Gives {
        Gives::Values
    }

    fn metric(&self) -> Arc<dyn Metric> {
        Arc::new(GammaDeviance)
    }
}
