use consort_core::{Estimates, Fuser, Gives, Metric, Outputs, Predictions, Result, Score, Seed, Task, Truth};
use consort_metrics::{
    LogLoss,
    calibration::CalibrationError,
    diversity::{Diversity, RegressionDiversity},
    regression::RootMeanSquaredError,
    significance::{Bootstrap, Difference, ScoredUnits, paired_bootstrap},
};
use serde::{Deserialize, Serialize};

use super::{BestMember, HonestScore, Partitions};

/// Whether the ensemble beats its best member, by the interval of the gain.
///
/// ```
/// use consort_fusion::verdict::Conclusion;
/// assert_eq!(serde_json::to_string(&Conclusion::NoClearGain).unwrap(), "\"no_clear_gain\"");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Conclusion {
    /// The whole interval is above 0.
    Better,
    /// The interval holds 0.
    NoClearGain,
    /// The whole interval is below 0.
    Worse,
    /// There is no interval.
    Unknown,
}

impl Conclusion {
    /// What a difference between two predictions says of the first.
    pub fn of(difference: &Difference) -> Self {
        match difference.gain_interval() {
            None => Conclusion::Unknown,
            Some(interval) if interval.low > 0.0 => Conclusion::Better,
            Some(interval) if interval.high < 0.0 => Conclusion::Worse,
            Some(_) => Conclusion::NoClearGain,
        }
    }
}

/// What an ensemble gains over its best member, and what it costs.
///
/// Both sides are out-of-fold: the weights and the choice of the best member are fitted on the other folds. The gain
/// is `a` (the ensemble) against `b` (the best member) on the same rows, with a paired-bootstrap interval. See
/// [`judge`], which makes it, and [`text`](Self::text), which says it.
///
/// ```
/// use consort_fusion::verdict::{Conclusion, Verdict};
/// // What a program may do with one: keep a single model where the ensemble brings nothing.
/// fn use_the_ensemble(verdict: &Verdict) -> bool {
///     println!("{}", verdict.text());
///     verdict.conclusion == Conclusion::Better
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// The name of the fuser.
    pub fuser: String,
    /// The member that scores best on all rows.
    pub best_member: String,
    /// How many folds chose which member, the most frequent first; of several repeats those of the first, as the gains.
    pub chosen: Vec<(String, usize)>,
    /// Whether the ensemble fitted on all rows is that member, as it is: weights that leave no other, and no mapping of its
    /// numbers. Then the gains tell what the search for weights costs, and nothing about the ensemble.
    #[serde(default)]
    pub is_best_member: bool,
    /// By the chosen metric: better or worse only if that is clear of the choices, and of the best member on all rows too.
    pub conclusion: Conclusion,
    /// The chosen metric first; then log loss and calibration error, or RMSE, where they are defined and not it.
    pub gains: Vec<Difference>,
    /// Where the folds chose different members: the gain by the chosen metric over the one that is best on all rows. It was
    /// chosen on these rows, which is kind to it. The choices are each the worse of two close members as often as not: who
    /// wins by luck on the other folds loses on the one left out.
    #[serde(default)]
    pub over_best: Option<Difference>,
    /// The ensemble's score on the rows fitted on.
    pub in_sample: Score,
    /// The ensemble's score on rows not fitted on, averaged over the repeats.
    pub nested: Score,
    /// How often the rows were split anew; the gains are of the first time.
    #[serde(default = "once")]
    pub repeats: usize,
    /// How many rows were judged.
    pub rows: usize,
    /// How many rows the ensemble or the best member had no answer for.
    pub unanswered: usize,
    /// How many members there are.
    pub members: usize,
    /// How many have weight, where the fusion has weights; all of them must predict else.
    pub used: usize,
    /// The share of rows in which some member is right: no choice among the members can do better. Classes only.
    pub oracle: Option<f64>,
    /// The mean share of rows in which exactly one of two members is right. Classes only.
    pub disagreement: Option<f64>,
    /// The mean correlation between two members: of being right for classes, of the errors for values.
    pub correlation: Option<f64>,
}

