use std::{sync::Arc, time::Duration};

use consort_core::{
    Direction, Error, Estimates, FitContext, Fold, Gives, Matrix, Metric, Result, Samples, Score, Split, Splitter,
    Truth, Warning,
};
use consort_metrics::{
    registry,
    significance::{Interval, TestResult, corrected_resampled_interval, corrected_resampled_t},
};
use serde::{Deserialize, Serialize};

use crate::{
    NamedLearner,
    cross_fit::{CrossFit, OutOfFold, split},
};

/// Nested cross-validation of whole recipes: each is fitted anew on the training part of every outer fold, with all that it
/// chooses inside (inner folds, weights, members, early stopping), and scored on the outer test part.
///
/// A stack's own out-of-fold score is a little too good, since its fusion was chosen on those rows; this one is not.
/// All recipes see the same outer folds, so that their differences can be tested. Cost: as many fits of each recipe as
/// there are outer folds.
///
/// Source: Stone 1974; Varma and Simon 2006; Cawley and Talbot 2010.
///
/// ```
/// use consort_core::{Column, Dataset, Features, FitContext, Samples, Seed, Target};
/// use consort_ensemble::{NamedLearner, estimate::Nested, stack::Stacking};
/// use consort_trees::decision_tree::DecisionTree;
/// let x = Column::Numeric { name: "x".into(), values: (0..100).map(|i| i as f32).collect() };
/// let y = Target::from_values((0..100).map(f64::from).collect(), "y")?;
/// let data = Dataset::new(Features::Columns(vec![x]))?.with_target(y)?;
/// let trees = |depths: [usize; 2]| depths.map(|d| NamedLearner::new(format!("tree {d}"), DecisionTree::default().depth(d)));
/// let recipes = [
///     NamedLearner::new("stack", Stacking::linear(trees([2, 6]).to_vec())),
///     NamedLearner::new("stump", DecisionTree::default().depth(1)),
/// ];
/// let scores = Nested::default().run(&recipes, &Samples::all(&data), &FitContext::new(Seed::new(0)))?;
/// assert!(scores.recipes[0].pooled.value() < scores.recipes[1].pooled.value());
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Nested {
    /// Which rows are the outer test; `None` for five shuffled folds, stratified for classes.
    pub outer: Option<Arc<dyn Splitter>>,
    /// What is scored; `None` for the usual metric of the task.
    pub metric: Option<Arc<dyn Metric>>,
    /// The level of the intervals.
    pub level: f64,
}

impl Default for Nested {
    fn default() -> Self {
        Self { outer: None, metric: None, level: 0.95 }
    }
}

/// What nested cross-validation found.
#[derive(Debug, Clone)]
pub struct NestedScores {
    /// The name of the metric.
    pub metric: String,
    /// Which way it gets better.
    pub direction: Direction,
    /// The recipes, in the order given.
    pub recipes: Vec<RecipeScores>,
    /// The recipes' predictions of the outer test rows, one member a recipe: for other metrics, charts, fusions.
    pub out_of_fold: OutOfFold,
    /// The outer folds, by rows of the data set.
    pub folds: Vec<Fold>,
    /// What is odd about the folds.
    pub warnings: Vec<Warning>,
}

/// The scores of one recipe.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecipeScores {
    /// Its name.
    pub name: String,
    /// The score of each outer fold.
    pub folds: Vec<Score>,
    /// The mean over the folds.
    pub mean: Score,
    /// The interval of that mean, widened for the training rows that folds share (Nadeau and Bengio 2003); `None` for
    /// fewer than two folds, or where a fold has no score.
    pub interval: Option<Interval>,
    /// The score of all outer test rows together; of repeats, of their mean.
    pub pooled: Score,
    /// How long all fits took.
    pub fit_time: Duration,
}

impl Nested {
    /// With these outer folds.
    pub fn outer(mut self, splitter: impl Splitter + 'static) -> Self {
        self.outer = Some(Arc::new(splitter));
        self
    }

    /// With this metric.
    pub fn metric(mut self, metric: Arc<dyn Metric>) -> Self {
        self.metric = Some(metric);
        self
    }

