use std::ops::Range;

use consort_core::{Gives, Result, Truth};
use serde::{Deserialize, Serialize};

use super::{Derivatives, Loss};

/// Squared error: `(score − y)² / 2`.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct Squared;

#[typetag::serde(name = "squared")]
impl Loss for Squared {
    fn outputs(&self, truth: &Truth<'_>) -> Result<usize> {
        Ok(truth.values("squared error")?.1)
    }

    fn base(&self, truth: &Truth<'_>) -> Result<Vec<f64>> {
        let (values, targets) = truth.values("squared error")?;
        let total = truth.total_weight();
        Ok((0..targets)
            .map(|k| (0..truth.rows()).map(|i| truth.weight(i) * values[i * targets + k]).sum::<f64>() / total)
            .collect())
    }

    fn gradients(
        &self,
        rows: Range<usize>,
        scores: &[&[f64]],
        truth: &Truth<'_>,
        out: &mut Derivatives<'_>,
    ) -> Result<()> {
        let (values, targets) = truth.values("squared error")?;
        for (k, scores) in scores.iter().enumerate() {
            let values = values[rows.start * targets..].iter().skip(k).step_by(targets);
            for (j, (&score, &value)) in scores.iter().zip(values).enumerate() {
                let weight = truth.weight(rows.start + j);
                out.gradients[k][j] = (weight * (score - value)) as f32;
                out.hessians[k][j] = weight as f32;
            }
        }
        Ok(())
    }

    fn predict(&self, scores: &[f64], out: &mut [f32]) {
        for (out, &score) in out.iter_mut().zip(scores) {
            *out = score as f32;
        }
    }

    fn columns(&self, outputs: usize) -> usize {
        outputs
    }

    fn gives(&self) -> Gives {
        Gives::Values
    }
}
