use consort_core::{Error, Estimates, Gives, Matrix, Metric, Predictions, Result, Score, Truth};
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
/// one is lucky. Here the choice never sees the rows that it is scored on. Ties go to the first member.
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
/// assert_eq!(best.estimates(&predictions).at(3, 0), 5.0);
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
    /// The predictions of the chosen members, row by row, of the first repeat, unless they are those of one member.
    mixed: Option<Matrix>,
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
            // Most often all folds choose one member, whose numbers are there already.
            let m = of_folds[0];
            let one = of_folds.iter().all(|&other| other == m) && predictions.members()[m].gives == gives;
            let mixed = (!one).then(|| mix(&same, truth, folds, &of_folds));
            scores.push(score_of_answers(metric, &as_estimates(&mixed, &same, m, gives), truth)?.0);
            first.get_or_insert(mixed);
        }
        let Some(mixed) = first else {
            return Err(Error::Empty { what: "the list of repeats".into(), hint: "split at least once".into() });
        };
        Ok(Self { name: name(place), in_sample, nested: mean(scores), chosen, gives, mixed })
    }

    /// The predictions of the members chosen in the first repeat, row by row; `predictions` are those it was made of.
    /// Rows of weight 0 mean nothing, and a row that the member lacks is NaN.
    pub fn estimates<'a>(&'a self, predictions: &'a Predictions) -> Estimates<'a> {
        let m = self.chosen.first().and_then(|name| predictions.find(name)).unwrap_or(0);
        as_estimates(&self.mixed, predictions, m, self.gives)
    }
}

fn as_estimates<'a>(mixed: &'a Option<Matrix>, predictions: &'a Predictions, m: usize, gives: Gives) -> Estimates<'a> {
    match mixed {
        Some(mixed) => Estimates::matrix(mixed, gives),
        None => predictions.estimates(m),
    }
}

/// The numbers of the member that was chosen for each row's fold; NaN for a row of weight 0.
fn mix(predictions: &Predictions, truth: &Truth<'_>, folds: &[u32], of_folds: &[usize]) -> Matrix {
    let columns = predictions.columns();
    let mut mixed = Matrix::zeros(predictions.rows(), columns);
    mixed.values_mut().fill(f32::NAN);
    for (fold, &m) in of_folds.iter().enumerate() {
        let values = predictions.member(m);
        for i in (0..folds.len()).filter(|&i| folds[i] == fold as u32 && truth.weight(i) > 0.0) {
            mixed.row_mut(i).copy_from_slice(&values[i * columns..(i + 1) * columns]);
        }
    }
    mixed
}

/// The member with the best score on these rows, the first of equals. Members without a score come last.
fn choose(predictions: &Predictions, metric: &dyn Metric, truth: &Truth<'_>) -> Result<(usize, Score)> {
    let scores: Result<Vec<Score>> =
        (0..predictions.members().len()).into_par_iter().map(|m| score(predictions, m, metric, truth)).collect();
    let scores = scores?;
    let mut best = 0;
    for (m, score) in scores.iter().enumerate().skip(1) {
        let better = match (score.value(), scores[best].value()) {
            (Some(a), Some(b)) => metric.direction().better(a, b),
            (a, b) => a.is_some() && b.is_none(),
        };
        if better {
            best = m;
        }
    }
    Ok((best, scores[best].clone()))
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
