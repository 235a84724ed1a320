use std::sync::Arc;

use consort_core::{Error, Estimates, Gives, Matrix, Metric, Predictions, Result, Score, Truth, comparable};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{
    Partitions,
    honest::{mean, score_of_answers, weight_without},
};
use crate::weights::sample::on_the_scale_of_truth;

/// The best single member, chosen anew on the rows outside each fold, and its score on the fold.
///
/// To pick the member that scores best on all rows and to report that score is too kind to it: of many equal members
/// one is lucky. Here the choice never sees the rows that it is scored on. Ties go to the first member. Where members lack
/// rows, it is among those that answer nearly as many as any: who answers the easy rows only is not the best for that.
///
/// ```
/// use consort_core::{Gives, Ids, Outputs, Predictions, Target, Truth};
/// use consort_fusion::verdict::{BestMember, Partitions};
/// use consort_metrics::regression::RootMeanSquaredError;
/// let predictions = Predictions::builder(Outputs::target("y"), Ids::positions(4))
///     .member("far", Gives::Values, &[9.0, 9.0, 9.0, 9.0])?
///     .member("near", Gives::Values, &[1.0, 2.0, 3.0, 5.0])?
///     .build()?;
/// let target = Target::from_values(vec![1.0, 2.0, 3.0, 4.0], "y")?;
/// let folds = Partitions::given(&[0, 0, 1, 1])?;
/// let best = BestMember::of(&predictions, &Truth::new(&target), &RootMeanSquaredError, &folds)?;
/// assert_eq!(best.name, "near");
/// assert_eq!(best.predictions(&predictions)?.estimates().at(3, 0), 5.0);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BestMember {
    /// The member that scores best on all rows: the one that a person would use.
    pub name: String,
    /// Its score on all rows, on which it was chosen.
    pub in_sample: Score,
    /// The score of the choices on rows that they did not see, averaged over the repeats.
    pub nested: Score,
    /// Which member was chosen for each fold, by repeat and fold.
    pub chosen: Vec<String>,
    /// What the numbers mean.
    pub gives: Gives,
    /// Who was chosen for which rows of the first repeat, unless it was one member for all.
    mixture: Option<Mixture>,
}

/// A choice that differs between folds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Mixture {
    /// The fold of each row.
    folds: Arc<Vec<u32>>,
    /// The member chosen for each fold.
    members: Vec<usize>,
}

/// The predictions of the members that were chosen: those of one member as they are, or those of several, each for the rows
/// for which it was chosen.
///
/// ```
/// use consort_core::{Estimates, Gives};
/// use consort_fusion::verdict::ChosenPredictions;
/// let chosen = ChosenPredictions::OneMember(Estimates::f32(&[1.0, 2.0], 1, Gives::Values)?);
/// assert_eq!(chosen.estimates().at(1, 0), 2.0);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug)]
pub enum ChosenPredictions<'a> {
    /// One member for all rows.
    OneMember(Estimates<'a>),
    /// Put together, and what the numbers mean.
    Mixed(Matrix, Gives),
}

impl ChosenPredictions<'_> {
    /// To be scored.
    pub fn estimates(&self) -> Estimates<'_> {
        match self {
            ChosenPredictions::OneMember(estimates) => *estimates,
            ChosenPredictions::Mixed(matrix, gives) => Estimates::matrix(matrix, *gives),
        }
    }
}

impl BestMember {
    /// Chooses and scores the best member.
    ///
    /// # Errors
    /// Those of the metric; [`Error::Length`] unless all are of the same rows.
    pub fn of(
        predictions: &Predictions,
        truth: &Truth<'_>,
        metric: &dyn Metric,
        partitions: &Partitions,
    ) -> Result<Self> {
        partitions.check(predictions.rows())?;
        // Members of different scales are put on that of the truth; scores have none and stay.
        let same = on_the_scale_of_truth("the best member", predictions).unwrap_or_else(|_| predictions.clone());
        let gives = match same.members().iter().map(|member| member.gives).collect::<Vec<_>>()[..] {
            [first, ref rest @ ..] if rest.iter().all(|gives| *gives == first) => first,
            _ => Gives::Probabilities,
        };
        let (place, in_sample) = choose(&same, metric, truth)?;
        let name = |m: usize| same.members()[m].name.clone();
        let (mut chosen, mut scores, mut first) = (Vec::new(), Vec::new(), None);
        for repeat in 0..partitions.repeats() {
            let folds = partitions.repeat(repeat);
            let mut of_folds = Vec::with_capacity(partitions.folds());
            for fold in 0..partitions.folds() as u32 {
                let seen: Vec<f64> = (0..truth.rows()).map(|i| weight_without(truth, folds, fold, i)).collect();
                let (m, _) = choose(&same, metric, &truth.reweighted(&seen)?)?;
                chosen.push(name(m));
                of_folds.push(m);
            }
            let mixture = Mixture { folds: partitions.shared(repeat), members: of_folds };
            // Most often all folds choose one member, whose numbers are there already.
            let m = mixture.members[0];
            let one = mixture.members.iter().all(|&other| other == m) && predictions.members()[m].gives == gives;
            let read = if one {
                ChosenPredictions::OneMember(same.estimates(m))
            } else {
                ChosenPredictions::Mixed(mixture.of(&same), gives)
            };
            scores.push(score_of_answers(metric, &read.estimates(), truth)?.0);
            first.get_or_insert((!one).then_some(mixture));
        }
        let Some(mixture) = first else {
            return Err(Error::Empty { what: "the list of repeats".into(), hint: "split at least once".into() });
        };
        Ok(Self { name: name(place), in_sample, nested: mean(scores), chosen, gives, mixture })
    }

