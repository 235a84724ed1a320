use consort_core::{Error, FitContext, Learner, Model, Result, Samples, Takes};
use serde::{Deserialize, Serialize};

use super::{LogisticModel, odds::Odds, softmax::Softmax};
use crate::{
    dense::{ClassTarget, Standard, Tiles, Training},
    descent::{Likelihood, Penalised},
};

/// Logistic regression of two classes or of more, with an L2 penalty: `min C Σ_i ω_i l_i + ½ Σ w²`.
///
/// Two classes: `p = 1 / (1 + e^−(b + w·z))` is the probability of the second in class order. More: the softmax of a score
/// a class (multinomial). Of the classes only those of the training rows take part; the others have probability 0, and
/// with one class alone it has probability 1. The intercepts are not penalised. `z` are the features, standardised by
/// their weighted means and standard deviations in the training rows unless `standardise` is off; the penalty is on the
/// coefficients of `z`.
///
/// L-BFGS, preconditioned by the Hessian's block of each class on about 20,000 rows: mostly 5 to 15 passes over the rows,
/// `4 n p K` operations each; one copy of the rows as `f64`. linfa's own solver ignores weights and was several times
/// slower than scikit-learn's, so this one is used. Weights are honoured.
///
/// # Errors
/// [`Error::NotConverged`] where some slope of the mean loss is still above `tolerance` after `steps` steps;
/// [`Error::Parameter`]; [`Error::Unsupported`] for values, categories or missing values; [`Error::NotFinite`].
///
/// Source: Berkson (1944); Cox (1958), "The regression analysis of binary sequences"; Liu, Nocedal (1989).
///
/// ```
/// use consort_core::{Classes, Column, Dataset, Features, FitContext, Learner, Samples, Seed, Target};
/// use consort_linfa::LogisticRegression;
/// let x = Column::Numeric { name: "x".into(), values: vec![0.0, 1.0, 2.0, 3.0] };
/// let classes = Classes::new(["no", "yes"])?;
/// let y = Target::from_labels(["no", "no", "yes", "yes"], &classes, "y")?;
/// let data = Dataset::new(Features::Columns(vec![x]))?.with_target(y)?;
/// let model = LogisticRegression::default().fit(&Samples::all(&data), &FitContext::new(Seed::new(0)))?;
/// let predicted = model.predict(&Samples::all(&data))?;
/// assert!(predicted.at(0, 0) > 0.7 && predicted.at(3, 1) > 0.7);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogisticRegression {
    /// The inverse of the penalty: greater trusts the rows more.
    pub c: f64,
    /// Whether features are standardised before the fit; it is part of the model.
    pub standardise: bool,
    /// Whether there are constants `b`.
    pub intercept: bool,
    /// The steepest slope of the penalised mean loss that is left.
    pub tolerance: f64,
    /// The most steps of the search.
    pub steps: usize,
}

impl Default for LogisticRegression {
    fn default() -> Self {
        Self { c: 1.0, standardise: true, intercept: true, tolerance: 1e-6, steps: 1000 }
    }
}

const BY: &str = "logistic regression";

impl LogisticRegression {
    /// With this inverse of the penalty.
    pub fn c(mut self, c: f64) -> Self {
        self.c = c;
        self
    }

    /// With or without standardised features.
    pub fn standardise(mut self, standardise: bool) -> Self {
        self.standardise = standardise;
        self
    }

    /// With or without constants.
    pub fn intercept(mut self, intercept: bool) -> Self {
        self.intercept = intercept;
        self
    }

    /// With this tolerance.
    pub fn tolerance(mut self, tolerance: f64) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// With at most this many steps.
    pub fn steps(mut self, steps: usize) -> Self {
        self.steps = steps;
        self
    }

    /// Refuses what is out of range.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a `c` or tolerance that is not above 0, or no steps.
    pub fn check(&self) -> Result<()> {
        for (name, value) in [("c", self.c), ("tolerance", self.tolerance)] {
            if !(value.is_finite() && value > 0.0) {
                return Err(Error::parameter(name, value, "finite and above 0"));
            }
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
    pub fn classify(&self, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<LogisticModel> {
        self.check()?;
        ctx.install(|| {
            let train = Training::new(BY, train)?;
            let target = train.classes()?;
            let standard = match (self.standardise, self.intercept) {
                (true, _) => Standard::of(&train),
                // With an intercept, centring changes the search and not where it ends.
                (false, true) => Standard::centred(&train),
                (false, false) => Standard::identity(train.width()),
            };
            ctx.check()?;
            let unknowns = match target.present.len() {
                1 => vec![0.0; train.width() + 1],
                2 => self.search(&train, &target, &standard, &Odds { train: &train, target: &target }, ctx)?,
                _ => self.search(&train, &target, &standard, &Softmax { train: &train, target: &target }, ctx)?,
            };
            Ok(LogisticModel::new(train.schema, target, standard, &unknowns))
        })
    }

    fn search<L: Likelihood>(
        &self,
        train: &Training<'_>,
        target: &ClassTarget,
        standard: &Standard,
        likelihood: &L,
        ctx: &FitContext<'_>,
    ) -> Result<Vec<f64>> {
        let (height, outputs) = (train.width() + 1, likelihood.outputs());
        let total = train.total();
        let mut start = vec![0.0; height * outputs];
        if self.intercept {
            // Where no feature tells anything, this is the end already.
            let shares = target.shares(train);
            let logs: Vec<f64> = shares.iter().map(|share| share.ln()).collect();
            let shared = logs.iter().sum::<f64>() / logs.len() as f64;
            match outputs {
                1 => start[height - 1] = logs[1] - logs[0],
                _ => (0..outputs).for_each(|k| start[k * height + height - 1] = logs[k] - shared),
            }
        }
        let tiles = Tiles::new(train, standard);
        let (penalty, intercept) = (1.0 / (self.c * total), self.intercept);
        let penalised = Penalised { tiles: &tiles, likelihood, total, penalty, intercept };
        penalised.minimise(BY, start, self.tolerance, self.steps, ctx)
    }
}

#[typetag::serde(name = "logistic")]
impl Learner for LogisticRegression {
    fn name(&self) -> String {
        "logistic".into()
    }

    fn takes(&self) -> Takes {
        Takes { categories: false, missing: false, weights: true }
    }

    fn fit(&self, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<Box<dyn Model>> {
        let model = self.classify(train, ctx)?;
        ctx.progress.step(self.steps as u64, self.steps as u64, "fitted");
        Ok(Box::new(model))
    }
}
