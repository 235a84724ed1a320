use std::{fmt, sync::Arc};

use consort_core::{
    Direction, Error, Estimates, FitContext, Gives, Learner, Matrix, Metric, PresentRows, Result, Samples, Seed,
    Splitter, Target,
};
use consort_metrics::registry;
use serde::{Deserialize, Serialize};

use super::nested::{Nested, score_of};
use crate::NamedLearner;

/// A probe for leaks: the target is shuffled among the rows, so that features tell nothing about it, and the estimate is
/// made as always. It must fall to chance. If it does not, something reads targets of rows that it is asked about: an
/// encoder or a selection of features fitted on all rows, a learner that looks beyond its training part, a score of
/// rows that were used to choose.
///
/// Chance is measured, not assumed: the same predictions are scored against many more shuffles of the truth, and `p` is the
/// share of them (counting the probe itself) that score as well. Without a leak, `p` is below 0.01 in at most one probe of
/// a hundred. What it does not find is a feature that gives the target away, or a row that stands on both sides: see
/// [`diagnose_data`](super::diagnose_data).
///
/// Cost: `shuffles` whole estimates, and `shuffles` × `permutations` scores.
///
/// Source: permutation tests of classifiers, Golland and Fischl 2003; Ojala and Garriga 2010.
///
/// ```
/// use std::sync::Arc;
/// use consort_core::{Column, Dataset, Features, FitContext, Samples, Seed, Target};
/// use consort_ensemble::estimate::ShuffledTarget;
/// use consort_trees::decision_tree::DecisionTree;
/// let x = Column::Numeric { name: "x".into(), values: (0..100).map(|i| i as f32).collect() };
/// let y = Target::from_values((0..100).map(f64::from).collect(), "y")?;
/// let data = Dataset::new(Features::Columns(vec![x]))?.with_target(y)?;
/// let probe = ShuffledTarget::default();
/// let found = probe.of_recipe(Arc::new(DecisionTree::default()), &Samples::all(&data), &FitContext::new(Seed::new(0)))?;
/// assert!(!found.leaks(), "{found}");
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ShuffledTarget {
    /// How often the target is shuffled and the estimate made.
    pub shuffles: usize,
    /// How many more shuffles of the truth say what chance is.
    pub permutations: usize,
    /// The folds of the estimate of a recipe; `None` for five shuffled ones, stratified for classes.
    pub outer: Option<Arc<dyn Splitter>>,
    /// What is scored; `None` for the usual metric of the task.
    pub metric: Option<Arc<dyn Metric>>,
}

impl Default for ShuffledTarget {
    fn default() -> Self {
        Self { shuffles: 3, permutations: 199, outer: None, metric: None }
    }
}

/// What an estimate says of some rows that it claims not to have seen.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// The rows of the data set.
    pub rows: Vec<u32>,
    /// What is predicted for them, `[rows][outputs]`.
    pub predictions: Matrix,
    /// What the numbers mean.
    pub gives: Gives,
}

/// What a probe found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Probe {
    /// The name of the metric.
    pub metric: String,
    /// Which way it gets better.
    pub direction: Direction,
    /// The score of the estimate at each shuffle of the target.
    pub scores: Vec<f64>,
    /// What the same predictions score on average where nothing can be known.
    pub chance: f64,
    /// How far such scores spread: the standard deviation of the mean over the shuffles.
    pub spread: f64,
    /// How often chance alone scores as well.
    pub p_value: f64,
}

impl Probe {
    /// The level at which a leak is called one.
    pub const LEVEL: f64 = 0.01;

    /// Whether the estimate sees what it must not: chance scores as well in at most one of a hundred.
    pub fn leaks(&self) -> bool {
        self.p_value <= Self::LEVEL
    }
}

impl fmt::Display for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mean = self.scores.iter().sum::<f64>() / self.scores.len().max(1) as f64;
        let Probe { metric, chance, spread, p_value, .. } = self;
        write!(
            f,
            "with the target shuffled, {metric} is {mean:.4}; chance gives {chance:.4} ± {spread:.4} (p = {p_value:.3}): "
        )?;
        f.write_str(if self.leaks() {
            "the estimate sees targets that it must not see; fit encoders, selections and weights inside each fold"
        } else {
            "no leak is seen"
        })
    }
}

impl ShuffledTarget {
    /// With these folds for the estimate of a recipe.
    pub fn outer(mut self, splitter: impl Splitter + 'static) -> Self {
        self.outer = Some(Arc::new(splitter));
        self
    }

