use consort_core::{Error, FitContext, Learner, Matrix, Model, Result, Samples, Takes};
use serde::{Deserialize, Serialize};

use super::{LinearModel, tweedie::Tweedie};
use crate::{
    dense::{Standard, Tiles, Training},
    descent::Penalised,
};

/// A generalised linear model with a logarithmic link, `ŷ = e^(b + w·z)`, for one value a row: squared error (power 0),
/// Poisson (1), compound Poisson and gamma (between 1 and 2) or gamma (2).
///
/// `min Σ_i ω_i d_p(y_i, ŷ_i) / (2 Σ ω) + α/2 Σ w²` with the unit deviance `d_p` of Tweedie's family. The intercept is not
/// penalised. `z` are the features, standardised by their weighted means and standard deviations in the training rows unless
/// `standardise` is off.
///
/// L-BFGS preconditioned by the expected curvature; some tens of passes over the rows, `4 n p` operations each. Weights are
/// honoured, which linfa's own does not.
///
/// # Errors
/// [`Error::NotConverged`] where some slope is still above `tolerance` times the scale of the target after `steps` steps;
/// [`Error::Parameter`]; [`Error::Unsupported`] for classes, several values, values that the power does not allow
/// (negative ones from 1 on, 0 at 2) or whose mean is not above 0, categories or missing values; [`Error::NotFinite`].
///
/// Source: Nelder, Wedderburn (1972), "Generalized linear models"; Jørgensen (1987) for the family.
///
/// ```
/// use consort_core::{Column, Dataset, Features, FitContext, Samples, Seed, Target};
/// use consort_linfa::Glm;
/// let x = Column::Numeric { name: "x".into(), values: vec![0.0, 1.0, 2.0] };
/// let y = Target::from_values(vec![1.0, 2.0, 4.0], "y")?;
/// let data = Dataset::new(Features::Columns(vec![x]))?.with_target(y)?;
/// let model = Glm { alpha: 0.0, ..Glm::default() }.regress(&Samples::all(&data), &FitContext::new(Seed::new(0)))?;
/// assert!((model.link().coefficients(0)[0] - 2f64.ln()).abs() < 1e-4);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Glm {
    /// The power `p` of the variance, `Var(y) ∝ μ^p`: 0, or from 1 to 2.
    pub power: f64,
    /// The penalty.
    pub alpha: f64,
    /// Whether features are standardised before the fit.
    pub standardise: bool,
    /// The steepest slope that is left, as a share of `ȳ^(2−p)`.
    pub tolerance: f64,
    /// The most steps of the search.
    pub steps: usize,
}

impl Default for Glm {
    fn default() -> Self {
        Self { power: 1.0, alpha: 1e-3, standardise: true, tolerance: 1e-6, steps: 1000 }
    }
}

const BY: &str = "the generalised linear model";

impl Glm {
    /// With this power.
    pub fn power(mut self, power: f64) -> Self {
        self.power = power;
        self
    }

    /// With this penalty.
    pub fn alpha(mut self, alpha: f64) -> Self {
        self.alpha = alpha;
        self
    }

    /// Refuses what is out of range.
    ///
    /// # Errors
    /// [`Error::Parameter`].
    pub fn check(&self) -> Result<()> {
        if !(self.power == 0.0 || (1.0..=2.0).contains(&self.power)) {
            return Err(Error::parameter("power", self.power, "0, or from 1 to 2"));
        }
        if !(self.alpha.is_finite() && self.alpha >= 0.0) {
            return Err(Error::parameter("alpha", self.alpha, "finite and at least 0"));
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
    pub fn regress(&self, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<GlmModel> {
        self.check()?;
        ctx.install(|| {
            let train = Training::new(BY, train)?;
            let target = train.values()?;
            let refused = |what: String, hint: &str| Error::Unsupported { by: BY.into(), what, hint: hint.into() };
            if target.names.len() != 1 {
                return Err(refused("several values a row".into(), "fit one model a target"));
            }
            let least = target.values.iter().copied().fold(f64::INFINITY, f64::min);
            if (self.power >= 1.0 && least < 0.0) || (self.power == 2.0 && least == 0.0) {
                let what = format!("a target of {least} with power {}", self.power);
                return Err(refused(what, "powers from 1 on need values of at least 0, power 2 values above 0"));
            }
            let mean = target.means(train.weights.as_deref()).first().copied().unwrap_or(0.0);
            if mean <= 0.0 {
                return Err(refused(format!("a target of mean {mean}"), "the logarithmic link needs a mean above 0"));
            }
            let standard = if self.standardise { Standard::of(&train) } else { Standard::centred(&train) };
            ctx.check()?;
            let tiles = Tiles::new(&train, &standard);
            let mut start = vec![0.0; train.width() + 1];
            start[train.width()] = mean.ln();
            let likelihood = Tweedie { train: &train, values: &target.values, power: self.power };
            let (total, penalty) = (train.total(), self.alpha);
            let penalised = Penalised { tiles: &tiles, likelihood: &likelihood, total, penalty, intercept: true };
            let tolerance = self.tolerance * mean.powf(2.0 - self.power);
            let mut unknowns = penalised.minimise(BY, start, tolerance, self.steps, ctx)?;
            let intercept = unknowns.pop().unwrap_or(0.0);
            let penalty = Some(self.alpha);
            Ok(GlmModel {
                link: LinearModel::new(train.schema, target.names, unknowns, &standard, &[intercept], penalty),
            })
        })
    }
}

#[typetag::serde(name = "glm")]
impl Learner for Glm {
    fn name(&self) -> String {
        "glm".into()
    }

    fn takes(&self) -> Takes {
        Takes { categories: false, missing: false, weights: true }
    }

    fn fit(&self, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<Box<dyn Model>> {
        let model = self.regress(train, ctx)?;
        ctx.progress.step(self.steps as u64, self.steps as u64, "fitted");
        Ok(Box::new(model))
    }
}

/// A fitted [`Glm`]: `ŷ = e^(b + w·x)`.
///
/// ```
/// # use consort_core::{Column, Dataset, Features, FitContext, Samples, Seed, Target};
/// # use consort_linfa::Glm;
/// # let x = Column::Numeric { name: "x".into(), values: vec![0.0, 1.0, 2.0] };
/// # let y = Target::from_values(vec![1.0, 2.0, 4.0], "y")?;
/// # let data = Dataset::new(Features::Columns(vec![x]))?.with_target(y)?;
/// let model = Glm::default().regress(&Samples::all(&data), &FitContext::new(Seed::new(0)))?;
/// assert_eq!(model.link().features(), ["x"]);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GlmModel {
    link: LinearModel,
}

impl GlmModel {
    /// The linear model of `ln ŷ`.
    pub fn link(&self) -> &LinearModel {
        &self.link
    }
}

#[typetag::serde(name = "glm")]
impl Model for GlmModel {
    fn predict(&self, rows: &Samples<'_>) -> Result<Matrix> {
        self.link.predictions(BY, rows, f64::exp)
    }
}
