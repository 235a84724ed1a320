use std::ops::Range;

use consort_core::{Error, FitContext, Result};
use faer::{
    Accum, ColMut, Mat, MatMut, MatRef, Par, Side,
    linalg::{
        matmul::{
            matmul,
            triangular::{self, BlockStructure},
        },
        solvers::Solve,
    },
};

use super::lbfgs;
use crate::dense::{CHUNK, Tiles};

/// How likely the targets are, given scores that are linear in the features.
pub(crate) trait Likelihood: Sync {
    /// How many scores a row has.
    fn outputs(&self) -> usize;

    /// Turns scores, `[output][row]`, into slopes `ω ∂l/∂z`, and gives the weighted loss `Σ ω l` of these rows.
    fn slopes(&self, rows: Range<usize>, scores: &mut [f64]) -> f64;

    /// Turns scores into curvatures `ω ∂²l/∂z²`, each output by itself.
    fn curvatures(&self, rows: Range<usize>, scores: &mut [f64]);
}

/// `Σ_i ω_i l(z_i) / Σ ω + λ/2 Σ w²` with `z = X W + b`, to be made small. The intercepts are not penalised.
///
/// Unknowns are `[output][feature]` with the intercept after the features of each output.
pub(crate) struct Penalised<'a, L> {
    pub(crate) tiles: &'a Tiles,
    pub(crate) likelihood: &'a L,
    /// `Σ ω`
    pub(crate) total: f64,
    /// `λ`
    pub(crate) penalty: f64,
    pub(crate) intercept: bool,
}

/// How many rows a preconditioner looks at, about.
const LOOKED_AT: usize = 20_000;

/// How many multiplications a preconditioner may cost before it is made of the diagonal alone.
const COST: usize = 20_000_000_000;

/// After how many steps the preconditioner is made anew.
const REFRESH: usize = 20;

