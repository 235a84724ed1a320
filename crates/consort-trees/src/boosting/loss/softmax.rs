use std::ops::Range;

use consort_core::{Gives, Result, Truth};
use serde::{Deserialize, Serialize};

use super::{super::exp::exp, Derivatives, Loss, two_classes::ABSENT};

/// Log loss of several classes: `−ln p` of the true class, with `p` the softmax of the scores.
///
/// The Hessian is its diagonal times `K / (K − 1)` (Friedman 2001).
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct Softmax;

#[typetag::serde(name = "softmax")]
impl Loss for Softmax {
    fn outputs(&self, truth: &Truth<'_>) -> Result<usize> {
        Ok(truth.classes("softmax")?.1.len())
    }

    fn base(&self, truth: &Truth<'_>) -> Result<Vec<f64>> {
        let (codes, classes) = truth.classes("softmax")?;
        let mut weights = vec![0.0; classes.len()];
        for (i, &code) in codes.iter().enumerate() {
            weights[code as usize] += truth.weight(i);
        }
        let total = truth.total_weight();
        let score = |weight: f64| if weight > 0.0 { (weight / total).max(1e-9).ln() } else { -ABSENT };
        Ok(weights.into_iter().map(score).collect())
    }

    fn gradients(
        &self,
        rows: Range<usize>,
        scores: &[&[f64]],
        truth: &Truth<'_>,
        out: &mut Derivatives<'_>,
    ) -> Result<()> {
        let (codes, classes) = truth.classes("softmax")?;
        let codes = &codes[rows.clone()];
        let factor = (classes.len() as f64 / (classes.len() as f64 - 1.0).max(1.0)) as f32;
        let mut most = vec![f64::NEG_INFINITY; rows.len()];
        for scores in scores {
            most.iter_mut().zip(*scores).for_each(|(most, &score)| *most = most.max(score));
        }
        let mut sums = vec![0.0f64; rows.len()];
        for (scores, out) in scores.iter().zip(&mut out.gradients) {
            pulp::Arch::new().dispatch(Exponentials { scores, most: &most, out, sums: &mut sums });
        }
        for k in 0..scores.len() {
            let outs = out.gradients[k].iter_mut().zip(&mut *out.hessians[k]);
            for (j, (((g, h), &sum), &code)) in outs.zip(&sums).zip(codes).enumerate() {
                let p = *g / sum as f32;
                let weight = truth.weight(rows.start + j) as f32;
                *g = weight * (p - f32::from(u8::from(code as usize == k)));
                *h = weight * factor * p * (1.0 - p);
            }
        }
        Ok(())
    }

    fn predict(&self, scores: &[f64], out: &mut [f32]) {
        let most = scores.iter().fold(f64::NEG_INFINITY, |most, &score| most.max(score));
        let sum: f64 = scores.iter().map(|score| (score - most).exp()).sum();
        for (out, score) in out.iter_mut().zip(scores) {
            *out = ((score - most).exp() / sum) as f32;
        }
    }

    fn gives(&self) -> Gives {
        Gives::Probabilities
    }
}

/// `e^(score − most)`, and the sum of it over the classes, in a form that compiles to wide instructions.
struct Exponentials<'a> {
    scores: &'a [f64],
    most: &'a [f64],
    out: &'a mut [f32],
    sums: &'a mut [f64],
}

impl pulp::NullaryFnOnce for Exponentials<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        for (((sum, &most), &score), out) in self.sums.iter_mut().zip(self.most).zip(self.scores).zip(self.out) {
            let e = exp(score - most);
            *out = e as f32;
            *sum += e;
        }
    }
}
