use std::ops::Range;

use crate::{dense::Training, descent::Likelihood};

/// Half the unit deviance of Tweedie's family under a logarithmic link, without what does not depend on the score:
/// `e^((2−p)z) / (2−p) − y e^((1−p)z) / (1−p)`, and its limits at `p = 1` and `p = 2`.
pub(super) struct Tweedie<'a> {
    pub(super) train: &'a Training<'a>,
    pub(super) values: &'a [f64],
    pub(super) power: f64,
}

impl Likelihood for Tweedie<'_> {
    fn outputs(&self) -> usize {
        1
    }

    fn slopes(&self, rows: Range<usize>, scores: &mut [f64]) -> f64 {
        let p = self.power;
        let mut loss = 0.0;
        for (z, i) in scores.iter_mut().zip(rows) {
            let (weight, y) = (self.train.weight(i), self.values[i]);
            let (first, second) = (((2.0 - p) * *z).exp(), ((1.0 - p) * *z).exp());
            let own = if p == 0.0 {
                0.5 * (y - first.sqrt()).powi(2)
            } else {
                let mean = if p == 2.0 { *z } else { first / (2.0 - p) };
                mean - if p == 1.0 { y * *z } else { y * second / (1.0 - p) }
            };
            loss += weight * own;
            *z = weight * (first - y * second);
        }
        loss
    }

    /// The expected curvature `μ^(2−p)`: unlike the observed one it is never negative.
    fn curvatures(&self, rows: Range<usize>, scores: &mut [f64]) {
        for (z, i) in scores.iter_mut().zip(rows) {
            *z = self.train.weight(i) * ((2.0 - self.power) * *z).exp();
        }
    }
}
