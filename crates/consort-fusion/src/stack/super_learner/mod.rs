mod mixture;
mod trial;

use std::sync::Arc;

use consort_core::{Error, Fuser, Fusion, Metric, Predictions, Result, Seed, Truth};
use serde::{Deserialize, Serialize};

pub use mixture::FusionMixture;
use mixture::names_of;
use trial::Trial;

use crate::{verdict::NestedSplit, weights::SimplexWeights};

/// The best of several fusers, or of their mixtures, judged on rows that their fits did not see.
///
/// Each fuser answers for folds of the rows that its fit left out. Where there is a `mix`, it is fitted on these answers, as if the
/// fusers were members, and judged by folds too. Then the first fuser is kept unless another, or the mixture, is better
/// by more than `errors` standard errors of the differences fold by fold; of those that are, the one that gains most is taken. With an
/// `errors` of 0 the best mean wins, however slightly. What wins is fitted on all rows: the fitted fusion is the winner's own, or a
/// [`FusionMixture`] of those that the mixture gives weight.
///
/// `folds` fits of each fuser on at most `most_rows` rows, which are drawn by their ids, and one of each that is needed on all. A fuser
/// after the first that cannot be fitted or scored is not taken: one that gives scores, such as ranks, has no log loss. Such scores
/// are not mixed either.
///
/// Source: van der Laan, Polley, Hubbard (2007), "Super learner": without a `mix` the discrete one, with it the one of
/// weights; the rule of one standard error: Breiman and others (1984).
///
/// # Errors
/// [`Error::Empty`] without a fuser, [`Error::Parameter`], those of the first fuser and of the winner.
///
/// ```
/// use std::sync::Arc;
/// use consort_core::{Classes, Fuser, Gives, Ids, Outputs, Predictions, Seed, Target, Truth};
/// use consort_fusion::{select::GreedySelection, stack::{LogisticStack, SuperLearner}};
/// use consort_metrics::LogLoss;
/// let classes = Classes::new(["no", "yes"])?;
/// // A member that is always wrong: no mean can use it, a logistic regression can.
/// let values: Vec<f32> = (0..200).flat_map(|i| if i % 2 == 0 { [0.2, 0.8] } else { [0.8, 0.2] }).collect();
/// let predictions = Predictions::builder(Outputs::Classes(classes.clone()), Ids::positions(200))
///     .member("wrong", Gives::Probabilities, &values)?
///     .build()?;
/// let target = Target::Classes { codes: (0..200).map(|i| i % 2).collect(), classes };
/// let either = SuperLearner::discrete(
///     vec![Arc::new(GreedySelection::default()), Arc::new(LogisticStack::default())],
///     Arc::new(LogLoss::default()),
/// );
/// assert_eq!(either.fit(&predictions, &Truth::new(&target), Seed::new(0))?.name(), "logistic_stack");
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SuperLearner {
    /// Among which is chosen; the first is kept in doubt.
    pub fusers: Vec<Arc<dyn Fuser>>,
    /// What is best.
    pub metric: Arc<dyn Metric>,
    /// What mixes the answers of the fusers. `None`: one of them is taken as it is.
    #[serde(default)]
    pub mix: Option<Arc<dyn Fuser>>,
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

/// What wins.
enum Winner<'a> {
    Fuser(&'a Arc<dyn Fuser>),
    /// The fusers that are mixed, with their names as members of what mixes them.
    Mixture(Vec<(String, &'a Arc<dyn Fuser>)>, Box<dyn Fusion>),
}

impl SuperLearner {
    /// One of these by this metric, the first in doubt; or their mean by the simplex weights that fit best.
    pub fn new(fusers: Vec<Arc<dyn Fuser>>, metric: Arc<dyn Metric>) -> Self {
        Self { mix: Some(Arc::new(SimplexWeights::default())), ..Self::discrete(fusers, metric) }
    }

    /// One of these by this metric, the first in doubt.
    pub fn discrete(fusers: Vec<Arc<dyn Fuser>>, metric: Arc<dyn Metric>) -> Self {
        Self { fusers, metric, mix: None, split: NestedSplit::default(), errors: one(), most_rows: most_rows() }
    }

    fn winner(&self, predictions: &Predictions, truth: &Truth<'_>, seed: Seed) -> Result<Winner<'_>> {
        let Some((first, others)) = self.fusers.split_first() else {
            return Err(Error::Empty { what: "the list of fusers".into(), hint: "give at least one".into() });
        };
        self.split.check()?;
        if !(self.errors >= 0.0 && self.errors.is_finite()) {
            return Err(Error::parameter("errors", self.errors, "0 or more"));
        }
        if others.is_empty() {
            return Ok(Winner::Fuser(first));
        }
        let own = seed.child("super_learner");
        match self.judged_rows(predictions, truth, own) {
            None => self.winner_on(predictions, truth, own, seed),
            Some(rows) => self.winner_on(&predictions.take(&rows), &truth.part(&rows).truth()?, own, seed),
        }
    }

    /// The rows that the fusers are judged on, where those are not all.
    fn judged_rows(&self, predictions: &Predictions, truth: &Truth<'_>, seed: Seed) -> Option<Vec<u32>> {
        let mut rows: Vec<u32> = (0..truth.rows() as u32).filter(|&i| truth.weight(i as usize) > 0.0).collect();
        if rows.len() <= self.most_rows {
            return None;
        }
        let seed = seed.child("rows");
        // By the ids of the rows, so that their order changes nothing.
        rows.sort_by_cached_key(|&i| (seed.child(&predictions.id(i as usize)).stream().next_u64(), i));
        rows.truncate(self.most_rows);
        rows.sort_unstable();
        Some(rows)
    }

    /// What wins on these rows; `own` decides their folds, and `seed` what the fits do.
    fn winner_on(&self, predictions: &Predictions, truth: &Truth<'_>, own: Seed, seed: Seed) -> Result<Winner<'_>> {
        let Some(split) = self.split.at_most(truth) else { return Ok(Winner::Fuser(&self.fusers[0])) };
        let folds = split.draw(predictions, truth, own)?;
        let trial = Trial { predictions, truth, folds: &folds, metric: &*self.metric, seed };
        let mut tried = Vec::new();
        for (place, fuser) in self.fusers.iter().enumerate() {
            match trial.of(&**fuser) {
                Ok(answers) => tried.push((fuser, answers)),
                Err(error) if place == 0 => return Err(error),
                Err(_) => {}
            }
        }
        let of_first = &tried[0].1.costs;
        let mut best = (0.0, Winner::Fuser(tried[0].0));
        for (fuser, answers) in &tried[1..] {
            if let Some(gain) = self.clear_gain(of_first, &answers.costs).filter(|gain| *gain > best.0) {
                best = (gain, Winner::Fuser(fuser));
            }
        }
        let (fusers, answers): (Vec<_>, Vec<_>) =
            tried.iter().filter(|(_, tried)| tried.has_scale()).map(|(fuser, answers)| (*fuser, answers)).unzip();
        if let Some(mix) = self.mix.as_ref().filter(|_| fusers.len() > 1) {
            let names = names_of(fusers.iter().map(|fuser| fuser.name()));
            let mixed = trial.of_mixture(&**mix, &names, &answers)?;
            if self.clear_gain(of_first, &mixed.costs).is_some_and(|gain| gain > best.0) {
                best.1 = match mixed.used[..] {
                    [only] => Winner::Fuser(fusers[only]),
                    _ => {
                        let named = |&place: &usize| (names[place].clone(), fusers[place]);
                        Winner::Mixture(mixed.used.iter().map(named).collect(), mixed.over)
                    }
                };
            }
        }
        Ok(best.1)
    }

    /// By how much the first costs more, if that is more than chance would make it.
    fn clear_gain(&self, of_first: &[f64], of_other: &[f64]) -> Option<f64> {
        let gains: Vec<f64> = of_first.iter().zip(of_other).map(|(first, other)| first - other).collect();
        let count = gains.len() as f64;
        let mean = gains.iter().sum::<f64>() / count;
        let variance = gains.iter().map(|gain| (gain - mean).powi(2)).sum::<f64>() / (count - 1.0);
        // Where a fold has no score, the mean is NaN and the gain not clear.
        (mean > self.errors * (variance / count).sqrt()).then_some(mean)
    }
}

#[typetag::serde(name = "super_learner")]
impl Fuser for SuperLearner {
    fn name(&self) -> String {
        let names: Vec<String> = self.fusers.iter().map(|fuser| fuser.name()).collect();
        match &self.mix {
            None => names.join(" or "),
            Some(mix) => format!("{}({})", mix.name(), names.join(", ")),
        }
    }

    fn fit(&self, predictions: &Predictions, truth: &Truth<'_>, seed: Seed) -> Result<Box<dyn Fusion>> {
        match self.winner(predictions, truth, seed)? {
            Winner::Fuser(fuser) => fuser.fit(predictions, truth, seed),
            Winner::Mixture(fusers, over) => {
                let fusions = fusers.into_iter().map(|(name, fuser)| Ok((name, fuser.fit(predictions, truth, seed)?)));
                Ok(Box::new(FusionMixture::new(fusions.collect::<Result<Vec<_>>>()?, over)))
            }
        }
    }
}
