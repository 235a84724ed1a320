use consort_core::{Error, FitContext, Learner, Model, Result, Samples, Takes, blocks};
use faer::{Mat, MatRef, prelude::SolveLstsq};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::LinearModel;
use crate::dense::{Standard, Training, ValueTarget, rows_of};

/// Ordinary least squares: `min Σ_i ω_i ‖y_i − b − W x_i‖²`, for one value a row or several.
///
/// Features are centred and scaled to standard deviation 1, then solved by an orthogonal factorisation: each block of
/// rows is reduced to a triangle, the triangles to one (tall-skinny QR), which is right to the last digits even where
/// the normal equations are not. Where features are collinear, or there are more of them than rows, it is the solution
/// with the least `Σ_j (w_j s_j)²`, `s_j` being the standard deviation: so units of features change no prediction.
/// A constant feature has coefficient 0.
///
/// One pass over the rows, `2 n (p + m)²` multiplications, and no copy of the rows unless there are fewer of them than
/// features. Weights are honoured.
///
/// # Errors
/// [`Error::Unsupported`] for classes, categories or missing values; [`Error::NotFinite`] with the row.
///
/// Source: Legendre (1805); Demmel, Grigori, Hoemmen, Langou (2012), "Communication-optimal parallel and sequential QR and LU factorizations".
///
/// ```
/// use consort_core::{Column, Dataset, Features, FitContext, Learner, Samples, Seed, Target};
/// use consort_linfa::LinearRegression;
/// let x = Column::Numeric { name: "x".into(), values: vec![0.0, 1.0, 2.0] };
/// let y = Target::from_values(vec![1.0, 3.0, 5.0], "y")?;
/// let data = Dataset::new(Features::Columns(vec![x]))?.with_target(y)?;
/// let model = LinearRegression::default().fit(&Samples::all(&data), &FitContext::new(Seed::new(0)))?;
/// assert!((model.predict(&Samples::all(&data))?.at(2, 0) - 5.0).abs() < 1e-6);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LinearRegression {
    /// Whether there is a constant `b`.
    pub intercept: bool,
}

impl Default for LinearRegression {
    fn default() -> Self {
        Self { intercept: true }
    }
}

const BY: &str = "linear regression";

impl LinearRegression {
    /// With or without a constant.
    pub fn intercept(mut self, intercept: bool) -> Self {
        self.intercept = intercept;
        self
    }

    /// The fit, with its own type.
    ///
    /// # Errors
    /// As [`Learner::fit`].
    pub fn regress(&self, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<LinearModel> {
        ctx.install(|| {
            let train = Training::new(BY, train)?;
            let target = train.values()?;
            let mut standard = Standard::of(&train);
            let mut means = target.means(train.weights.as_deref());
            if !self.intercept {
                // Scaling alone keeps zero at zero.
                standard.means.fill(0.0);
                means.fill(0.0);
            }
            ctx.check()?;
            let reduced = reduce(&train, &standard, &target, &means);
            ctx.check()?;
            let width = train.width();
            let weights = least_norm(reduced.subcols(0, width), reduced.subcols(width, means.len()), train.len())?;
            let coefficients = (0..means.len()).flat_map(|k| weights.col(k).iter().copied().collect::<Vec<_>>());
            let coefficients = coefficients.collect();
            Ok(LinearModel::new(train.schema, target.names, coefficients, &standard, &means, None))
        })
    }
}

/// `Ω^½ [X Y]`, or where it has many rows a triangle `R` with the same `RᵀR`.
fn reduce(train: &Training<'_>, standard: &Standard, target: &ValueTarget, means: &[f64]) -> Mat<f64> {
    let all = train.width() + means.len();
    // Blocks depend on the shape alone, so that the number of threads changes no digit.
    let block = blocks::ROWS.max(4 * all);
    let parts: Vec<Mat<f64>> = (0..train.len().div_ceil(block))
        .into_par_iter()
        .map(|n| {
            let rows = n * block..((n + 1) * block).min(train.len());
            let mut buffer = vec![0.0; rows.len() * all];
            rows_of(train, standard, Some((target, means)), rows.clone(), &mut buffer);
            triangle(MatRef::from_column_major_slice(&buffer, rows.len(), all))
        })
        .collect();
    if let [part] = parts.as_slice() {
        return part.clone();
    }
    let mut whole = Mat::zeros(0, all);
    for part in parts {
        let above = whole.nrows();
        let both =
            Mat::from_fn(
                above + part.nrows(),
                all,
                |i, j| {
                    if i < above { whole[(i, j)] } else { part[(i - above, j)] }
                },
            );
        whole = triangle(both.as_ref());
    }
    whole
}

/// The triangle of a QR factorisation, or the matrix itself where it is no taller than wide.
fn triangle(a: MatRef<'_, f64>) -> Mat<f64> {
    if a.nrows() <= a.ncols() {
        return a.to_owned();
    }
    a.qr().thin_R().to_owned()
}

/// The solution of `min ‖A W − B‖` with the least norm. `rows` is the height of what `A` was reduced from.
fn least_norm(a: MatRef<'_, f64>, b: MatRef<'_, f64>, rows: usize) -> Result<Mat<f64>> {
    let width = a.ncols();
    let precision = f64::EPSILON * rows.max(width) as f64;
    if a.nrows() >= width {
        let qr = a.col_piv_qr();
        let r = qr.thin_R();
        let size = |j: usize| r[(j, j)].abs();
        // Pivots fall, and the last one is a good guess of the least singular value.
        if width == 0 || size(width - 1) > 1e3 * precision * size(0) {
            return Ok(qr.solve_lstsq(b).as_ref().subrows(0, width).to_owned());
        }
    }
    let svd = a.thin_svd().map_err(|_| Error::NotConverged {
        method: BY,
        problem: "the singular values were not found; try ridge with a small penalty".into(),
    })?;
    let (u, s, v) = (svd.U(), svd.S().column_vector(), svd.V());
    let floor = precision * s.iter().copied().fold(0.0, f64::max);
    let mut weights = Mat::zeros(width, b.ncols());
    let projected = u.transpose() * b;
    for r in 0..s.nrows() {
        if s[r] > floor {
            for k in 0..b.ncols() {
                let factor = projected[(r, k)] / s[r];
                (0..width).for_each(|j| weights[(j, k)] += v[(j, r)] * factor);
            }
        }
    }
    Ok(weights)
}

#[typetag::serde(name = "linear")]
impl Learner for LinearRegression {
    fn name(&self) -> String {
        "linear".into()
    }

    fn takes(&self) -> Takes {
        Takes { categories: false, missing: false, weights: true }
    }

    fn fit(&self, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<Box<dyn Model>> {
        let model = self.regress(train, ctx)?;
        ctx.progress.step(1, 1, "fitted");
        Ok(Box::new(model))
    }
}
