use consort_core::{FitContext, Learner, Model, Result, Samples, Takes};
use serde::{Deserialize, Serialize};

use super::{ElasticNet, LinearModel};

/// The lasso: `min Σ_i ω_i (y_i − b − w·x_i)² / (2 Σ ω) + α Σ |w|`, which leaves many coefficients at 0.
///
/// It is the [`ElasticNet`] with all of its penalty on sizes; what is said there holds here.
///
/// # Errors
/// As [`ElasticNet`].
///
/// Source: Tibshirani (1996), "Regression shrinkage and selection via the lasso".
///
/// ```
/// use consort_core::{Column, Dataset, Features, FitContext, Samples, Seed, Target};
/// use consort_linfa::Lasso;
/// let x = Column::Numeric { name: "x".into(), values: vec![-1.0, 0.0, 1.0] };
/// let y = Target::from_values(vec![-3.0, 0.0, 3.0], "y")?;
/// let data = Dataset::new(Features::Columns(vec![x]))?.with_target(y)?;
/// let model = Lasso { alpha: 2.0, ..Lasso::default() }.regress(&Samples::all(&data), &FitContext::new(Seed::new(0)))?;
/// assert_eq!(model.coefficients(0), [0.0]);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Lasso {
    /// The penalty `α`.
    pub alpha: f64,
    /// Whether there is a constant `b`.
    pub intercept: bool,
    /// The duality gap that is left, as a share of the variance of the target.
    pub tolerance: f64,
    /// The most sweeps over the features.
    pub steps: usize,
}

impl Default for Lasso {
    fn default() -> Self {
        let ElasticNet { alpha, intercept, tolerance, steps, .. } = ElasticNet::default();
        Self { alpha, intercept, tolerance, steps }
    }
}

impl Lasso {
    /// With this penalty.
    pub fn alpha(mut self, alpha: f64) -> Self {
        self.alpha = alpha;
        self
    }

    fn net(&self) -> ElasticNet {
        let &Lasso { alpha, intercept, tolerance, steps } = self;
        ElasticNet { alpha, l1_ratio: 1.0, intercept, tolerance, steps }
    }

    /// Refuses what is out of range.
    ///
    /// # Errors
    /// As [`ElasticNet::check`].
    pub fn check(&self) -> Result<()> {
        self.net().check()
    }

    /// The fit, with its own type.
    ///
    /// # Errors
    /// As [`Learner::fit`].
    pub fn regress(&self, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<LinearModel> {
        self.net().regress(train, ctx)
    }
}

#[typetag::serde(name = "lasso")]
impl Learner for Lasso {
    fn name(&self) -> String {
        "lasso".into()
    }

    fn takes(&self) -> Takes {
        self.net().takes()
    }

    fn fit(&self, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<Box<dyn Model>> {
        let model = self.regress(train, ctx)?;
        ctx.progress.step(1, 1, "fitted");
        Ok(Box::new(model))
    }
}