    /// Scores the recipes on these samples.
    ///
    /// # Errors
    /// If the level is out of range, the metric does not suit the target, the rows cannot be split, or a recipe cannot be
    /// fitted.
    pub fn run(&self, recipes: &[NamedLearner], train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<NestedScores> {
        if !(self.level > 0.0 && self.level < 1.0) {
            return Err(Error::parameter("level", self.level, "above 0 and below 1"));
        }
        let target = train.dataset().target_for("nested cross-validation")?;
        let outputs = target.outputs();
        let metric = self.metric.clone().unwrap_or_else(|| registry::default_for(outputs.task()));
        if !metric.suits(outputs.task()) {
            return Err(Error::Unsupported {
                by: format!("`{}`", metric.name()),
                what: format!("a target of {}", outputs.task()),
                hint: "choose another metric".into(),
            });
        }
        let (Split { folds, warnings }, weights) =
            split(train, self.outer.as_ref(), ctx.seed.child("outer"), "nested cross-validation")?;
        let mut samples = Samples::all(train.dataset());
        if let Some(weights) = &weights {
            samples = samples.with_weights(weights)?;
        }
        let fitted = CrossFit::new(samples, &folds, ctx.seed.child("recipes"))
            .threads(ctx.threads)
            .progress(ctx.progress)
            .cancel(ctx.cancel)
            .run(recipes)?;
        let out_of_fold = fitted.predictions()?;
        let gives = outputs.gives();
        let score =
            |predicted: &Estimates<'_>, rows: &[u32]| score_of(&*metric, predicted, target, weights.as_deref(), rows);
        let sizes = folds.iter().map(|fold| [fold.test.len() as f64, fold.train.len() as f64]);
        let [tested, learnt] = sizes.fold([0.0, 0.0], |[a, b], [c, d]| [a + c, b + d]);
        let mut scored = Vec::with_capacity(recipes.len());
        for (m, member) in fitted.members().iter().enumerate() {
            let empty = Matrix::zeros(0, outputs.len());
            let of_fold = |(fit, fold): (&crate::cross_fit::Fit, &Fold)| {
                score(&Estimates::matrix(fit.predictions.as_ref().unwrap_or(&empty), gives), &fold.test)
            };
            let of_folds: Vec<Score> = member.fits.iter().zip(&folds).map(of_fold).collect::<Result<_>>()?;
            let values: Option<Vec<f64>> = of_folds.iter().map(Score::value).collect();
            let (mean, interval) = match &values {
                Some(values) => {
                    let mean = values.iter().sum::<f64>() / values.len() as f64;
                    (
                        Score::from(mean),
                        corrected_resampled_interval(values, tested, learnt, self.level)?
                            .map(|interval| interval.within(&*metric)),
                    )
                }
                None => (
                    of_folds.iter().find(|score| score.value().is_none()).cloned().unwrap_or(Score::from(f64::NAN)),
                    None,
                ),
            };
            scored.push(RecipeScores {
                name: member.name.clone(),
                mean,
                interval,
                pooled: score(&out_of_fold.predictions.estimates(m), &out_of_fold.rows)?,
                folds: of_folds,
                fit_time: member.fit_time(),
            });
        }
        Ok(NestedScores {
            metric: metric.name(),
            direction: metric.direction(),
            recipes: scored,
            out_of_fold,
            folds,
            warnings,
        })
    }
}

/// The score of predictions of some rows of the data set.
pub(super) fn score_of(
    metric: &dyn Metric,
    predicted: &Estimates<'_>,
    target: &consort_core::Target,
    weights: Option<&[f64]>,
    rows: &[u32],
) -> Result<Score> {
    let target = target.take(rows);
    let own: Option<Vec<f64>> = weights.map(|weights| rows.iter().map(|&row| weights[row as usize]).collect());
    let truth = Truth::with(&target, own.as_deref())?;
    metric.score(predicted, &truth)
}

impl NestedScores {
    /// Whether two recipes differ by more than luck, from the differences of their scores in each outer fold
    /// (Nadeau and Bengio 2003).
    ///
    /// # Errors
    /// [`Error::UnknownName`] for a name that no recipe bears.
    pub fn compare(&self, a: &str, b: &str) -> Result<TestResult> {
        let find = |name: &str| {
            self.recipes.iter().find(|recipe| recipe.name == name).ok_or_else(|| {
                let names: Vec<&str> = self.recipes.iter().map(|recipe| recipe.name.as_str()).collect();
                Error::UnknownName {
                    what: "recipe",
                    name: name.into(),
                    known: format!("there are {}", names.join(", ")),
                }
            })
        };
        let (a, b) = (find(a)?, find(b)?);
        let differences: Vec<f64> =
            a.folds.iter().zip(&b.folds).filter_map(|(a, b)| Some(a.value()? - b.value()?)).collect();
        let rows = |part: fn(&Fold) -> usize| self.folds.iter().map(part).sum::<usize>() as f64;
        corrected_resampled_t(&differences, rows(|fold| fold.test.len()), rows(|fold| fold.train.len()))
    }

    /// What a prediction's numbers mean.
    pub fn gives(&self) -> Gives {
        self.out_of_fold.predictions.outputs().gives()
    }
}
