use consort_core::{Error, FitContext, Learner, Model, Result, Samples, Takes};
use serde::{Deserialize, Serialize};

use super::{LinearModel, coordinate_descent::CoordinateDescent};
use crate::dense::{Standard, Training, few_enough, products};

/// The elastic net: `min Σ_i ω_i (y_i − b − w·x_i)² / (2 Σ ω) + α ρ Σ |w| + α (1 − ρ)/2 Σ w²`, target by target. The intercept
/// is not penalised.
///
/// Coordinate descent on the products of the centred features: one pass over the rows and `n p²` multiplications, then `p²`
/// a sweep whatever the number of rows. It ends when the duality gap is at most `tolerance · Σ ω (y − ȳ)² / Σ ω`. linfa's
/// own takes no weights, does not centre the features, and passes over all rows in every sweep.
///
/// Features are not scaled: scale them before, or the penalty weighs on units. Weights are honoured.
///
/// # Errors
/// [`Error::NotConverged`] where the gap is too wide after `steps` sweeps; [`Error::Parameter`]; [`Error::Unsupported`] for
/// classes, categories, missing values or more than 5,000 features; [`Error::NotFinite`].
///
/// Source: Zou, Hastie (2005), "Regularization and variable selection via the elastic net"; Friedman, Hastie, Tibshirani (2010).
///
/// ```
/// use consort_core::{Column, Dataset, Features, FitContext, Samples, Seed, Target};
/// use consort_linfa::ElasticNet;
/// let x = Column::Numeric { name: "x".into(), values: vec![-1.0, 0.0, 1.0] };
/// let y = Target::from_values(vec![-3.0, 0.0, 3.0], "y")?;
/// let data = Dataset::new(Features::Columns(vec![x]))?.with_target(y)?;
/// let net = ElasticNet { alpha: 1.0, l1_ratio: 1.0, ..ElasticNet::default() };
/// let model = net.regress(&Samples::all(&data), &FitContext::new(Seed::new(0)))?;
/// assert!((model.coefficients(0)[0] - 1.5).abs() < 1e-6); // (Σ xy / n − α) / (Σ x² / n) = (2 − 1) / ⅔
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ElasticNet {
    /// The penalty `α`.
    pub alpha: f64,
    /// The share `ρ` of it that is on sizes and not on squares.
    pub l1_ratio: f64,
    /// Whether there is a constant `b`.
    pub intercept: bool,
    /// The duality gap that is left, as a share of the variance of the target.
    pub tolerance: f64,
    /// The most sweeps over the features.
    pub steps: usize,
}

impl Default for ElasticNet {
    fn default() -> Self {
        Self { alpha: 1.0, l1_ratio: 0.5, intercept: true, tolerance: 1e-8, steps: 10_000 }
    }
}

const BY: &str = "the elastic net";

impl ElasticNet {
    /// With this penalty.
    pub fn alpha(mut self, alpha: f64) -> Self {
        self.alpha = alpha;
        self
    }

    /// With this share of the penalty on sizes.
    pub fn l1_ratio(mut self, l1_ratio: f64) -> Self {
        self.l1_ratio = l1_ratio;
        self
    }

    /// Refuses what is out of range.
    ///
    /// # Errors
    /// [`Error::Parameter`]. A share of 0 is refused, since the gap is no measure then: that is [`Ridge`](super::Ridge).
    pub fn check(&self) -> Result<()> {
        if !(self.alpha.is_finite() && self.alpha > 0.0) {
            return Err(Error::parameter("alpha", self.alpha, "finite and above 0 (for 0 use linear regression)"));
        }
        if !(self.l1_ratio > 0.0 && self.l1_ratio <= 1.0) {
            return Err(Error::parameter("l1_ratio", self.l1_ratio, "above 0 and at most 1 (for 0 use ridge)"));
        }
        if !(self.tolerance.is_finite() && self.tolerance > 0.0) {
            return Err(Error::parameter("tolerance", self.tolerance, "finite and above 0"));
        }
        if self.steps == 0 {
            return Err(Error::parameter("steps", self.steps, "at least 1"));
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
            let (standard, means) = if self.intercept {
                (Standard::centred(&train), target.means(train.weights.as_deref()))
            } else {
                (Standard::identity(train.width()), vec![0.0; target.names.len()])
            };
            ctx.check()?;
            let mut all = products(&train, &standard, Some((&target, &means)));
            all *= 1.0 / train.total();
            let mut coefficients = Vec::new();
            for k in 0..means.len() {
                let descent = CoordinateDescent {
                    products: &all,
                    width: train.width(),
                    output: k,
                    l1: self.alpha * self.l1_ratio,
                    l2: self.alpha * (1.0 - self.l1_ratio),
                };
                coefficients.extend(descent.run(BY, self.tolerance, self.steps, ctx)?);
            }
            Ok(LinearModel::new(train.schema, target.names, coefficients, &standard, &means, Some(self.alpha)))
        })
    }
}

#[typetag::serde(name = "elastic_net")]
impl Learner for ElasticNet {
    fn name(&self) -> String {
        "elastic_net".into()
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
