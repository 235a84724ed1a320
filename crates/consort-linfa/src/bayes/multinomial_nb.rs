use consort_core::{Classes, Error, FitContext, Learner, Matrix, Model, Result, Samples, Takes};
use serde::{Deserialize, Serialize};

use super::log_linear::{LogLinear, counts};
use crate::{classes::Present, dense::Training};

/// Multinomial naive Bayes, for counts: words of a text, events of a day.
///
/// `ln p(c, x) = ln π_c + Σ_j x_j ln θ_cj` with the share `π_c` of the class and
/// `θ_cj = (N_cj + α) / (Σ_j N_cj + α p)`, where `N_cj` is the weighted sum of feature `j` over the rows of the class.
/// Probabilities by a softmax of the logarithms, so any number of features does not underflow.
///
/// A class that the training rows lack has probability 0. One pass over the rows, `n p` operations. Weights are honoured.
///
/// # Errors
/// [`Error::Parameter`]; [`Error::Unsupported`] for a feature below 0, for values, categories or missing values;
/// [`Error::NotFinite`].
///
/// Source: McCallum, Nigam (1998), "A comparison of event models for naive Bayes text classification".
///
/// ```
/// use consort_core::{Classes, Column, Dataset, Features, FitContext, Learner, Samples, Seed, Target};
/// use consort_linfa::MultinomialNb;
/// let offer = Column::Numeric { name: "offer".into(), values: vec![0.0, 1.0, 4.0, 3.0] };
/// let meeting = Column::Numeric { name: "meeting".into(), values: vec![3.0, 2.0, 0.0, 0.0] };
/// let classes = Classes::new(["mail", "spam"])?;
/// let y = Target::from_labels(["mail", "mail", "spam", "spam"], &classes, "y")?;
/// let data = Dataset::new(Features::Columns(vec![offer, meeting]))?.with_target(y)?;
/// let model = MultinomialNb::default().fit(&Samples::all(&data), &FitContext::new(Seed::new(0)))?;
/// assert!(model.predict(&Samples::all(&data))?.at(2, 1) > 0.9);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MultinomialNb {
    /// What is added to each count (Laplace 1, Lidstone less), so that a word never seen is not impossible.
    pub alpha: f64,
}

impl Default for MultinomialNb {
    fn default() -> Self {
        Self { alpha: 1.0 }
    }
}

const BY: &str = "multinomial naive Bayes";

impl MultinomialNb {
    /// With this addition to each count.
    pub fn alpha(mut self, alpha: f64) -> Self {
        self.alpha = alpha;
        self
    }

    /// Refuses what is out of range.
    ///
    /// # Errors
    /// [`Error::Parameter`] for an addition that is not above 0.
    pub fn check(&self) -> Result<()> {
        above_zero(self.alpha)
    }

    /// The fit, with its own type.
    ///
    /// # Errors
    /// As [`Learner::fit`].
    pub fn classify(&self, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<MultinomialNbModel> {
        self.check()?;
        ctx.install(|| {
            let train = Training::new(BY, train)?;
            let target = train.classes()?;
            let width = train.width();
            refuse_negative(&train)?;
            ctx.check()?;
            let mut slopes = counts(&train, &target, |x| x);
            for own in slopes.chunks_exact_mut(width.max(1)) {
                let total = own.iter().sum::<f64>() + self.alpha * width as f64;
                own.iter_mut().for_each(|n| *n = ((*n + self.alpha) / total).ln());
            }
            let constants = target.shares(&train).into_iter().map(f64::ln).collect();
            let present = Present::new(target);
            Ok(MultinomialNbModel(LogLinear { features: train.schema, present, constants, slopes }))
        })
    }
}

pub(super) fn above_zero(alpha: f64) -> Result<()> {
    if alpha.is_finite() && alpha > 0.0 {
        return Ok(());
    }
    Err(Error::parameter("alpha", alpha, "finite and above 0"))
}

/// Counts are never below 0; the first row that has one decides, in it the first column.
fn refuse_negative(train: &Training<'_>) -> Result<()> {
    let first = consort_core::blocks::map(train.len(), |block| {
        block.into_iter().find_map(|i| (0..train.width()).find(|&j| train.table.at(i, j) < 0.0).map(|j| (i, j)))
    });
    let Some((i, j)) = first.into_iter().flatten().next() else { return Ok(()) };
    Err(Error::Unsupported {
        by: BY.into(),
        what: format!(
            "a number below 0: row {}, column `{}` is {}",
            train.table.row(i) + 1,
            train.schema.names()[j],
            train.table.at(i, j)
        ),
        hint: "features are counts or shares; for other numbers take Gaussian naive Bayes".into(),
    })
}

#[typetag::serde(name = "multinomial_nb")]
impl Learner for MultinomialNb {
    fn name(&self) -> String {
        "mnb".into()
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

/// A fitted [`MultinomialNb`].
///
/// ```
/// # use consort_core::{Classes, Column, Dataset, Features, FitContext, Samples, Seed, Target};
/// # use consort_linfa::MultinomialNb;
/// # let x = Column::Numeric { name: "x".into(), values: vec![0.0, 1.0] };
/// # let z = Column::Numeric { name: "z".into(), values: vec![2.0, 0.0] };
/// # let classes = Classes::new(["no", "yes"])?;
/// # let y = Target::from_labels(["no", "yes"], &classes, "y")?;
/// # let data = Dataset::new(Features::Columns(vec![x, z]))?.with_target(y)?;
/// let model = MultinomialNb::default().classify(&Samples::all(&data), &FitContext::new(Seed::new(0)))?;
/// assert_eq!(model.log_shares(0)[0], (1.0f64 / 4.0).ln()); // (0 + 1) / (2 + 2)
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MultinomialNbModel(LogLinear);

impl MultinomialNbModel {
    /// The classes, in class order.
    pub fn classes(&self) -> &Classes {
        self.0.present.classes()
    }

    /// `ln θ_cj`, one a feature, in the `c`-th class that the training rows have.
    pub fn log_shares(&self, c: usize) -> &[f64] {
        &self.0.slopes[c * self.0.features.len()..(c + 1) * self.0.features.len()]
    }
}

#[typetag::serde(name = "multinomial_nb")]
impl Model for MultinomialNbModel {
    fn predict(&self, rows: &Samples<'_>) -> Result<Matrix> {
        self.0.predict(BY, rows, |x| x)
    }
}
