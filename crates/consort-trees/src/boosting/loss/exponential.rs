use std::ops::Range;

use consort_core::{Gives, Result, Truth};
use serde::{Deserialize, Serialize};

use super::{
    super::exp::exp,
    Derivatives, Loss,
    two_classes::{codes, log_odds},
};

/// Exponential loss of two classes: `e^(−y · score)` with `y` 1 for the second class and −1 for the first: what AdaBoost
/// makes small (Friedman, Hastie and Tibshirani 2000).
///
/// Its best score is half the logarithm of the odds, so the second class has the probability `1 / (1 + e^(−2 score))`. It
/// pulls at rows that are far wrong without bound: where labels have errors, log loss is the better one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Exponential;

const BY: &str = "exponential loss";

#[typetag::serde(name = "exponential")]
impl Loss for Exponential {
    fn outputs(&self, truth: &Truth<'_>) -> Result<usize> {
        codes(truth, BY).map(|_| 1)
    }

    fn base(&self, truth: &Truth<'_>) -> Result<Vec<f64>> {
        Ok(vec![0.5 * log_odds(codes(truth, BY)?, truth)])
    }

    fn gradients(
        &self,
        rows: Range<usize>,
        scores: &[&[f64]],
        truth: &Truth<'_>,
        out: &mut Derivatives<'_>,
    ) -> Result<()> {
        let codes = &codes(truth, BY)?[rows.clone()];
        let (gradients, hessians) = (&mut *out.gradients[0], &mut *out.hessians[0]);
        for (j, ((&score, &code), (g, h))) in
            scores[0].iter().zip(codes).zip(gradients.iter_mut().zip(hessians)).enumerate()
        {
            let y = if code == 1 { 1.0 } else { -1.0 };
            let pull = truth.weight(rows.start + j) * exp(-y * score);
            *g = (-y * pull) as f32;
            *h = pull as f32;
        }
        Ok(())
    }

    fn predict(&self, scores: &[f64], out: &mut [f32]) {
        // Each of the score: what `1 − p` leaves of a small probability is rounding.
        out[0] = (1.0 / (1.0 + (2.0 * scores[0]).exp())) as f32;
        out[1] = (1.0 / (1.0 + (-2.0 * scores[0]).exp())) as f32;
    }

    fn columns(&self, _: usize) -> usize {
        2
    }

    fn gives(&self) -> Gives {
        Gives::Probabilities
    }
}
