use std::ops::Range;

use consort_core::{Gives, Result, Truth};
use serde::{Deserialize, Serialize};

use super::{
    super::exp::exp,
    Derivatives, Loss,
    two_classes::{codes, log_odds},
};

/// Log loss of two classes: `−ln p` of the true class, with `p = 1 / (1 + e^−score)` for the second class.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct LogLoss;

const BY: &str = "log loss";

#[typetag::serde(name = "log")]
impl Loss for LogLoss {
    fn outputs(&self, truth: &Truth<'_>) -> Result<usize> {
        codes(truth, BY).map(|_| 1)
    }

    fn base(&self, truth: &Truth<'_>) -> Result<Vec<f64>> {
        Ok(vec![log_odds(codes(truth, BY)?, truth)])
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
        pulp::Arch::new().dispatch(Slopes { scores: scores[0], codes, gradients, hessians });
        if let Some(weights) = truth.weights() {
            for ((g, h), &weight) in gradients.iter_mut().zip(hessians).zip(&weights[rows]) {
                *g *= weight as f32;
                *h *= weight as f32;
            }
        }
        Ok(())
    }

    fn predict(&self, scores: &[f64], out: &mut [f32]) {
        // Each of the score: what `1 − p` leaves of a small probability is rounding.
        out[0] = (1.0 / (1.0 + scores[0].exp())) as f32;
        out[1] = (1.0 / (1.0 + (-scores[0]).exp())) as f32;
    }

    fn columns(&self, _: usize) -> usize {
        2
    }

    fn gives(&self) -> Gives {
        Gives::Probabilities
    }
}

/// `p − y` and `p · (1 − p)`, in a form that compiles to wide instructions.
struct Slopes<'a> {
    scores: &'a [f64],
    codes: &'a [u32],
    gradients: &'a mut [f32],
    hessians: &'a mut [f32],
}

impl pulp::NullaryFnOnce for Slopes<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let derivatives = self.gradients.iter_mut().zip(self.hessians);
        for ((&score, &code), (g, h)) in self.scores.iter().zip(self.codes).zip(derivatives) {
            let p = 1.0 / (1.0 + exp(-score));
            // There are two classes: the sign bit is not needed.
            *g = (p - f64::from(code as i32)) as f32;
            *h = (p * (1.0 - p)) as f32;
        }
    }
}
