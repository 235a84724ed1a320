use std::{ops::Range, sync::Arc};

use consort_core::{Metric, Result, Truth};
use consort_metrics::regression::RootMeanSquaredError;
use serde::{Deserialize, Serialize};

use super::{Derivatives, Loss, pointwise};

/// Squared error: `(score − y)² / 2`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]

pub struct Squared;

const NAME: &str = "squared error";

#[typetag::serde(name = "squared")]
impl Loss for Squared {
    fn outputs(&self, truth: &Truth<'_>) -> Result<usize> {
        Ok(truth.values(NAME)?.1)
    }

    fn base(&self, truth: &Truth<'_>) -> Result<Vec<f64>> {
        pointwise::means(NAME, truth)
    }

    fn gradients(
        &self,
        rows: Range<usize>,
        scores: &[&[f64]],
        truth: &Truth<'_>,
        out: &mut Derivatives<'_>,
    ) -> Result<()> {
        pointwise::gradients(NAME, rows, scores, truth, out, |score, y| (score - y, 1.0))
    }

    fn metric(&self) -> Arc<dyn Metric> {
        Arc::new(RootMeanSquaredError)
    }
}
