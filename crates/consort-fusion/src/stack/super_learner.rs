use std::sync::Arc;

use consort_core::{Error, Estimates, Fuser, Fusion, Metric, Predictions, Result, Score, Seed, Truth};
use serde::{Deserialize, Serialize};

use crate::verdict::{NestedSplit, Partitions, out_of_fold, scores_of_folds};

/// The best of several fusers, judged on rows that their fits did not see: the discrete super learner, or cross-validation selector.
///
/// The first fuser is kept unless another is better by more than `errors` standard errors of the differences fold by fold;
/// of those that are, the one that gains most is taken. With an `errors` of 0 the best mean wins, however slightly. What wins is fitted on all
/// rows, and the fitted fusion is the winner's own.
///
/// `folds` fits of each fuser on at most `most_rows` rows, which are drawn by their ids, and one of the winner on all. A fuser after the first
/// that cannot be fitted or scored is not taken.
///
/// Source: van der Laan, Polley, Hubbard (2007), "Super learner"; the rule of one standard error: Breiman and others (1984).
///
/// # Errors
/// [`Error::Empty`] without a fuser, [`Error::Parameter`], those of the first fuser and of the winner.
///
/// ```
/// use std::sync::Arc;
/// use consort_core::{Classes, Fuser, Gives, Ids, Outputs, Predictions, Seed, Target, Truth};
/// use consort_fusion::{select::GreedySelection, stack::{DiscreteSuperLearner, LogisticStack}};
/// use consort_metrics::LogLoss;
/// let classes = Classes::new(["no", "yes"])?;
/// // A member that is always wrong: no mean can use it, a logistic regression can.
/// let values: Vec<f32> = (0..200).flat_map(|i| if i % 2 == 0 { [0.2, 0.8] } else { [0.8, 0.2] }).collect();
/// let predictions = Predictions::builder(Outputs::Classes(classes.clone()), Ids::positions(200))
///     .member("wrong", Gives::Probabilities, &values)?
///     .build()?;
/// let target = Target::Classes { codes: (0..200).map(|i| i % 2).collect(), classes };
/// let either = DiscreteSuperLearner::new(
///     vec![Arc::new(GreedySelection::default()), Arc::new(LogisticStack::default())],
///     Arc::new(LogLoss::default()),
/// );
/// assert_eq!(either.fit(&predictions, &Truth::new(&target), Seed::new(0))?.name(), "logistic_stack");
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiscreteSuperLearner {
    /// Among which is chosen; the first is kept in doubt.
    pub fusers: Vec<Arc<dyn Fuser>>,
    /// What is best.
    pub metric: Arc<dyn Metric>,
    /// How the rows are split. Fewer rows, or groups, than folds are a fold each; of a single one the first fuser is taken.
    #[serde(default)]
    pub split: NestedSplit,
    /// By how many standard errors another must be better than the first. The default is 1.
    #[serde(default = "one")]
    pub errors: f64,
    /// On how many rows they are judged at most. The default is 20,000.
    #[serde(default = "most_rows")]
    pub most_rows: usize,
}

fn one() -> f64 {
    1.0
}

fn most_rows() -> usize {
    20_000
}

impl DiscreteSuperLearner {
    /// Of these by this metric, the first in doubt.
    pub fn new(fusers: Vec<Arc<dyn Fuser>>, metric: Arc<dyn Metric>) -> Self {
        Self { fusers, metric, split: NestedSplit::default(), errors: one(), most_rows: most_rows() }
    }

    /// The fuser that is taken on these predictions.
    ///
    /// # Errors
    /// As the type says.
    pub fn choose(&self, predictions: &Predictions, truth: &Truth<'_>, seed: Seed) -> Result<&dyn Fuser> {
        let Some((first, others)) = self.fusers.split_first() else {
            return Err(Error::Empty { what: "the list of fusers".into(), hint: "give at least one".into() });
        };
        self.split.check()?;
        if !(self.errors >= 0.0 && self.errors.is_finite()) {
            return Err(Error::parameter("errors", self.errors, "0 or more"));
        }
        if others.is_empty() {
            return Ok(&**first);
        }
        let own = seed.child("super_learner");
        let weights = self.judged_rows(predictions, truth, own);
        let truth = truth.reweighted(&weights)?;
        let Some(split) = self.split.at_most(&truth) else { return Ok(&**first) };
        let partitions = split.draw(predictions, &truth, own)?;
        let costs = |fuser: &dyn Fuser| self.costs(fuser, predictions, &truth, &partitions, seed);
        let of_first = costs(&**first)?;
        let mut best = (0.0, first);
        for other in others {
            let Ok(of_other) = costs(&**other) else { continue };
            let gains: Vec<f64> = of_first.iter().zip(&of_other).map(|(first, other)| first - other).collect();
            let count = gains.len() as f64;
            let mean = gains.iter().sum::<f64>() / count;
            let variance = gains.iter().map(|gain| (gain - mean).powi(2)).sum::<f64>() / (count - 1.0);
            // Where a fold has no score, the mean is NaN and the fuser not taken.
            if mean > self.errors * (variance / count).sqrt() && mean > best.0 {
                best = (mean, other);
            }
        }
        Ok(&**best.1)
    }

    /// The weights of the rows that the fusers are judged on, 0 for all others.
    fn judged_rows(&self, predictions: &Predictions, truth: &Truth<'_>, seed: Seed) -> Vec<f64> {
        let mut weights: Vec<f64> = (0..truth.rows()).map(|i| truth.weight(i)).collect();
        let mut present: Vec<usize> = (0..truth.rows()).filter(|&i| weights[i] > 0.0).collect();
        if present.len() > self.most_rows {
            let seed = seed.child("rows");
            // By the ids of the rows, so that their order changes nothing.
            present.sort_by_cached_key(|&i| (seed.child(&predictions.id(i)).stream().next_u64(), i));
            present[self.most_rows..].iter().for_each(|&i| weights[i] = 0.0);
        }
        weights
    }

    /// What a fuser scores on each fold, without having seen it; less is better.
    fn costs(
        &self,
        fuser: &dyn Fuser,
        predictions: &Predictions,
        truth: &Truth<'_>,
        partitions: &Partitions,
        seed: Seed,
    ) -> Result<Vec<f64>> {
        let mut costs = Vec::new();
        for repeat in 0..partitions.repeats() {
            let folds = partitions.repeat(repeat);
            let fused = out_of_fold(fuser, predictions, truth, folds, seed)?;
            let estimates = Estimates::matrix(&fused, predictions.outputs().gives());
            let scores = scores_of_folds(&*self.metric, &estimates, truth, folds)?;
            let cost = |score: &Score| score.value().map_or(f64::NAN, |value| self.metric.direction().cost(value));
            costs.extend(scores.iter().map(cost));
        }
        Ok(costs)
    }
}

#[typetag::serde(name = "discrete_super_learner")]
impl Fuser for DiscreteSuperLearner {
    fn name(&self) -> String {
        let names: Vec<String> = self.fusers.iter().map(|fuser| fuser.name()).collect();
        names.join(" or ")
    }

    fn fit(&self, predictions: &Predictions, truth: &Truth<'_>, seed: Seed) -> Result<Box<dyn Fusion>> {
        self.choose(predictions, truth, seed)?.fit(predictions, truth, seed)
    }
}
