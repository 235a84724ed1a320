use std::ops::Range;

use crate::{
    dense::{ClassTarget, Training},
    descent::Likelihood,
};

/// The log loss of a softmax, `ln Σ_k e^z_k − z_y`; each row has its own greatest score taken off, so nothing overflows.
pub(super) struct Softmax<'a> {
    pub(super) train: &'a Training<'a>,
    pub(super) target: &'a ClassTarget,
}

impl Softmax<'_> {
    /// Turns scores `[output][row]` into probabilities, and gives the greatest score and the sum of each row.
    fn probabilities(&self, height: usize, scores: &mut [f64]) -> (Vec<f64>, Vec<f64>) {
        let mut tops = scores[..height].to_vec();
        for z in scores.chunks_exact(height).skip(1) {
            tops.iter_mut().zip(z).for_each(|(top, z)| *top = top.max(*z));
        }
        let mut sums = vec![0.0; height];
        for z in scores.chunks_exact_mut(height) {
            for ((z, top), sum) in z.iter_mut().zip(&tops).zip(&mut sums) {
                *z = (*z - top).exp();
                *sum += *z;
            }
        }
        for z in scores.chunks_exact_mut(height) {
            z.iter_mut().zip(&sums).for_each(|(z, sum)| *z /= sum);
        }
        (tops, sums)
    }
}

impl Likelihood for Softmax<'_> {
    fn outputs(&self) -> usize {
        self.target.present.len()
    }

    fn slopes(&self, rows: Range<usize>, scores: &mut [f64]) -> f64 {
        let height = rows.len();
        let own: Vec<f64> =
            rows.clone().enumerate().map(|(n, i)| scores[self.target.codes[i] as usize * height + n]).collect();
        let (tops, sums) = self.probabilities(height, scores);
        let mut loss = 0.0;
        for (n, i) in rows.clone().enumerate() {
            loss += self.train.weight(i) * (sums[n].ln() + tops[n] - own[n]);
            scores[self.target.codes[i] as usize * height + n] -= 1.0;
        }
        if let Some(weights) = &self.train.weights {
            for slopes in scores.chunks_exact_mut(height) {
                slopes.iter_mut().zip(&weights[rows.clone()]).for_each(|(slope, w)| *slope *= w);
            }
        }
        loss
    }

    fn curvatures(&self, rows: Range<usize>, scores: &mut [f64]) {
        let height = rows.len();
        self.probabilities(height, scores);
        for p in scores.chunks_exact_mut(height) {
            p.iter_mut().zip(rows.clone()).for_each(|(p, i)| *p = self.train.weight(i) * *p * (1.0 - *p));
        }
    }
}
