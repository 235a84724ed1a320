use std::ops::Range;

use consort_core::{
    Direction, Error, Estimates, Fuser, Fusion, Gives, Matrix, Metric, Predictions, Result, Score, Seed, Truth, blocks,
};
use serde::{Deserialize, Serialize};

use super::Partitions;

/// The score of one fold.
///
/// ```
/// use consort_fusion::verdict::FoldScore;
/// let score = FoldScore { repeat: 0, fold: 3, score: 0.25.into(), weights: None };
/// assert_eq!(score.score.value(), Some(0.25));
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FoldScore {
    /// The repeat, from 0.
    pub repeat: usize,
    /// The fold, from 0.
    pub fold: usize,
    /// The score on the rows of this fold, which the fit did not see.
    pub score: Score,
    /// The weights of the members that were fitted without this fold, where the fusion has such.
    pub weights: Option<Vec<f64>>,
}

/// The in-sample score of a fitted fusion beside its score on rows that its fit did not see.
///
/// For each fold the fuser is fitted on the other rows (those of the fold get weight 0) and fuses this fold; the
/// out-of-fold fused predictions of a repeat are then scored together. `folds · repeats + 1` fits and fusions; the
/// cube is never copied.
///
/// The members' predictions must themselves be out-of-fold. Source: Stone (1974), cross-validatory assessment; nesting
/// as in Varma, Simon (2006).
///
/// ```
/// use consort_core::{Classes, Gives, Ids, Outputs, Predictions, Seed, Target, Truth};
/// use consort_fusion::{verdict::{HonestScore, NestedSplit}, weights::SimplexWeights};
/// use consort_metrics::LogLoss;
/// let classes = Classes::new(["no", "yes"])?;
/// let values: Vec<f32> = (0..20).flat_map(|i| if i % 2 == 0 { [0.7, 0.3] } else { [0.4, 0.6] }).collect();
/// let predictions = Predictions::builder(Outputs::Classes(classes.clone()), Ids::positions(20))
///     .member("m", Gives::Probabilities, &values)?
///     .build()?;
/// let target = Target::Classes { codes: (0..20).map(|i| i % 2).collect(), classes };
/// let truth = Truth::new(&target);
/// let folds = NestedSplit::default().draw(&predictions, &truth, Seed::new(0))?;
/// let fuser = SimplexWeights::default();
/// let honest = HonestScore::of(&fuser, &predictions, &truth, &LogLoss::default(), &folds, Seed::new(0))?;
/// assert_eq!(honest.folds.len(), 5);
/// assert!(honest.nested.value().is_some());
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HonestScore {
    /// The name of the fuser.
    pub fuser: String,
    /// The metric.
    pub metric: String,
    /// Which way it gets better.
    pub direction: Direction,
    /// The score on the rows fitted on: too good by what the fit learnt by heart.
    pub in_sample: Score,
    /// The score on rows not fitted on, averaged over the repeats.
    pub nested: Score,
    /// The scores of the folds, by repeat and fold.
    pub folds: Vec<FoldScore>,
    /// The out-of-fold fused predictions of the first repeat; NaN where a row has weight 0 or no answer.
    pub fused: Matrix,
    /// What the fused numbers mean.
    pub gives: Gives,
    /// How many rows of weight the fusion had no answer for in the first repeat; they are in no score.
    pub unanswered: usize,
    /// The members' weights fitted on all rows, where the fusion has such.
    pub weights: Option<Vec<f64>>,
    /// The member whose numbers the fusion fitted on all rows gives as they are, where its weights leave no other.
    #[serde(default)]
    pub only_member: Option<String>,
}