    /// The predictions of the members chosen in the first repeat, made when they are asked for; `predictions` are those
    /// that the choice was made from. Rows of weight 0 mean nothing, and a row that the member lacks is NaN.
    ///
    /// # Errors
    /// [`Error::Length`] for predictions of other rows.
    pub fn predictions<'a>(&self, predictions: &'a Predictions) -> Result<ChosenPredictions<'a>> {
        let Some(mixture) = &self.mixture else {
            let m = self.chosen.first().and_then(|name| predictions.find(name)).unwrap_or(0);
            return Ok(ChosenPredictions::OneMember(predictions.estimates(m)));
        };
        if mixture.folds.len() != predictions.rows() {
            return Err(Error::Length {
                what: "the predictions".into(),
                got: predictions.rows(),
                expected: mixture.folds.len(),
                unit: "rows",
                hint: "give those that the best member was chosen from".into(),
            });
        }
        let same = on_the_scale_of_truth("the best member", predictions).unwrap_or_else(|_| predictions.clone());
        Ok(ChosenPredictions::Mixed(mixture.of(&same), self.gives))
    }

    /// The predictions of the member that scores best on all rows, on the scale of the choices.
    pub(super) fn of_the_named<'a>(&self, predictions: &'a Predictions) -> Result<ChosenPredictions<'a>> {
        let m = predictions.find(&self.name).unwrap_or(0);
        if predictions.members()[m].gives == self.gives {
            return Ok(ChosenPredictions::OneMember(predictions.estimates(m)));
        }
        let same = on_the_scale_of_truth("the best member", predictions).unwrap_or_else(|_| predictions.clone());
        let own = Matrix::new(same.rows(), same.columns(), same.member(m).to_vec())?;
        Ok(ChosenPredictions::Mixed(own, self.gives))
    }

    /// Whether [`predictions`](Self::predictions) puts a table together.
    pub(super) fn is_mixed(&self) -> bool {
        self.mixture.is_some()
    }
}

impl Mixture {
    /// The numbers of the member that was chosen for each row's fold; of the first for rows in none.
    fn of(&self, predictions: &Predictions) -> Matrix {
        let columns = predictions.columns();
        let mut mixed = Matrix::zeros(predictions.rows(), columns);
        for (i, (row, &fold)) in mixed.values_mut().chunks_exact_mut(columns).zip(self.folds.iter()).enumerate() {
            let m = self.members.get(fold as usize).copied().unwrap_or(self.members[0]);
            row.copy_from_slice(&predictions.member(m)[i * columns..(i + 1) * columns]);
        }
        mixed
    }
}

/// The member with the best score on these rows, the first of equals, among those that answer nearly all that any
/// answers. Members without a score come last.
fn choose(predictions: &Predictions, metric: &dyn Metric, truth: &Truth<'_>) -> Result<(usize, Score)> {
    let scores: Result<Vec<Score>> =
        (0..predictions.members().len()).into_par_iter().map(|m| score(predictions, m, metric, truth)).collect();
    let scores = scores?;
    let nearly_all =
        if predictions.has_missing() { comparable(&answered(predictions, truth)) } else { vec![true; scores.len()] };
    let mut best = 0;
    for (m, score) in scores.iter().enumerate().skip(1) {
        let better = match (score.value(), scores[best].value()) {
            (Some(a), Some(b)) if nearly_all[m] == nearly_all[best] => metric.direction().better(a, b),
            (Some(_), Some(_)) => nearly_all[m],
            (a, b) => a.is_some() && b.is_none(),
        };
        if better {
            best = m;
        }
    }
    Ok((best, scores[best].clone()))
}

/// The weight of the rows that each member answers.
fn answered(predictions: &Predictions, truth: &Truth<'_>) -> Vec<f64> {
    let of = |m: usize| (0..truth.rows()).filter(|&i| !predictions.is_missing(m, i)).map(|i| truth.weight(i)).sum();
    (0..predictions.members().len()).map(of).collect()
}

/// The score of a member over the rows that it predicts.
fn score(predictions: &Predictions, m: usize, metric: &dyn Metric, truth: &Truth<'_>) -> Result<Score> {
    let estimates: Estimates<'_> = predictions.estimates(m);
    if !predictions.has_missing() {
        return metric.score(&estimates, truth);
    }
    let weights: Vec<f64> =
        (0..truth.rows()).map(|i| if predictions.is_missing(m, i) { 0.0 } else { truth.weight(i) }).collect();
    match truth.reweighted(&weights) {
        Ok(predicted) => metric.score(&estimates, &predicted),
        Err(_) => Ok(Score::undefined("the member predicts none of the rows")),
    }
}
