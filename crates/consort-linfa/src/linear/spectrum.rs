use consort_core::{Error, Result};
use faer::{Accum, Mat, MatMut, MatRef, Par, Side, linalg::matmul::matmul};

use crate::dense::{CHUNK, Standard, Training, ValueTarget, chunks, ordered_sum, products, rows_of};

/// The spectrum of the centred features, `Xᵀ Ω X = V Λ Vᵀ` without directions of no variance, and what the targets have
/// in them: from it the ridge solution of any penalty follows at once, `W = V (Λ + α)⁻¹ Vᵀ Xᵀ Ω Y`.
pub(super) struct Spectrum {
    /// `[feature][direction]`
    directions: Mat<f64>,
    /// `Λ`
    variances: Vec<f64>,
    /// `Vᵀ Xᵀ Ω Y`, `[direction][output]`
    answers: Mat<f64>,
}

impl Spectrum {
    /// From the `p × p` products where there are no more features than rows, else from the `n × n` ones.
    pub(super) fn new(train: &Training<'_>, standard: &Standard, target: &ValueTarget, means: &[f64]) -> Result<Self> {
        let (rows, width, outputs) = (train.len(), train.width(), means.len());
        if width <= rows {
            let all = products(train, standard, Some((target, means)));
            let (directions, variances) = spectrum(all.submatrix(0, 0, width, width), rows.max(width))?;
            let answers = directions.transpose() * all.submatrix(0, width, width, outputs);
            return Ok(Self { directions, variances, answers });
        }
        let mut scaled = vec![0.0; rows * (width + outputs)];
        rows_of(train, standard, Some((target, means)), 0..rows, &mut scaled);
        let all = MatRef::from_column_major_slice(&scaled, rows, width + outputs);
        let (x, y) = (all.subcols(0, width), all.subcols(width, outputs));
        let kernel = x * x.transpose();
        let (left, variances) = spectrum(kernel.as_ref(), rows.max(width))?;
        // V = Xᵀ U Λ^−½.
        let mut directions = x.transpose() * &left;
        for (r, variance) in variances.iter().enumerate() {
            let root = variance.sqrt();
            (0..width).for_each(|j| directions[(j, r)] /= root);
        }
        let mut answers = left.transpose() * y;
        for (r, variance) in variances.iter().enumerate() {
            let root = variance.sqrt();
            (0..outputs).for_each(|k| answers[(r, k)] *= root);
        }
        Ok(Self { directions, variances, answers })
    }

    /// The coefficients under a penalty, `[output][feature]`.
    pub(super) fn coefficients(&self, alpha: f64) -> Vec<f64> {
        let shrunk = Mat::from_fn(self.variances.len(), self.answers.ncols(), |r, k| {
            self.answers[(r, k)] / (self.variances[r] + alpha)
        });
        let weights = &self.directions * shrunk;
        (0..weights.ncols()).flat_map(|k| weights.col(k).iter().copied().collect::<Vec<_>>()).collect()
    }

    /// The summed squared error of predicting each row from all others, for each penalty.
    ///
    /// `e / (1 − h)` with `h` the row's own pull on its fit. Of a row of weight 2 or more one copy is left out, as if the
    /// copies were rows; of a lighter one all that there is.
    pub(super) fn leave_one_out(
        &self,
        train: &Training<'_>,
        standard: &Standard,
        target: &ValueTarget,
        means: &[f64],
        alphas: &[f64],
        intercept: bool,
    ) -> Vec<f64> {
        let (width, rank, outputs) = (train.width(), self.variances.len(), means.len());
        let total = train.total();
        let solutions: Vec<Vec<f64>> = alphas
            .iter()
            .map(|alpha| {
                let shrunk = |k: usize| (0..rank).map(move |r| self.answers[(r, k)] / (self.variances[r] + alpha));
                (0..outputs).flat_map(shrunk).collect()
            })
            .collect();
        ordered_sum(train.len(), alphas.len(), |block| {
            let mut errors = vec![0.0; alphas.len()];
            let mut x = vec![0.0; CHUNK.min(block.len()) * width];
            let mut z = vec![0.0; CHUNK.min(block.len()) * rank];
            for rows in chunks(block) {
                let height = rows.len();
                let (x, z) = (&mut x[..height * width], &mut z[..height * rank]);
                train.table.columns(rows.clone(), x);
                for (j, column) in x.chunks_exact_mut(height).enumerate() {
                    column.iter_mut().for_each(|x| *x = (*x - standard.means[j]) / standard.scales[j]);
                }
                let x = MatRef::from_column_major_slice(&*x, height, width);
                let to = MatMut::from_column_major_slice_mut(z, height, rank);
                matmul(to, Accum::Replace, x, &self.directions, 1.0, Par::Seq);
                for ((alpha, solution), error) in alphas.iter().zip(&solutions).zip(&mut errors) {
                    for (n, i) in rows.clone().enumerate() {
                        let weight = train.weight(i);
                        let along = |r: usize| z[r * height + n];
                        let pull: f64 = (0..rank).map(|r| along(r).powi(2) / (self.variances[r] + alpha)).sum();
                        let pull = pull + if intercept { 1.0 / total } else { 0.0 };
                        // What is left of a row that alone decides its fit is rounding: its error has no value.
                        let rest = (1.0 - weight.min(1.0) * pull).max(1e-10);
                        for (k, mean) in means.iter().enumerate() {
                            let own = &solution[k * rank..(k + 1) * rank];
                            let fitted: f64 = own.iter().enumerate().map(|(r, w)| w * along(r)).sum();
                            let residual = target.of(k)[i] - mean - fitted;
                            *error += weight * (residual / rest).powi(2);
                        }
                    }
                }
            }
            errors
        })
    }
}

/// The eigenvectors of a symmetric matrix and its eigenvalues, without those that are 0 but for rounding.
fn spectrum(a: MatRef<'_, f64>, size: usize) -> Result<(Mat<f64>, Vec<f64>)> {
    let eigen = a.self_adjoint_eigen(Side::Lower).map_err(|_| Error::NotConverged {
        method: "ridge",
        problem: "the eigenvalues of the products of the features were not found: scale the features".into(),
    })?;
    let values = eigen.S().column_vector();
    let floor = f64::EPSILON * size as f64 * values.iter().copied().fold(0.0, f64::max);
    let kept: Vec<usize> = (0..values.nrows()).filter(|&r| values[r] > floor).collect();
    let vectors = eigen.U();
    let directions = Mat::from_fn(a.nrows(), kept.len(), |j, r| vectors[(j, kept[r])]);
    Ok((directions, kept.iter().map(|&r| values[r]).collect()))
}