impl HonestScore {
    /// Scores a fuser.
    ///
    /// # Errors
    /// Those of the fuser and the metric; [`Error::Length`] unless all are of the same rows.
    pub fn of(
        fuser: &dyn Fuser,
        predictions: &Predictions,
        truth: &Truth<'_>,
        metric: &dyn Metric,
        partitions: &Partitions,
        seed: Seed,
    ) -> Result<Self> {
        partitions.check(predictions.rows())?;
        let fusion = fuser.fit(predictions, truth, seed)?;
        let gives = fusion.gives(predictions.outputs());
        let whole = fusion.fuse(predictions)?;
        let in_sample = score_of_answers(metric, &Estimates::matrix(&whole, gives), truth)?.0;
        let only_member = only_member(&*fusion, predictions, &whole);
        drop(whole);
        let (mut folds, mut pooled, mut first) = (Vec::new(), Vec::new(), None);
        for repeat in 0..partitions.repeats() {
            let numbers = partitions.repeat(repeat);
            let answers = answers_of_folds(fuser, predictions, truth, numbers, seed)?;
            let estimates = Estimates::matrix(&answers.fused, gives);
            let scores = scores_of_folds(metric, &estimates, truth, numbers)?;
            let of_folds = scores.into_iter().zip(answers.weights).enumerate();
            folds.extend(of_folds.map(|(fold, (score, weights))| FoldScore { repeat, fold, score, weights }));
            let (score, unanswered) = score_of_answers(metric, &estimates, truth)?;
            pooled.push(score);
            first.get_or_insert((answers.fused, unanswered));
        }
        let Some((fused, unanswered)) = first else {
            return Err(Error::Empty { what: "the list of repeats".into(), hint: "split at least once".into() });
        };
        Ok(Self {
            fuser: fuser.name(),
            metric: metric.name(),
            direction: metric.direction(),
            in_sample,
            nested: mean(pooled),
            folds,
            fused,
            gives,
            unanswered,
            weights: fusion.weights(),
            only_member,
        })
    }

    /// By how much the in-sample score flatters the fusion; above 0 where it is better than the nested one.
    pub fn optimism(&self) -> Option<f64> {
        let (seen, unseen) = (self.in_sample.value()?, self.nested.value()?);
        Some(self.direction.cost(unseen) - self.direction.cost(seen))
    }
}

/// The only member of weight, where what is fused is what it says.
fn only_member(fusion: &dyn Fusion, predictions: &Predictions, fused: &Matrix) -> Option<String> {
    /// Weights that sum to 1 but for rounding leave the numbers as they are, but for rounding.
    const SAME: f32 = 1e-5;
    let weights = fusion.weights()?;
    let mut used = (0..weights.len()).filter(|&m| weights[m] != 0.0);
    let (Some(m), None) = (used.next(), used.next()) else { return None };
    let is_same = |(a, b): (&f32, &f32)| (a - b).abs() <= SAME * a.abs().max(1e-3) || (a.is_nan() && b.is_nan());
    let is_it =
        weights.len() == predictions.members().len() && predictions.member(m).iter().zip(fused.values()).all(is_same);
    is_it.then(|| predictions.members()[m].name.clone())
}

/// The fused prediction of each row, by a fit that did not see it. Rows in no fold are NaN.
///
/// ```
/// use consort_core::{Gives, Ids, Outputs, Predictions, Seed, Target, Truth};
/// use consort_fusion::{stack::LinearStack, verdict::out_of_fold};
/// let values: Vec<f32> = (0..10).map(|i| i as f32).collect();
/// let predictions = Predictions::builder(Outputs::target("y"), Ids::positions(10))
///     .member("m", Gives::Values, &values)?
///     .build()?;
/// let target = Target::from_values((0..10).map(|i| 2.0 * f64::from(i)).collect(), "y")?;
/// let folds: Vec<u32> = (0..10).map(|i| i % 5).collect();
/// let fuser = LinearStack::default().penalty(0.0);
/// let fused = out_of_fold(&fuser, &predictions, &Truth::new(&target), &folds, Seed::new(0))?;
/// assert!((fused.at(3, 0) - 6.0).abs() < 1e-5);
/// # Ok::<(), consort_core::Error>(())
/// ```
///
/// # Errors
/// Those of the fuser; [`Error::Length`] unless there is a fold a row.
pub fn out_of_fold(
    fuser: &dyn Fuser,
    predictions: &Predictions,
    truth: &Truth<'_>,
    folds: &[u32],
    seed: Seed,
) -> Result<Matrix> {
    let partitions = Partitions::given(folds)?;
    partitions.check(predictions.rows())?;
    Ok(answers_of_folds(fuser, predictions, truth, partitions.repeat(0), seed)?.fused)
}

/// The score of each fold of out-of-fold predictions.
pub(crate) fn scores_of_folds(
    metric: &dyn Metric,
    estimates: &Estimates<'_>,
    truth: &Truth<'_>,
    folds: &[u32],
) -> Result<Vec<Score>> {
    let score = |fold: u32| {
        let here: Vec<f64> = (0..truth.rows()).map(|i| if folds[i] == fold { truth.weight(i) } else { 0.0 }).collect();
        match truth.reweighted(&here) {
            Ok(part) => Ok(score_of_answers(metric, estimates, &part)?.0),
            Err(_) => Ok(Score::undefined("the fold has no row of weight")),
        }
    };
    (0..count(folds)).map(score).collect()
}

/// How many folds there are.
fn count(folds: &[u32]) -> u32 {
    folds.iter().filter(|&&fold| fold != Partitions::ABSENT).max().map_or(0, |&last| last + 1)
}