/// How often rows were split where nothing is said of it.
fn once() -> usize {
    1
}

/// A verdict and what it rests on.
///
/// ```
/// use consort_fusion::verdict::Judgement;
/// // By how much the score on the rows fitted on flatters the ensemble, and which member a person would use instead.
/// fn in_short(judgement: &Judgement) -> (Option<f64>, &str) {
///     (judgement.ensemble.optimism(), &judgement.best_member.name)
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// The ensemble, scored on rows that its fit did not see.
    pub ensemble: HonestScore,
    /// The best member, likewise.
    pub best_member: BestMember,
}

/// Judges a fuser: its gain over the best member, on rows that neither the fit nor the choice has seen.
///
/// The interval of the gain draws rows, or the groups of the truth, or sets of them: see
/// [`bootstrap`](consort_metrics::significance::bootstrap).
///
/// `folds · repeats + 1` fits, as many choices of the best member (each scores all members), and the bootstrap.
///
/// ```
/// use consort_core::{Gives, Ids, Outputs, Predictions, Seed, Target, Truth};
/// use consort_fusion::{verdict::{Conclusion, NestedSplit, judge}, weights::SimplexWeights};
/// use consort_metrics::{regression::RootMeanSquaredError, significance::Bootstrap};
/// let truth: Vec<f64> = (0..60).map(f64::from).collect();
/// let wave = |i: u32, phase: u32| if (i + phase) % 4 < 2 { 1.0 } else { -1.0 };
/// let near = |phase: u32| (0..60).map(|i| (f64::from(i) + wave(i, phase)) as f32).collect::<Vec<_>>();
/// let predictions = Predictions::builder(Outputs::target("y"), Ids::positions(60))
///     .member("a", Gives::Values, &near(0))?
///     .member("b", Gives::Values, &near(1))?
///     .build()?;
/// let target = Target::from_values(truth, "y")?;
/// let truth = Truth::new(&target);
/// let folds = NestedSplit::default().draw(&predictions, &truth, Seed::new(0))?;
/// let (fuser, metric, bootstrap) = (SimplexWeights::default(), RootMeanSquaredError, Bootstrap::default());
/// let judged = judge(&fuser, &predictions, &truth, &metric, &folds, &bootstrap, Seed::new(0))?;
/// assert_eq!(judged.verdict.conclusion, Conclusion::Better);
/// assert!(judged.verdict.text().starts_with("The ensemble is better than its best member"));
/// # Ok::<(), consort_core::Error>(())
/// ```
///
/// # Errors
/// Those of the fuser, the metric and the bootstrap; `Length` unless all are of the same rows.
pub fn judge(
    fuser: &dyn Fuser,
    predictions: &Predictions,
    truth: &Truth<'_>,
    metric: &dyn Metric,
    partitions: &Partitions,
    bootstrap: &Bootstrap,
    seed: Seed,
) -> Result<Judgement> {
    let best_member = BestMember::of(predictions, truth, metric, partitions)?;
    let verdict_seed = seed.child("verdict");
    // Where the best member is several, its table is taken apart and let go before that of the ensemble is made.
    let apart = if best_member.is_mixed() {
        taken_apart(&best_member, predictions, truth, metric, verdict_seed)?
    } else {
        None
    };
    let ensemble = HonestScore::of(fuser, predictions, truth, metric, partitions, seed)?;
    let case = Case { ensemble: &ensemble, best: &best_member, predictions, truth, metric, bootstrap };
    let verdict = case.verdict(apart, verdict_seed)?;
    Ok(Judgement { verdict, ensemble, best_member })
}

