use std::sync::Arc;

use consort_core::{Error, Estimates, Fusion, Gives, Matrix, Metric, Predictions, Result, Seed, Target, Truth};
use consort_metrics::{diversity::can_be_averaged, registry};

use crate::{rule::Mean, verdict::HonestScore};

/// What is known of an ensemble, for the checks to look at. All but predictions and truth is optional; the more is
/// known, the more checks can be made.
///
/// The predictions must be out-of-fold or of held-out rows, as for any honest score.
///
/// ```
/// use consort_core::{Gives, Ids, Outputs, Predictions, Target, Truth};
/// use consort_fusion::diagnosis::{Case, diagnose};
/// let y: Vec<f32> = (0..50).map(|i| i as f32).collect();
/// let predictions = Predictions::builder(Outputs::target("y"), Ids::positions(50)).member("a", Gives::Values, &y)?.build()?;
/// let target = Target::from_values((0..50).map(f64::from).collect(), "y")?;
/// let folds: Vec<u32> = (0..50).map(|i| i % 5).collect();
/// let diagnosis = diagnose(&Case::new(&predictions, Truth::new(&target)).folds(&folds).weights(&[1.0]))?;
/// assert!(diagnosis.findings.iter().any(|finding| finding.check == "leakage")); // nobody is right to the last digit
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Case<'a> {
    pub(super) predictions: &'a Predictions,
    pub(super) truth: Truth<'a>,
    pub(super) metric: Arc<dyn Metric>,
    pub(super) fused: Option<(&'a Matrix, Gives)>,
    pub(super) honest: Option<&'a HonestScore>,
    pub(super) weights: Option<&'a [f64]>,
    pub(super) parameters: Option<usize>,
    pub(super) train_scores: Option<&'a [Option<f64>]>,
    pub(super) folds: Option<&'a [u32]>,
    pub(super) fold_names: Option<&'a [String]>,
    pub(super) times: Option<&'a [f64]>,
    pub(super) seed: Seed,
}

impl<'a> Case<'a> {
    /// Of these predictions, with the usual metric of their task.
    pub fn new(predictions: &'a Predictions, truth: Truth<'a>) -> Self {
        Self {
            predictions,
            truth,
            metric: registry::default_for(predictions.outputs().task()),
            fused: None,
            honest: None,
            weights: None,
            parameters: None,
            train_scores: None,
            folds: None,
            fold_names: None,
            times: None,
            seed: Seed::new(0),
        }
    }

    /// The metric that is to be good.
    pub fn metric(mut self, metric: Arc<dyn Metric>) -> Self {
        self.metric = metric;
        self
    }

    /// The ensemble's prediction of the same rows, by fits that did not see them. Without it, the plain mean of the
    /// members is looked at where it makes sense.
    pub fn fused(mut self, fused: &'a Matrix, gives: Gives) -> Self {
        self.fused = Some((fused, gives));
        self
    }

    /// The fusion's scores on seen and unseen rows; its out-of-fold prediction is taken for [`Self::fused`].
    pub fn honest(mut self, honest: &'a HonestScore) -> Self {
        self.honest = Some(honest);
        self.fused = Some((&honest.fused, honest.gives));
        self
    }

    /// The weights of the members.
    pub fn weights(mut self, weights: &'a [f64]) -> Self {
        self.weights = Some(weights);
        self
    }

    /// How many numbers the fusion has learnt from these rows; 0 for a rule that learns nothing.
    pub fn parameters(mut self, parameters: usize) -> Self {
        self.parameters = Some(parameters);
        self
    }

    /// The score of each member on the rows that it was fitted on, in the metric, where known.
    pub fn train_scores(mut self, scores: &'a [Option<f64>]) -> Self {
        self.train_scores = Some(scores);
        self
    }

    /// The fold of each row: the one whose members did not see it.
    pub fn folds(mut self, folds: &'a [u32]) -> Self {
        self.folds = Some(folds);
        self
    }

    /// What the folds are called: fold `k` by the name at place `k`. Without names they are called by their numbers.
    pub fn fold_names(mut self, names: &'a [String]) -> Self {
        self.fold_names = Some(names);
        self
    }

    /// When each row happened, in any unit.
    pub fn times(mut self, times: &'a [f64]) -> Self {
        self.times = Some(times);
        self
    }

    /// Where randomness comes from: which of many rows are looked at.
    pub fn seed(mut self, seed: Seed) -> Self {
        self.seed = seed;
        self
    }

