use consort_core::{Classes, Error, FitContext, Learner, Matrix, Model, Result, Samples, Takes};
use serde::{Deserialize, Serialize};

use super::{
    log_linear::{LogLinear, counts},
    multinomial_nb::above_zero,
};
use crate::{classes::Present, dense::Training};

/// Bernoulli naive Bayes, for yes-or-no features: a feature above the threshold is a yes.
///
/// `ln p(c, x) = ln π_c + Σ_j [x_j ln q_cj + (1 − x_j) ln(1 − q_cj)]` with the share `π_c` of the class and
/// `q_cj = (N_cj + α) / (N_c + 2α)`, where `N_cj` is the weight of the rows of the class that say yes, and `N_c` that of all
/// its rows. Unlike [`MultinomialNb`](super::MultinomialNb) it counts what is absent.
///
/// A class that the training rows lack has probability 0. One pass over the rows, `n p` operations. Weights are honoured.
///
/// # Errors
/// [`Error::Parameter`]; [`Error::Unsupported`] for values, categories or missing values; [`Error::NotFinite`].
///
/// Source: McCallum, Nigam (1998), "A comparison of event models for naive Bayes text classification".
///
/// ```
/// use consort_core::{Classes, Column, Dataset, Features, FitContext, Learner, Samples, Seed, Target};
/// use consort_linfa::BernoulliNb;
/// let fever = Column::Numeric { name: "fever".into(), values: vec![0.0, 0.0, 1.0, 1.0] };
/// let classes = Classes::new(["healthy", "ill"])?;
/// let y = Target::from_labels(["healthy", "healthy", "ill", "ill"], &classes, "y")?;
/// let data = Dataset::new(Features::Columns(vec![fever]))?.with_target(y)?;
/// let model = BernoulliNb::default().fit(&Samples::all(&data), &FitContext::new(Seed::new(0)))?;
/// assert!((model.predict(&Samples::all(&data))?.at(2, 1) - 0.75).abs() < 1e-6); // (2 + 1) / (2 + 2)
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BernoulliNb {
    /// What is added to each count of yes and of no.
    pub alpha: f64,
    /// A number above it is a yes.
    pub threshold: f64,
}

impl Default for BernoulliNb {
    fn default() -> Self {
        Self { alpha: 1.0, threshold: 0.0 }
    }
}

const BY: &str = "Bernoulli naive Bayes";

impl BernoulliNb {
    /// With this addition to each count.
    pub fn alpha(mut self, alpha: f64) -> Self {
        self.alpha = alpha;
        self
    }

    /// With this threshold.
    pub fn threshold(mut self, threshold: f64) -> Self {
        self.threshold = threshold;
        self
    }

    /// Refuses what is out of range.
    ///
    /// # Errors
    /// [`Error::Parameter`] for an addition that is not above 0 or a threshold that is no number.
    pub fn check(&self) -> Result<()> {
        if !self.threshold.is_finite() {
            return Err(Error::parameter("threshold", self.threshold, "finite"));
        }
        above_zero(self.alpha)
    }

    /// The fit, with its own type.
    ///
    /// # Errors
    /// As [`Learner::fit`].
    pub fn classify(&self, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<BernoulliNbModel> {
        self.check()?;
        ctx.install(|| {
            let train = Training::new(BY, train)?;
            let target = train.classes()?;
            let (width, total) = (train.width(), train.total());
            let shares = target.shares(&train);
            ctx.check()?;
            let mut slopes = counts(&train, &target, |x| yes(x, self.threshold));
            let mut constants: Vec<f64> = shares.iter().map(|share| share.ln()).collect();
            let of_classes = slopes.chunks_exact_mut(width.max(1)).zip(&mut constants).zip(&shares);
            for ((own, constant), share) in of_classes {
                let all = share * total + 2.0 * self.alpha;
                for n in own {
                    // Weights of all rows and of those that say yes may differ by rounding.
                    let no = (all - *n - self.alpha).max(self.alpha) / all;
                    *constant += no.ln();
                    *n = ((*n + self.alpha) / all).ln() - no.ln();
                }
            }
            let present = Present::new(target);
            let scores = LogLinear { features: train.schema, present, constants, slopes };
            Ok(BernoulliNbModel { threshold: self.threshold, scores })
        })
    }
}

fn yes(x: f64, threshold: f64) -> f64 {
    if x > threshold { 1.0 } else { 0.0 }
}

#[typetag::serde(name = "bernoulli_nb")]
impl Learner for BernoulliNb {
    fn name(&self) -> String {
        "bnb".into()
    }

    fn takes(&self) -> Takes {
        Takes { categories: false, missing: false, weights: true }
    }

    fn fit(&self, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<Box<dyn Model>> {
        let model = self.classify(train, ctx)?;
        ctx.progress.step(1, 1, "fitted");
        Ok(Box::new(model))
    }
}

/// A fitted [`BernoulliNb`].
///
/// ```
/// # use consort_core::{Classes, Column, Dataset, Features, FitContext, Samples, Seed, Target};
/// # use consort_linfa::BernoulliNb;
/// # let x = Column::Numeric { name: "x".into(), values: vec![0.0, 1.0] };
/// # let classes = Classes::new(["no", "yes"])?;
/// # let y = Target::from_labels(["no", "yes"], &classes, "y")?;
/// # let data = Dataset::new(Features::Columns(vec![x]))?.with_target(y)?;
/// let model = BernoulliNb::default().classify(&Samples::all(&data), &FitContext::new(Seed::new(0)))?;
/// assert!((model.log_odds(1)[0] - 2.0f64.ln()).abs() < 1e-12); // ⅔ yes against ⅓ no
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BernoulliNbModel {
    threshold: f64,
    scores: LogLinear,
}

impl BernoulliNbModel {
    /// The classes, in class order.
    pub fn classes(&self) -> &Classes {
        self.scores.present.classes()
    }

    /// `ln q_cj / (1 − q_cj)`, one a feature, in the `c`-th class that the training rows have.
    pub fn log_odds(&self, c: usize) -> &[f64] {
        &self.scores.slopes[c * self.scores.features.len()..(c + 1) * self.scores.features.len()]
    }
}

#[typetag::serde(name = "bernoulli_nb")]
impl Model for BernoulliNbModel {
    fn predict(&self, rows: &Samples<'_>) -> Result<Matrix> {
        self.scores.predict(BY, rows, |x| yes(x, self.threshold))
    }
}