/// The best member, taken apart for each metric of a verdict. Nothing where a row has no answer, or a metric reads the
/// predictions themselves.
fn taken_apart(
    best: &BestMember,
    predictions: &Predictions,
    truth: &Truth<'_>,
    metric: &dyn Metric,
    seed: Seed,
) -> Result<Option<Vec<ScoredUnits<'static>>>> {
    let chosen = best.predictions(predictions)?;
    let estimates = chosen.estimates();
    if estimates.has_nan() {
        return Ok(None);
    }
    let others = beside(metric, predictions.outputs().task(), best.gives == Gives::Probabilities);
    let mut apart = Vec::new();
    for metric in std::iter::once(metric).chain(others.iter().map(AsRef::as_ref)) {
        match ScoredUnits::new(metric, &estimates, truth, seed.child(&metric.name()))?.without_estimates() {
            Some(units) => apart.push(units),
            None => return Ok(None),
        }
    }
    Ok(Some(apart))
}

impl Verdict {
    /// The verdict on an ensemble that was scored already, with the folds and the metric of the best member.
    ///
    /// # Errors
    /// Those of the metrics and the bootstrap; `Length` unless all are of the same rows.
    pub fn of(
        ensemble: &HonestScore,
        best: &BestMember,
        predictions: &Predictions,
        truth: &Truth<'_>,
        metric: &dyn Metric,
        bootstrap: &Bootstrap,
        seed: Seed,
    ) -> Result<Self> {
        Case { ensemble, best, predictions, truth, metric, bootstrap }.verdict(None, seed)
    }
}

/// What a verdict is about.
struct Case<'a> {
    ensemble: &'a HonestScore,
    best: &'a BestMember,
    predictions: &'a Predictions,
    truth: &'a Truth<'a>,
    metric: &'a dyn Metric,
    bootstrap: &'a Bootstrap,
}

impl Case<'_> {
    /// The verdict; `apart` is what [`taken_apart`] gave with the same seed.
    fn verdict(&self, apart: Option<Vec<ScoredUnits<'static>>>, seed: Seed) -> Result<Verdict> {
        let &Self { ensemble, best, predictions, truth, metric, .. } = self;
        let a = Estimates::matrix(&ensemble.fused, ensemble.gives);
        let probabilities = ensemble.gives == Gives::Probabilities && best.gives == Gives::Probabilities;
        let others = beside(metric, predictions.outputs().task(), probabilities);
        let metrics: Vec<&dyn Metric> = std::iter::once(metric).chain(others.iter().map(AsRef::as_ref)).collect();
        let weighty = |truth: &Truth<'_>| (0..truth.rows()).filter(|&i| truth.weight(i) > 0.0).count();
        let (gains, rows) = match apart.filter(|_| a.unanswered(truth) == 0) {
            Some(apart) => {
                let pairs = metrics.iter().zip(apart);
                let gains = pairs.map(|(metric, b)| {
                    let seed = seed.child(&metric.name());
                    let a = ScoredUnits::new(*metric, &a, truth, seed)?;
                    Ok(self.bootstrap.resample(*metric, &[a, b], truth, seed)?.difference(0, 1))
                });
                (gains.collect::<Result<Vec<Difference>>>()?, weighty(truth))
            }
            None => {
                let chosen = best.predictions(predictions)?;
                let b = chosen.estimates();
                let weights = answered_by_both(&a, &b, truth);
                let judged = weights.as_deref().map_or(Ok(*truth), |weights| truth.reweighted(weights))?;
                let gains = metrics.iter().map(|metric| {
                    paired_bootstrap(*metric, &a, &b, &judged, self.bootstrap, seed.child(&metric.name()))
                });
                (gains.collect::<Result<Vec<Difference>>>()?, weighty(&judged))
            }
        };
        let over_best = if best.is_mixed() { Some(self.over_best(&a, seed.child("best on all rows"))?) } else { None };
        let conclusion = match (gains.first().map_or(Conclusion::Unknown, Conclusion::of), &over_best) {
            (one @ (Conclusion::Better | Conclusion::Worse), Some(other)) if Conclusion::of(other) != one => {
                Conclusion::NoClearGain
            }
            (one, _) => one,
        };
        let is_best_member = ensemble.only_member.as_ref() == Some(&best.name);
        let conclusion = match conclusion {
            Conclusion::Better | Conclusion::Worse if is_best_member => Conclusion::NoClearGain,
            other => other,
        };
        // The choices of the repeat that the gains are of.
        let folds = ensemble.folds.iter().filter(|fold| fold.repeat == 0).count();
        let members = predictions.members().len();
        let (oracle, disagreement, correlation) = diversity(predictions, truth);
        Ok(Verdict {
            fuser: ensemble.fuser.clone(),
            best_member: best.name.clone(),
            chosen: counts(&best.chosen[..folds.clamp(1, best.chosen.len())]),
            is_best_member,
            conclusion,
            gains,
            over_best,
            in_sample: ensemble.in_sample.clone(),
            nested: ensemble.nested.clone(),
            repeats: ensemble.folds.last().map_or(1, |last| last.repeat + 1),
            rows,
            unanswered: weighty(truth) - rows,
            members,
            used: ensemble.weights.as_ref().map_or(members, |weights| weights.iter().filter(|w| **w > 0.0).count()),
            oracle,
            disagreement,
            correlation,
        })
    }
}

