use std::{ops::Range, sync::Arc};

use consort_core::{Metric, Result, Truth};
use consort_metrics::regression::MeanAbsoluteError;
use serde::{Deserialize, Serialize};

use super::{Derivatives, Loss, pointwise};

/// Absolute error: `|score − y|`. A leaf takes the median of its errors (Friedman 2001), since the Hessian says nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]

pub struct Absolute;

const NAME: &str = "absolute error";

#[typetag::serde(name = "absolute")]
impl Loss for Absolute {
    fn outputs(&self, truth: &Truth<'_>) -> Result<usize> {
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
        pointwise::gradients(NAME, rows, scores, truth, out, |score, y| (sign(score - y), 1.0))
    }

    fn leaf_value(&self, rows: &[u32], output: usize, scores: &[f64], truth: &Truth<'_>) -> Option<Result<f64>> {
        Some(pointwise::error_quantile(NAME, rows, output, scores, truth, 0.5))
    }

    fn metric(&self) -> Arc<dyn Metric> {
        Arc::new(MeanAbsoluteError)
    }
}

/// −1, 0 or 1: a row that is met pulls nowhere.
fn sign(x: f64) -> f64 {
    if x > 0.0 {
        1.0
    } else if x < 0.0 {
        -1.0
    } else {
        0.0
    }
}