impl<L: Likelihood> Penalised<'_, L> {
    /// Features and intercept.
    fn height(&self) -> usize {
        self.tiles.width() + 1
    }

    /// The unknowns at the minimum, by L-BFGS, preconditioned by the Hessian's block of each output on some rows.
    ///
    /// # Errors
    /// [`Error::NotConverged`] unless every slope is within the tolerance after `most` steps; [`Error::Cancelled`].
    pub(crate) fn minimise(
        &self,
        method: &'static str,
        start: Vec<f64>,
        tolerance: f64,
        most: usize,
        ctx: &FitContext<'_>,
    ) -> Result<Vec<f64>> {
        let mut found = lbfgs::Search { x: start, steps: 0, slope: f64::INFINITY };
        // The curvature changes along the way, most where probabilities become sure: look at it again now and then.
        while found.slope > tolerance && found.steps < most {
            let precondition = self.preconditioner(&found.x);
            let before = found.steps;
            let report = |step: usize, f: f64| {
                ctx.progress.step((before + step) as u64, most as u64, &format!("loss {f:.6}"));
                ctx.check()
            };
            let steps = REFRESH.min(most - before);
            found = lbfgs::minimise(found.x, |w| self.value(w), precondition, tolerance, steps, report)?;
            let is_stuck = found.steps == 0;
            found.steps += before;
            if is_stuck {
                break;
            }
        }
        if found.slope <= tolerance {
            return Ok(found.x);
        }
        let (steps, slope) = (found.steps, found.slope);
        Err(Error::NotConverged {
            method,
            problem: format!(
                "after {steps} steps the steepest slope is {slope:e}, but {tolerance:e} is allowed: allow more steps or a greater tolerance, standardise the features, or penalise more"
            ),
        })
    }

    /// The function and its gradient: one pass over the rows.
    fn value(&self, w: &[f64]) -> (f64, Vec<f64>) {
        let (height, outputs, size) = (self.height(), self.likelihood.outputs(), w.len());
        let mut sum = self.tiles.sum(
            size + 1,
            || vec![0.0; CHUNK.min(self.tiles.rows()) * outputs],
            |rows, tile, scratch, sum| {
                let scores = self.scores(w, rows.clone(), tile, scratch);
                sum[size] += self.likelihood.slopes(rows.clone(), scores);
                let x = MatRef::from_column_major_slice(tile, rows.len(), height - 1);
                let slopes = MatRef::from_column_major_slice(&*scores, rows.len(), outputs);
                let to = MatMut::from_column_major_slice_mut(&mut sum[..size], height, outputs);
                matmul(to.subrows_mut(0, height - 1), Accum::Add, x.transpose(), slopes, 1.0, Par::Seq);
                if self.intercept {
                    for (k, slopes) in scores.chunks_exact(rows.len()).enumerate() {
                        sum[k * height + height - 1] += slopes.iter().sum::<f64>();
                    }
                }
            },
        );
        let mut f = sum.pop().unwrap_or(0.0) / self.total;
        for (e, (g, w)) in sum.iter_mut().zip(w).enumerate() {
            *g /= self.total;
            if e % height != height - 1 {
                *g += self.penalty * w;
                f += 0.5 * self.penalty * w * w;
            }
        }
        (f, sum)
    }

    /// The scores of a chunk, `[output][row]`.
    fn scores<'s>(&self, w: &[f64], rows: Range<usize>, tile: &[f64], scratch: &'s mut [f64]) -> &'s mut [f64] {
        let (height, outputs) = (self.height(), self.likelihood.outputs());
        let scores = &mut scratch[..rows.len() * outputs];
        for (k, z) in scores.chunks_exact_mut(rows.len()).enumerate() {
            z.fill(w[k * height + height - 1]);
        }
        let x = MatRef::from_column_major_slice(tile, rows.len(), height - 1);
        let coefficients = MatRef::from_column_major_slice(w, height, outputs);
        let z = MatMut::from_column_major_slice_mut(scores, rows.len(), outputs);
        matmul(z, Accum::Add, x, coefficients.subrows(0, height - 1), 1.0, Par::Seq);
        scores
    }

    /// An approximate inverse of the Hessian at `w`: the inverse of each output's block, or of its diagonal where blocks
    /// would cost too much.
    ///
    /// The Hessian of a softmax is a graph Laplacian in the outputs, so it is at most twice its blocks. Of many rows
    /// only each n-th chunk is looked at: a preconditioner decides how long the search takes, not where it ends.
    fn preconditioner(&self, w: &[f64]) -> impl Fn(&mut [f64]) + use<L> {
        let (height, outputs, rows) = (self.height(), self.likelihood.outputs(), self.tiles.rows());
        let is_full = LOOKED_AT.min(rows).saturating_mul(outputs * height * height) <= COST;
        let size = if is_full { height * height } else { height };
        let stride = rows.div_ceil(LOOKED_AT.max(2 * height));
        let scratch = || (vec![0.0; CHUNK.min(rows) * outputs], vec![0.0; CHUNK.min(rows) * height]);
        let mut sum = self.tiles.sum(size * outputs + 1, scratch, |rows, tile, (scratch, scaled), sum| {
            if !(rows.start / CHUNK).is_multiple_of(stride) {
                return;
            }
            let count = rows.len();
            sum[size * outputs] += count as f64;
            let curvatures = self.scores(w, rows.clone(), tile, scratch);
            self.likelihood.curvatures(rows, curvatures);
            let scaled = &mut scaled[..count * height];
            for (curvatures, sum) in curvatures.chunks_exact_mut(count).zip(sum.chunks_exact_mut(size)) {
                curvatures.iter_mut().for_each(|c| *c = c.max(0.0).sqrt());
                for (to, x) in scaled.chunks_exact_mut(count).zip(tile.chunks_exact(count)) {
                    to.iter_mut().zip(x).zip(&*curvatures).for_each(|((to, x), root)| *to = x * root);
                }
                scaled[count * (height - 1)..].copy_from_slice(curvatures);
                if is_full {
                    let x = MatRef::from_column_major_slice(&*scaled, count, height);
                    triangular::matmul(
                        MatMut::from_column_major_slice_mut(sum, height, height),
                        BlockStructure::TriangularLower,
                        Accum::Add,
                        x.transpose(),
                        BlockStructure::Rectangular,
                        x,
                        BlockStructure::Rectangular,
                        1.0,
                        Par::Seq,
                    );
                } else {
                    for (sum, x) in sum.iter_mut().zip(scaled.chunks_exact(count)) {
                        *sum += x.iter().map(|x| x * x).sum::<f64>();
                    }
                }
            }
        });
        let seen = sum.pop().unwrap_or(0.0).max(1.0);
        let factor = rows as f64 / (seen * self.total);
        let penalty = |j: usize| if j + 1 < height { self.penalty } else { 0.0 };
        let blocks: Vec<Block> = sum
            .chunks_exact(size)
            .map(|block| {
                let entry = |a: usize, b: usize| if is_full { block[b * height + a] } else { block[a] } * factor;
                // A saturated output has no curvature left; a floor keeps its steps in bounds.
                let top = (0..height).map(|j| entry(j, j)).fold(0.0, f64::max);
                let floor = 1e-9 * top + f64::MIN_POSITIVE;
                let diagonal: Vec<f64> = (0..height).map(|j| entry(j, j) + penalty(j) + floor).collect();
                if is_full {
                    let block =
                        Mat::from_fn(
                            height,
                            height,
                            |a, b| {
                                if a == b { diagonal[a] } else { entry(a.max(b), a.min(b)) }
                            },
                        );
                    if let Ok(llt) = block.llt(Side::Lower) {
                        return Block::Full(llt);
                    }
                }
                Block::Diagonal(diagonal)
            })
            .collect();
        move |d: &mut [f64]| {
            // A softmax does not feel what all its outputs share, but the penalty does: left alone, steps of unlike
            // blocks would drift that way and creep back. The gradient has no such part, so no step needs one.
            without_shared(d, height, outputs);
            for (d, block) in d.chunks_exact_mut(height).zip(&blocks) {
                match block {
                    Block::Full(llt) => llt.solve_in_place(ColMut::from_slice_mut(d).as_mat_mut()),
                    Block::Diagonal(diagonal) => d.iter_mut().zip(diagonal).for_each(|(d, h)| *d /= h),
                }
            }
            without_shared(d, height, outputs);
        }
    }
}

/// The block of one output.
enum Block {
    Full(faer::linalg::solvers::Llt<f64>),
    Diagonal(Vec<f64>),
}

/// Takes from each output, `[output][unknown]`, what all outputs share.
fn without_shared(d: &mut [f64], height: usize, outputs: usize) {
    if outputs == 1 {
        return;
    }
    for j in 0..height {
        let mean = (0..outputs).map(|k| d[k * height + j]).sum::<f64>() / outputs as f64;
        (0..outputs).for_each(|k| d[k * height + j] -= mean);
    }
}

/// `1 / (1 + e^−z)`, without overflow.
pub(crate) fn sigmoid(z: f64) -> f64 {
    if z >= 0.0 { 1.0 / (1.0 + (-z).exp()) } else { z.exp() / (1.0 + z.exp()) }
}