impl Case<'_> {
    /// The gain over the member that is best on all rows.
    fn over_best(&self, a: &Estimates<'_>, seed: Seed) -> Result<Difference> {
        let &Self { best, predictions, truth, metric, bootstrap, .. } = self;
        let named = best.of_the_named(predictions)?;
        let b = named.estimates();
        let weights = answered_by_both(a, &b, truth);
        let judged = weights.as_deref().map_or(Ok(*truth), |weights| truth.reweighted(weights))?;
        paired_bootstrap(metric, a, &b, &judged, bootstrap, seed)
    }
}

/// The weights of the rows that both answer, 0 for others; `None` where both answer all.
fn answered_by_both(a: &Estimates<'_>, b: &Estimates<'_>, truth: &Truth<'_>) -> Option<Vec<f64>> {
    let weight = |i: usize| if a.is_answered(i) && b.is_answered(i) { truth.weight(i) } else { 0.0 };
    (a.has_nan() || b.has_nan()).then(|| (0..truth.rows()).map(weight).collect())
}

/// The metrics that are always shown beside the chosen one.
fn beside(chosen: &dyn Metric, task: Task, probabilities: bool) -> Vec<Box<dyn Metric>> {
    let usual: Vec<Box<dyn Metric>> = match task {
        Task::Regression => vec![Box::new(RootMeanSquaredError)],
        _ if probabilities => vec![Box::new(LogLoss::default()), Box::new(CalibrationError::ece())],
        _ => Vec::new(),
    };
    usual.into_iter().filter(|metric| metric.suits(task) && metric.name() != chosen.name()).collect()
}

/// Oracle accuracy, mean disagreement and mean correlation; nothing where they are not defined, such as for scores.
fn diversity(predictions: &Predictions, truth: &Truth<'_>) -> (Option<f64>, Option<f64>, Option<f64>) {
    match predictions.outputs() {
        Outputs::Classes(_) => match Diversity::of(predictions, truth) {
            Ok(diversity) => {
                let averages = diversity.averages();
                (Some(diversity.oracle_accuracy), averages.disagreement.value(), averages.correlation.value())
            }
            Err(_) => (None, None, None),
        },
        Outputs::Targets(_) => {
            let found = RegressionDiversity::of(predictions, truth).ok();
            (None, None, found.and_then(|diversity| diversity.residual_correlation.mean().value()))
        }
        _ => (None, None, None),
    }
}

/// How often each name occurs: the most frequent first, equal ones by name.
fn counts(names: &[String]) -> Vec<(String, usize)> {
    let mut counts = std::collections::BTreeMap::<&String, usize>::new();
    names.iter().for_each(|name| *counts.entry(name).or_default() += 1);
    let mut counts: Vec<(String, usize)> = counts.into_iter().map(|(name, count)| (name.clone(), count)).collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    counts
}
