use std::ops::Range;

use consort_core::Predictions;
use faer::{Accum, ColMut, Mat, MatMut, MatRef, Par, Side, linalg::matmul::matmul, linalg::solvers::Solve};

use super::MetaInputs;
use crate::weights::{
    gram::{CHUNK, gram},
    ordered_sum::ordered_sum,
};

/// One logistic regression: a yes-or-no question on one column, or a softmax over all columns.
pub(super) struct LogisticLoss<'a> {
    pub(super) predictions: &'a Predictions,
    /// One weight a row.
    pub(super) weights: &'a [f64],
    pub(super) inputs: MetaInputs,
    /// Which columns of each member are features.
    pub(super) columns: Range<usize>,
    /// 1 for a yes-or-no question, the number of classes for a softmax.
    pub(super) outputs: usize,
    /// The right answer of a row: 0 or 1 for a question, the class for a softmax.
    pub(super) answer: &'a (dyn Fn(usize) -> usize + Sync),
    /// The inverse of the penalty.
    pub(super) c: f64,
}

impl LogisticLoss<'_> {
    /// The members' features and a column of ones.
    fn width(&self) -> usize {
        self.predictions.members().len() * self.columns.len() + 1
    }

    /// How many unknowns there are: `[output][feature]`, the intercept last.
    pub(super) fn unknowns(&self) -> usize {
        self.width() * self.outputs
    }

    /// The features of some rows, column after column; rows without weight are 0.
    fn fill(&self, rows: Range<usize>, buffer: &mut [f64]) {
        let width = self.predictions.columns();
        let mut features = buffer.chunks_exact_mut(rows.len());
        for m in 0..self.predictions.members().len() {
            let values = self.predictions.member_rows(m, rows.clone());
            for k in self.columns.clone() {
                let Some(feature) = features.next() else { return };
                for ((x, values), i) in feature.iter_mut().zip(values.chunks_exact(width)).zip(rows.clone()) {
                    *x = if self.weights[i] > 0.0 { self.inputs.feature(values[k], self.outputs) } else { 0.0 };
                }
            }
        }
        if let Some(ones) = features.next() {
            ones.iter_mut().zip(rows).for_each(|(x, i)| *x = f64::from(u8::from(self.weights[i] > 0.0)));
        }
    }

    /// `½ Σ w² + C Σ_i ω_i loss_i` and its gradient at `w`: one pass over the rows.
    pub(super) fn value(&self, w: &[f64]) -> (f64, Vec<f64>) {
        let (width, outputs) = (self.width(), self.outputs);
        let coefficients = MatRef::from_column_major_slice(w, width, outputs);
        let mut sum = ordered_sum(self.predictions.rows(), width * outputs + 1, |block| {
            let mut part = vec![0.0; width * outputs + 1];
            let mut features = vec![0.0; CHUNK.min(block.len()) * width];
            let mut scores = vec![0.0; CHUNK.min(block.len()) * outputs];
            let mut start = block.start;
            while start < block.end {
                let rows = start..(start + CHUNK).min(block.end);
                let height = rows.len();
                let (features, scores) = (&mut features[..height * width], &mut scores[..height * outputs]);
                self.fill(rows.clone(), features);
                let x = MatRef::from_column_major_slice(&*features, height, width);
                let z = MatMut::from_column_major_slice_mut(scores, height, outputs);
                matmul(z, Accum::Replace, x, coefficients, 1.0, Par::Seq);
                part[width * outputs] += self.residuals(rows, scores);
                let residuals = MatRef::from_column_major_slice(&*scores, height, outputs);
                let gradient = MatMut::from_column_major_slice_mut(&mut part[..width * outputs], width, outputs);
                matmul(gradient, Accum::Add, x.transpose(), residuals, 1.0, Par::Seq);
                start += height;
            }
            part
        });
        let mut f = self.c * sum.pop().unwrap_or(0.0);
        for (e, (g, w)) in sum.iter_mut().zip(w).enumerate() {
            *g *= self.c;
            if !self.is_intercept(e) {
                *g += w;
                f += 0.5 * w * w;
            }
        }
        (f, sum)
    }

    fn is_intercept(&self, unknown: usize) -> bool {
        unknown % self.width() == self.width() - 1
    }

    /// Turns scores (`[output][row]`) into weighted residuals `ω (p − y)`, and gives the weighted log loss.
    fn residuals(&self, rows: Range<usize>, scores: &mut [f64]) -> f64 {
        let (height, mut loss) = (rows.len(), 0.0);
        for (n, i) in rows.enumerate() {
            let weight = self.weights[i];
            if weight == 0.0 {
                (0..self.outputs).for_each(|k| scores[k * height + n] = 0.0);
                continue;
            }
            let answer = (self.answer)(i);
            if self.outputs == 1 {
                let z = scores[n];
                let agreeing = if answer == 1 { z } else { -z };
                // ln(1 + e^−a), without overflow.
                loss += weight * ((-agreeing.abs()).exp().ln_1p() + (-agreeing).max(0.0));
                scores[n] = weight * (sigmoid(z) - answer as f64);
                continue;
            }
            let top = (0..self.outputs).map(|k| scores[k * height + n]).fold(f64::NEG_INFINITY, f64::max);
            let own = scores[answer * height + n] - top;
            let mut total = 0.0;
            for k in 0..self.outputs {
                let e = (scores[k * height + n] - top).exp();
                scores[k * height + n] = e;
                total += e;
            }
            loss += weight * (total.ln() - own);
            for k in 0..self.outputs {
                let hit = if k == answer { 1.0 } else { 0.0 };
                scores[k * height + n] = weight * (scores[k * height + n] / total - hit);
            }
        }
        loss
    }

    /// The inverse of a bound of the Hessian (Böhning 1992), the same for each output: `(a C XᵀΩX + I)⁻¹` with `a = ¼`
    /// for a question and ½ for a softmax. One pass over the rows; it makes the search short.
    pub(super) fn preconditioner(&self) -> impl Fn(&mut [f64]) {
        let width = self.width();
        let products = gram(self.predictions.rows(), 1, width, |rows, buffer| {
            self.fill(rows.clone(), buffer);
            for feature in buffer.chunks_exact_mut(rows.len()) {
                feature.iter_mut().zip(rows.clone()).for_each(|(x, i)| *x *= self.weights[i].sqrt());
            }
        });
        let factor = self.c * if self.outputs == 1 { 0.25 } else { 0.5 };
        let bound = Mat::from_fn(width, width, |a, b| {
            let penalty = if a == b && a + 1 < width { 1.0 } else { 0.0 };
            factor * products[a * width + b] + penalty
        });
        // Not positive definite by rounding only: then there is no preconditioner, which is slower and still right.
        let solver = bound.llt(Side::Lower).ok();
        move |d: &mut [f64]| {
            if let Some(solver) = &solver {
                d.chunks_exact_mut(width).for_each(|d| solver.solve_in_place(ColMut::from_slice_mut(d).as_mat_mut()));
            }
        }
    }
}

/// `1 / (1 + e^−z)`, without overflow.
pub(crate) fn sigmoid(z: f64) -> f64 {
    if z >= 0.0 { 1.0 / (1.0 + (-z).exp()) } else { z.exp() / (1.0 + z.exp()) }
}