    /// The members' predictions.
    pub fn predictions(&self) -> &'a Predictions {
        self.predictions
    }

    /// What is true of the same rows.
    pub fn truth(&self) -> &Truth<'a> {
        &self.truth
    }

    pub(super) fn check(&self) -> Result<()> {
        let (rows, members) = (self.predictions.rows(), self.predictions.members().len());
        for (what, got, expected, unit) in [
            ("the truth", Some(self.truth.rows()), rows, "rows"),
            ("the ensemble", self.fused.map(|fused| fused.0.rows()), rows, "rows"),
            ("the folds", self.folds.map(<[u32]>::len), rows, "rows"),
            ("the times", self.times.map(<[f64]>::len), rows, "rows"),
            ("the weights", self.weights.map(<[f64]>::len), members, "members"),
            ("the scores on the rows fitted on", self.train_scores.map(<[_]>::len), members, "members"),
        ] {
            if let Some(got) = got.filter(|&got| got != expected) {
                let hint = "all must be parallel to the predictions".into();
                return Err(Error::Length { what: what.into(), got, expected, unit, hint });
            }
        }
        Ok(())
    }

    /// The name of member `m`.
    pub(super) fn name(&self, m: usize) -> &'a str {
        &self.predictions.members()[m].name
    }

    /// What fold `fold` is called.
    pub(super) fn fold_name(&self, fold: u32) -> String {
        let name = self.fold_names.and_then(|names| names.get(fold as usize));
        name.map_or_else(|| fold.to_string(), Clone::clone)
    }

    /// The rows of weight that every member and the ensemble predict, ascending; of more than `most` a random part.
    pub(super) fn rows(&self, most: usize, purpose: &str) -> Vec<u32> {
        let members = self.predictions.members().len();
        let fused = |i: usize| self.fused.is_none_or(|(fused, _)| fused.row(i).iter().all(|x| x.is_finite()));
        let mut rows: Vec<u32> = (0..self.predictions.rows())
            .filter(|&i| {
                self.truth.weight(i) > 0.0 && fused(i) && !(0..members).any(|m| self.predictions.is_missing(m, i))
            })
            .map(|i| i as u32)
            .collect();
        if rows.len() > most {
            self.seed.child(purpose).stream().shuffle(&mut rows);
            rows.truncate(most);
            rows.sort_unstable();
        }
        rows
    }

    /// The ensemble's prediction, or the members' plain mean; `None` where neither is known.
    pub(super) fn answer(&self) -> Result<Option<(Matrix, Gives)>> {
        if let Some((fused, gives)) = self.fused {
            return Ok(Some((fused.clone(), gives)));
        }
        if !can_be_averaged(self.predictions) {
            return Ok(None);
        }
        let mean = Mean::new();
        Ok(Some((mean.fuse(self.predictions)?, mean.gives(self.predictions.outputs()))))
    }

    /// The truth of the rows that these estimates give; `None` where they give none.
    pub(super) fn answered<'w>(&self, estimates: &Estimates<'_>, weights: &'w mut Vec<f64>) -> Option<Truth<'w>>
    where
        'a: 'w,
    {
        let silent = |i: usize| (0..estimates.columns()).any(|k| !estimates.at(i, k).is_finite());
        *weights = (0..estimates.rows()).map(|i| if silent(i) { 0.0 } else { self.truth.weight(i) }).collect();
        Truth::weighted(self.truth.target(), weights).ok()
    }

    /// The loss of estimates in the metric, less being better; `None` where it is undefined or does not apply.
    pub(super) fn loss(&self, estimates: &Estimates<'_>) -> Option<f64> {
        let mut weights = Vec::new();
        let truth = self.answered(estimates, &mut weights)?;
        // A metric that cannot read this member says nothing of it.
        let score = self.metric.score(estimates, &truth).ok()?.value()?;
        Some(self.metric.direction().cost(score))
    }

    /// The loss of the truth itself: as good as can be.
    pub(super) fn perfect_loss(&self) -> Option<f64> {
        let columns = self.predictions.columns();
        let mut answer = Matrix::zeros(self.truth.rows(), columns);
        for i in 0..self.truth.rows() {
            match self.truth.target() {
                Target::Classes { codes, .. } => answer.row_mut(i)[codes[i] as usize] = 1.0,
                Target::Values { values, .. } => {
                    (0..columns).for_each(|k| answer.row_mut(i)[k] = values[i * columns + k] as f32);
                }
                _ => return None,
            }
        }
        let gives = self.predictions.outputs().gives();
        let score = self.metric.score(&Estimates::matrix(&answer, gives), &self.truth).ok()?.value()?;
        Some(self.metric.direction().cost(score))
    }
}