/// What the fits of folds answer for the rows that they did not see.
pub(crate) struct FoldAnswers {
    /// NaN where a row is in no fold.
    pub(crate) fused: Matrix,
    /// What the numbers mean, fold by fold: a fuser that chooses may choose otherwise in another fold.
    pub(crate) gives: Vec<Gives>,
    /// The members' weights, fold by fold, where the fusion has such.
    weights: Vec<Option<Vec<f64>>>,
}

/// The answers to each row of a fit that did not see it.
pub(crate) fn answers_of_folds(
    fuser: &dyn Fuser,
    predictions: &Predictions,
    truth: &Truth<'_>,
    folds: &[u32],
    seed: Seed,
) -> Result<FoldAnswers> {
    let columns = predictions.columns();
    let count = count(folds);
    // All is fitted before anything is fused: what a fit needs and what all folds give are then never there together.
    let fusions = (0..count).map(|fold| {
        let seen: Vec<f64> = (0..truth.rows()).map(|i| weight_without(truth, folds, fold, i)).collect();
        // The seed is that of the whole fit: a fold differs from it by its rows, not by luck.
        fuser.fit(predictions, &truth.reweighted(&seen)?, seed)
    });
    let fusions = fusions.collect::<Result<Vec<Box<dyn Fusion>>>>()?;
    let mut fused = Matrix::zeros(predictions.rows(), columns);
    fused.values_mut().fill(f32::NAN);
    for (fold, fusion) in (0..).zip(&fusions) {
        fuse_into(&**fusion, predictions, |i| folds[i] == fold && truth.weight(i) > 0.0, &mut fused)?;
    }
    Ok(FoldAnswers {
        fused,
        gives: fusions.iter().map(|fusion| fusion.gives(predictions.outputs())).collect(),
        weights: fusions.iter().map(|fusion| fusion.weights()).collect(),
    })
}

/// How many rows are fused at a time.
const PART: usize = 16 * blocks::ROWS;

/// The rows that are fused together, one part after the other, so that what is made on the way stays small: all of them where a
/// fusion looks at all rows, as one by ranks does.
pub(crate) fn parts(fusion: &dyn Fusion, rows: usize) -> impl Iterator<Item = Range<usize>> {
    let size = if fusion.row_by_row() { PART } else { rows.max(1) };
    (0..rows).step_by(size).map(move |start| start..(start + size).min(rows))
}

/// Puts the answers of the rows that are wanted in their place, without a second matrix of all rows if it can be helped.
fn fuse_into(
    fusion: &dyn Fusion,
    predictions: &Predictions,
    wanted: impl Fn(usize) -> bool,
    fused: &mut Matrix,
) -> Result<()> {
    for rows in parts(fusion, predictions.rows()) {
        let start = rows.start;
        if rows.clone().any(&wanted) {
            let part = fusion.fuse(&predictions.slice(rows.clone()))?;
            for i in rows.filter(|&i| wanted(i)) {
                fused.row_mut(i).copy_from_slice(part.row(i - start));
            }
        }
    }
    Ok(())
}

/// The weight of row `i` in the fit that does not see `fold`.
pub(super) fn weight_without(truth: &Truth<'_>, folds: &[u32], fold: u32, i: usize) -> f64 {
    if folds[i] == fold || folds[i] == Partitions::ABSENT { 0.0 } else { truth.weight(i) }
}

/// The score over the rows that have an answer, and how many have none.
pub(super) fn score_of_answers(
    metric: &dyn Metric,
    estimates: &Estimates<'_>,
    truth: &Truth<'_>,
) -> Result<(Score, usize)> {
    let unanswered = estimates.unanswered(truth);
    if unanswered == 0 {
        return Ok((metric.score(estimates, truth)?, 0));
    }
    let weights: Vec<f64> =
        (0..truth.rows()).map(|i| if estimates.is_answered(i) { truth.weight(i) } else { 0.0 }).collect();
    match truth.reweighted(&weights) {
        Ok(answered) => Ok((metric.score(estimates, &answered)?, unanswered)),
        Err(_) => Ok((Score::undefined("no row has an answer"), unanswered)),
    }
}

/// The mean of scores; undefined if one is.
pub(super) fn mean(scores: Vec<Score>) -> Score {
    let count = scores.len() as f64;
    let mut sum = 0.0;
    for score in scores {
        match score {
            Score::Value(value) => sum += value,
            undefined => return undefined,
        }
    }
    Score::ratio(sum, count, "there is no repeat")
}
