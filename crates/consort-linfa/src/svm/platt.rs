use serde::{Deserialize, Serialize};

use crate::descent::sigmoid;

/// A curve from scores to probabilities, `1 / (1 + e^(a f + b))` (Platt 1999).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Platt {
    a: f64,
    b: f64,
}

impl Platt {
    /// The curve that is most likely, targets drawn in by one row a class so that no probability is 0 or 1.
    ///
    /// Newton's method with a search along each step (Lin, Lin, Weng 2007).
    pub(super) fn fit(scores: &[f64], is_own: &[bool], weights: &[f64]) -> Self {
        let sum = |own: bool| is_own.iter().zip(weights).filter(|(o, _)| **o == own).map(|(_, w)| w).sum::<f64>();
        let (yes, no) = (sum(true), sum(false));
        let (high, low) = ((yes + 1.0) / (yes + 2.0), 1.0 / (no + 2.0));
        let target = |i: usize| if is_own[i] { high } else { low };
        let loss = |a: f64, b: f64| -> f64 {
            (0..scores.len())
                .map(|i| {
                    let z = a * scores[i] + b;
                    let above = if z >= 0.0 { target(i) * z } else { (target(i) - 1.0) * z };
                    weights[i] * (above + (-z.abs()).exp().ln_1p())
                })
                .sum()
        };
        let (mut a, mut b) = (0.0, ((no + 1.0) / (yes + 1.0)).ln());
        let mut value = loss(a, b);
        for _ in 0..100 {
            let (mut h11, mut h22, mut h21, mut g1, mut g2) = (1e-12, 1e-12, 0.0, 0.0, 0.0);
            for (i, &f) in scores.iter().enumerate() {
                let p = sigmoid(-(a * f + b));
                let (curve, slope) = (weights[i] * p * (1.0 - p), weights[i] * (target(i) - p));
                h11 += f * f * curve;
                h22 += curve;
                h21 += f * curve;
                g1 += f * slope;
                g2 += slope;
            }
            if g1.abs() < 1e-8 && g2.abs() < 1e-8 {
                break;
            }
            let det = h11 * h22 - h21 * h21;
            let (da, db) = (-(h22 * g1 - h21 * g2) / det, -(h11 * g2 - h21 * g1) / det);
            let slope = g1 * da + g2 * db;
            let mut step = 1.0;
            loop {
                let moved = loss(a + step * da, b + step * db);
                if moved < value + 1e-4 * step * slope {
                    (a, b, value) = (a + step * da, b + step * db, moved);
                    break;
                }
                step *= 0.5;
                if step < 1e-10 {
                    return Self { a, b };
                }
            }
        }
        Self { a, b }
    }

    pub(super) fn probability(self, score: f64) -> f64 {
        sigmoid(-(self.a * score + self.b))
    }
}
