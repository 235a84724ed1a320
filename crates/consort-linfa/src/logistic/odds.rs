use std::ops::Range;

use crate::{
    dense::{ClassTarget, Training},
    descent::{Likelihood, sigmoid},
};

/// The log loss of a yes-or-no question, `ln(1 + e^−a)` with `a = z` for a row of the second class and `−z` else.
pub(super) struct Odds<'a> {
    pub(super) train: &'a Training<'a>,
    pub(super) target: &'a ClassTarget,
}

impl Likelihood for Odds<'_> {
    fn outputs(&self) -> usize {
        1
    }

    fn slopes(&self, rows: Range<usize>, scores: &mut [f64]) -> f64 {
        let mut loss = 0.0;
        for (z, i) in scores.iter_mut().zip(rows) {
            let weight = self.train.weight(i);
            let is_second = self.target.codes[i] == 1;
            let agreeing = if is_second { *z } else { -*z };
            // One exponential serves the loss and the slope, without overflow.
            let e = (-agreeing.abs()).exp();
            loss += weight * (e.ln_1p() + (-agreeing).max(0.0));
            let miss = if agreeing >= 0.0 { e / (1.0 + e) } else { 1.0 / (1.0 + e) };
            *z = if is_second { -weight * miss } else { weight * miss };
        }
        loss
    }

    fn curvatures(&self, rows: Range<usize>, scores: &mut [f64]) {
        for (z, i) in scores.iter_mut().zip(rows) {
            let p = sigmoid(*z);
            *z = self.train.weight(i) * p * (1.0 - p);
        }
    }
}