    /// With this metric.
    pub fn metric(mut self, metric: Arc<dyn Metric>) -> Self {
        self.metric = Some(metric);
        self
    }

    /// Probes the cross-validation of a recipe, whatever is in it.
    ///
    /// # Errors
    /// If a parameter is out of range, the metric does not suit the target, and those of the fits.
    pub fn of_recipe(&self, recipe: Arc<dyn Learner>, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<Probe> {
        let recipe = [NamedLearner { name: "recipe".into(), learner: recipe }];
        let nested = Nested { outer: self.outer.clone(), metric: self.metric.clone(), ..Nested::default() };
        self.of(train, ctx, |samples, seed| {
            let found = nested.run(&recipe, samples, &FitContext { seed, ..*ctx })?;
            let gives = found.gives();
            Ok(Told { predictions: found.out_of_fold.predictions.to_matrix(0), rows: found.out_of_fold.rows, gives })
        })
    }

    /// Probes any estimate: `estimate` gets samples with a shuffled target, and says what it says of rows that it claims
    /// not to have seen.
    ///
    /// # Errors
    /// If a parameter is out of range, the metric does not suit the target or has no value on it, and those of `estimate`.
    pub fn of(
        &self,
        train: &Samples<'_>,
        ctx: &FitContext<'_>,
        estimate: impl Fn(&Samples<'_>, Seed) -> Result<Told>,
    ) -> Result<Probe> {
        for (name, value) in [("shuffles", self.shuffles), ("permutations", self.permutations)] {
            if value == 0 {
                return Err(Error::parameter(name, value, "at least 1"));
            }
        }
        let data = train.dataset();
        let target = data.target_for("the probe for leaks")?;
        let metric = self.metric.clone().unwrap_or_else(|| registry::default_for(target.outputs().task()));
        let PresentRows { rows, .. } = PresentRows::of(train)?;
        let weights = train.row_weights();
        let mut scores = Vec::with_capacity(self.shuffles);
        // The sum over the shuffles, for each permutation.
        let mut by_chance = vec![0.0; self.permutations];
        for shuffle in 0..self.shuffles {
            ctx.check()?;
            let seed = ctx.seed.nth("shuffle", shuffle as u64);
            let shuffled = shuffled(target, &rows, seed.child("target"));
            let other = data.clone().with_target(shuffled)?;
            let mut samples = match train.row_numbers() {
                None => Samples::all(&other),
                Some(numbers) => Samples::rows(&other, numbers)?,
            };
            if let Some(weights) = train.weights() {
                samples = samples.with_weights(weights)?;
            }
            let told = estimate(&samples, seed.child("estimate"))?;
            let predicted = Estimates::matrix(&told.predictions, told.gives);
            let score = |target: &Target| {
                let score = score_of(&*metric, &predicted, target, weights.as_deref(), &told.rows)?;
                score.value().ok_or_else(|| Error::Unsupported {
                    by: format!("`{}`", metric.name()),
                    what: format!("these rows: {}", score.reason().unwrap_or("it has no value")),
                    hint: "choose another metric for the probe".into(),
                })
            };
            let truth = samples.dataset().target_for("the probe for leaks")?;
            scores.push(score(truth)?);
            for (permutation, sum) in by_chance.iter_mut().enumerate() {
                let seed = seed.nth("permutation", permutation as u64);
                *sum += score(&self::shuffled(truth, &told.rows, seed))?;
            }
            ctx.progress.step(shuffle as u64 + 1, self.shuffles as u64, "");
        }
        let direction = metric.direction();
        let own = direction.cost(scores.iter().sum());
        let as_good = by_chance.iter().filter(|sum| direction.cost(**sum) <= own).count();
        let count = self.permutations as f64;
        by_chance.iter_mut().for_each(|sum| *sum /= self.shuffles as f64);
        let chance = by_chance.iter().sum::<f64>() / count;
        let spread = (by_chance.iter().map(|x| (x - chance).powi(2)).sum::<f64>() / count).sqrt();
        let p_value = (as_good as f64 + 1.0) / (count + 1.0);
        Ok(Probe { metric: metric.name(), direction, scores, chance, spread, p_value })
    }
}

/// The target with the answers of these rows in a random order among them.
fn shuffled(target: &Target, rows: &[u32], seed: Seed) -> Target {
    let mut from = rows.to_vec();
    seed.stream().shuffle(&mut from);
    let mut order: Vec<u32> = (0..target.rows() as u32).collect();
    rows.iter().zip(from).for_each(|(&row, other)| order[row as usize] = other);
    target.take(&order)
}
