use consort_core::{Error, FitContext, Learner, Model, Result, Samples, Takes};
use faer::{Col, Mat, Side};
use serde::{Deserialize, Serialize};

use crate::{
    dense::{Standard, Training, few_enough, products},
    linear::LinearModel,
};

/// Partial least squares regression (PLS1 and PLS2): least squares on a few directions of the features, each the one that
/// varies most together with what the directions before left of the targets.
///
/// Features and targets are standardised by weighted means and standard deviations. The directions follow from the products
/// `XᵀΩX` and `XᵀΩY` alone: one pass over the rows, `n p²` multiplications, then `p²` a direction; the coefficients are those
/// of NIPALS. Where the targets are used up before the last direction it stops there. A constant feature has coefficient 0.
///
/// Weights are honoured, which linfa's own, by NIPALS on copies of the rows, does not.
///
/// # Errors
/// [`Error::Parameter`]; [`Error::Unsupported`] for classes, categories, missing values or more than 5,000 features; [`Error::NotFinite`].
///
/// Source: Wold (1975); Dayal, MacGregor (1997), "Improved PLS algorithms".
///
/// ```
/// use consort_core::{Column, Dataset, Features, FitContext, Learner, Samples, Seed, Target};
/// use consort_linfa::Pls;
/// let x = Column::Numeric { name: "x".into(), values: vec![0.0, 1.0, 2.0] };
/// let y = Target::from_values(vec![1.0, 3.0, 5.0], "y")?;
/// let data = Dataset::new(Features::Columns(vec![x]))?.with_target(y)?;
/// let model = Pls::default().fit(&Samples::all(&data), &FitContext::new(Seed::new(0)))?;
/// assert!((model.predict(&Samples::all(&data))?.at(2, 0) - 5.0).abs() < 1e-6);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Pls {
    /// How many directions; never more than there are features, or rows less one.
    pub components: usize,
}

impl Default for Pls {
    fn default() -> Self {
        Self { components: 2 }
    }
}

const BY: &str = "partial least squares";

impl Pls {
    /// With so many directions.
    pub fn components(mut self, components: usize) -> Self {
        self.components = components;
        self
    }

    /// Refuses what is out of range.
    ///
    /// # Errors
    /// [`Error::Parameter`] for no direction.
    pub fn check(&self) -> Result<()> {
        if self.components == 0 {
            return Err(Error::parameter("components", self.components, "at least 1"));
        }
        Ok(())
    }

    /// The fit, with its own type.
    ///
    /// # Errors
    /// As [`Learner::fit`].
    pub fn regress(&self, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<LinearModel> {
        self.check()?;
        ctx.install(|| {
            let train = Training::new(BY, train)?;
            let target = train.values()?;
            few_enough(BY, train.width())?;
            let standard = Standard::of(&train);
            let means = target.means(train.weights.as_deref());
            ctx.check()?;
            let all = products(&train, &standard, Some((&target, &means)));
            let (width, outputs) = (train.width(), means.len());
            // Of targets only their own scale matters, and of a constant one nothing is left.
            let spread: Vec<f64> = (width..width + outputs).map(|k| all[(k, k)].sqrt()).collect();
            let shared =
                Mat::from_fn(
                    width,
                    outputs,
                    |j, k| {
                        if spread[k] > 0.0 { all[(j, width + k)] / spread[k] } else { 0.0 }
                    },
                );
            let most = self.components.min(width).min(train.len().saturating_sub(1));
            let weights = directions(&all.submatrix(0, 0, width, width).to_owned(), shared, most, ctx)?;
            let coefficients = (0..outputs).flat_map(|k| (0..width).map(move |j| (j, k)));
            let coefficients = coefficients.map(|(j, k)| weights[(j, k)] * spread[k]).collect();
            Ok(LinearModel::new(train.schema, target.names, coefficients, &standard, &means, None))
        })
    }
}

/// The coefficients `R Qᵀ`, `[feature][output]`, after at most `most` directions.
fn directions(xx: &Mat<f64>, mut xy: Mat<f64>, most: usize, ctx: &FitContext<'_>) -> Result<Mat<f64>> {
    let (width, outputs) = (xy.nrows(), xy.ncols());
    let mut weights = Mat::zeros(width, outputs);
    let mut past: Vec<(Col<f64>, Col<f64>)> = Vec::new();
    let start = xy.norm_l2();
    for _ in 0..most {
        ctx.check()?;
        let left = xy.norm_l2();
        // What is left of the targets is rounding.
        if left <= 1e-12 * start {
            break;
        }
        let along = if outputs == 1 { xy.col(0).to_owned() } else { &xy * strongest(&xy)? };
        let w = &along * (1.0 / along.norm_l2());
        let mut r = w.clone();
        for (loading, rotated) in &past {
            let share = loading.transpose() * &w;
            r -= rotated * share;
        }
        let xr = xx * &r;
        let size = r.transpose() * &xr;
        if size <= f64::MIN_POSITIVE {
            break;
        }
        let loading = &xr * (1.0 / size);
        let answers = xy.transpose() * &r * (1.0 / size);
        weights += &r * answers.transpose();
        xy -= &loading * answers.transpose() * size;
        past.push((loading, r));
    }
    Ok(weights)
}

/// The direction of the targets that has most in common with the features: the first right singular vector of `XᵀΩY`.
fn strongest(xy: &Mat<f64>) -> Result<Col<f64>> {
    let eigen = (xy.transpose() * xy).self_adjoint_eigen(Side::Lower).map_err(|_| Error::NotConverged {
        method: BY,
        problem: "the directions of the targets were not found: scale the targets".into(),
    })?;
    // Eigenvalues ascend.
    Ok(eigen.U().col(xy.ncols() - 1).to_owned())
}

#[typetag::serde(name = "pls")]
impl Learner for Pls {
    fn name(&self) -> String {
        "pls".into()
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
