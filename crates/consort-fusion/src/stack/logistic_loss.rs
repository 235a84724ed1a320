use std::ops::Range;

use consort_core::{Predictions, blocks};
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

    /// An approximate inverse of the Hessian at `w`: for each output `k` the block `(C Xᵀ Ω p_k (1 − p_k) X + I)⁻¹`.
    ///
    /// The Hessian of a softmax is a graph Laplacian in the outputs, so it is at most twice its blocks. Of many rows
    /// only each n-th is looked at: a preconditioner decides how long the search takes, not where it ends.
    pub(super) fn preconditioner(&self, w: &[f64]) -> impl Fn(&mut [f64]) + use<> {
        let (width, outputs) = (self.width(), self.outputs);
        let stride = self.predictions.rows().div_ceil(LOOKED_AT);
        let rows: Vec<usize> =
            (0..self.predictions.rows()).step_by(stride).filter(|&i| self.weights[i] > 0.0).collect();
        let spread = |p: f64, i: usize| self.weights[i] * stride as f64 * p * (1.0 - p);
        // [row][output]
        let spreads: Vec<f64> = blocks::map(rows.len(), |block| {
            let mut x = vec![0.0; width];
            let mut z = vec![0.0; outputs];
            let mut spreads = Vec::with_capacity(block.len() * outputs);
            for &i in &rows[block] {
                self.features(i, &mut x);
                for (z, w) in z.iter_mut().zip(w.chunks_exact(width)) {
                    *z = x.iter().zip(w).map(|(x, w)| x * w).sum();
                }
                if outputs == 1 {
                    spreads.push(spread(sigmoid(z[0]), i));
                    continue;
                }
                let top = z.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let sum: f64 = z.iter().map(|z| (z - top).exp()).sum();
                spreads.extend(z.iter().map(|z| spread((z - top).exp() / sum, i)));
            }
            spreads
        })
        .concat();
        let solvers: Vec<_> = (0..outputs)
            .map(|k| {
                let products = gram(rows.len(), 1, width, |part, buffer| {
                    let mut x = vec![0.0; width];
                    for (n, place) in part.clone().enumerate() {
                        self.features(rows[place], &mut x);
                        let root = spreads[place * outputs + k].sqrt();
                        x.iter().enumerate().for_each(|(j, x)| buffer[j * part.len() + n] = x * root);
                    }
                });
                let penalty = |a: usize| if a + 1 < width { 1.0 } else { 1e-6 };
                let block = Mat::from_fn(width, width, |a, b| {
                    self.c * products[a * width + b] + if a == b { penalty(a) } else { 0.0 }
                });
                // Not positive definite by rounding only: without it the search is slower and still right.
                block.llt(Side::Lower).ok()
            })
            .collect();
        move |d: &mut [f64]| {
            // A softmax does not feel what all its outputs share, but the penalty does: left alone, steps of unlike
            // blocks would drift that way and creep back. The gradient has no such part, so no step needs one.
            without_shared(d, width, outputs);
            for (d, solver) in d.chunks_exact_mut(width).zip(&solvers) {
                if let Some(solver) = solver {
                    solver.solve_in_place(ColMut::from_slice_mut(d).as_mat_mut());
                }
            }
            without_shared(d, width, outputs);
        }
    }

    /// The features of one row, and the one for the intercept.
    fn features(&self, i: usize, x: &mut [f64]) {
        let width = self.predictions.columns();
        let mut x = x.iter_mut();
        for m in 0..self.predictions.members().len() {
            let values = &self.predictions.member(m)[i * width..(i + 1) * width];
            for &p in &values[self.columns.clone()] {
                if let Some(x) = x.next() {
                    *x = self.inputs.feature(p, self.outputs);
                }
            }
        }
        if let Some(one) = x.next() {
            *one = 1.0;
        }
    }
}

/// Takes from each output, `[output][feature]`, what all outputs of a softmax share.
fn without_shared(d: &mut [f64], width: usize, outputs: usize) {
    if outputs == 1 {
        return;
    }
    for j in 0..width {
        let mean = (0..outputs).map(|k| d[k * width + j]).sum::<f64>() / outputs as f64;
        (0..outputs).for_each(|k| d[k * width + j] -= mean);
    }
}

/// How many rows a preconditioner looks at, at most.
const LOOKED_AT: usize = 20_000;

/// `1 / (1 + e^−z)`, without overflow.
pub(crate) fn sigmoid(z: f64) -> f64 {
    if z >= 0.0 { 1.0 / (1.0 + (-z).exp()) } else { z.exp() / (1.0 + z.exp()) }
}
