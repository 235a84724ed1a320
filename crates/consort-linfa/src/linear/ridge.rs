use consort_core::{Error, FitContext, Learner, Model, Result, Samples, Takes};
use faer::{Mat, MatRef, Side, linalg::solvers::Solve};
use serde::{Deserialize, Serialize};

use super::{LinearModel, spectrum::Spectrum};
use crate::dense::{Standard, Training, ValueTarget, products, rows_of};

/// Ridge regression: `min Σ_i ω_i ‖y_i − b − W x_i‖² + α ‖W‖²`, for one value a row or several. The intercept is not
/// penalised.
///
/// One penalty: a Cholesky factorisation of the `p × p` products of the features, or of the `n × n` products of the rows
/// where there are fewer of those; one pass over the rows and `n p²` multiplications, without a copy of the rows. Several
/// in `alphas`: one spectrum serves all, and the penalty with the least squared error of predicting each row from all
/// others is taken (exact leave-one-out; ties to the first given). `α = 0` gives the solution of least norm.
///
/// Features are not scaled: scale them before, or the penalty weighs on units. Weights are honoured.
///
/// # Errors
/// [`Error::Parameter`]; [`Error::Unsupported`] for classes, categories or missing values; [`Error::NotFinite`].
///
/// Source: Hoerl, Kennard (1970), "Ridge regression"; Allen (1974) on leave-one-out (PRESS).
///
/// ```
/// use consort_core::{Column, Dataset, Features, FitContext, Samples, Seed, Target};
/// use consort_linfa::Ridge;
/// let x = Column::Numeric { name: "x".into(), values: vec![-1.0, 0.0, 1.0] };
/// let y = Target::from_values(vec![-3.0, 0.0, 3.0], "y")?;
/// let data = Dataset::new(Features::Columns(vec![x]))?.with_target(y)?;
/// let model = Ridge { alpha: 1.0, ..Ridge::default() }.regress(&Samples::all(&data), &FitContext::new(Seed::new(0)))?;
/// assert!((model.coefficients(0)[0] - 2.0).abs() < 1e-12); // Σ xy / (Σ x² + α) = 6 / 3
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ridge {
    /// The penalty, where `alphas` is empty.
    pub alpha: f64,
    /// Penalties to choose from by leave-one-out; empty for `alpha` alone.
    pub alphas: Vec<f64>,
    /// Whether there is a constant `b`.
    pub intercept: bool,
}

impl Default for Ridge {
    fn default() -> Self {
        Self { alpha: 1.0, alphas: Vec::new(), intercept: true }
    }
}

const BY: &str = "ridge";

impl Ridge {
    /// With this penalty.
    pub fn alpha(mut self, alpha: f64) -> Self {
        self.alpha = alpha;
        self
    }

    /// With these penalties to choose from.
    pub fn alphas(mut self, alphas: impl IntoIterator<Item = f64>) -> Self {
        self.alphas = alphas.into_iter().collect();
        self
    }

    /// With or without a constant.
    pub fn intercept(mut self, intercept: bool) -> Self {
        self.intercept = intercept;
        self
    }

    /// Refuses what is out of range.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a penalty that is negative or not finite.
    pub fn check(&self) -> Result<()> {
        let bad = |alpha: &&f64| !(alpha.is_finite() && **alpha >= 0.0);
        if let Some(alpha) = Some(&self.alpha).filter(bad) {
            return Err(Error::parameter("alpha", alpha, "finite and at least 0"));
        }
        if let Some(alpha) = self.alphas.iter().find(bad) {
            return Err(Error::parameter("alphas", alpha, "finite and at least 0, each"));
        }
        Ok(())
    }

    /// The fit, with its own type; [`LinearModel::penalty`] is the penalty chosen.
    ///
    /// # Errors
    /// As [`Learner::fit`].
    pub fn regress(&self, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<LinearModel> {
        self.check()?;
        ctx.install(|| {
            let train = Training::new(BY, train)?;
            let target = train.values()?;
            let (standard, means) = if self.intercept {
                (Standard::centred(&train), target.means(train.weights.as_deref()))
            } else {
                (Standard::identity(train.width()), vec![0.0; target.names.len()])
            };
            ctx.check()?;
            let (coefficients, alpha) = match self.alphas.as_slice() {
                [] => (solve(&train, &standard, &target, &means, self.alpha)?, self.alpha),
                &[alpha] => (solve(&train, &standard, &target, &means, alpha)?, alpha),
                alphas => {
                    let spectrum = Spectrum::new(&train, &standard, &target, &means)?;
                    ctx.check()?;
                    let errors = spectrum.leave_one_out(&train, &standard, &target, &means, alphas, self.intercept);
                    let best = (1..errors.len()).fold(0, |best, a| if errors[a] < errors[best] { a } else { best });
                    (spectrum.coefficients(alphas[best]), alphas[best])
                }
            };
            Ok(LinearModel::new(train.schema, target.names, coefficients, &standard, &means, Some(alpha)))
        })
    }
}

/// The coefficients under one penalty, `[output][feature]`.
fn solve(
    train: &Training<'_>,
    standard: &Standard,
    target: &ValueTarget,
    means: &[f64],
    alpha: f64,
) -> Result<Vec<f64>> {
    let (rows, width, outputs) = (train.len(), train.width(), means.len());
    let columns =
        |w: Mat<f64>| (0..w.ncols()).flat_map(|k| w.col(k).iter().copied().collect::<Vec<_>>()).collect::<Vec<f64>>();
    if alpha > 0.0 && width <= rows {
        let mut all = products(train, standard, Some((target, means)));
        (0..width).for_each(|j| all[(j, j)] += alpha);
        // A tiny penalty may drown in the rounding of the products; the spectrum then serves.
        if let Ok(llt) = all.submatrix(0, 0, width, width).llt(Side::Lower) {
            return Ok(columns(llt.solve(all.submatrix(0, width, width, outputs))));
        }
    } else if alpha > 0.0 {
        let mut scaled = vec![0.0; rows * (width + outputs)];
        rows_of(train, standard, Some((target, means)), 0..rows, &mut scaled);
        let all = MatRef::from_column_major_slice(&scaled, rows, width + outputs);
        let x = all.subcols(0, width);
        let mut kernel = x * x.transpose();
        (0..rows).for_each(|i| kernel[(i, i)] += alpha);
        if let Ok(llt) = kernel.llt(Side::Lower) {
            return Ok(columns(x.transpose() * llt.solve(all.subcols(width, outputs))));
        }
    }
    Ok(Spectrum::new(train, standard, target, means)?.coefficients(alpha))
}

#[typetag::serde(name = "ridge")]
impl Learner for Ridge {
    fn name(&self) -> String {
        "ridge".into()
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
