use std::sync::Arc;

use consort_core::{Error, Estimates, FitContext, Matrix, Metric, Result, Samples, Score, Target, Truth};
use serde::{Deserialize, Serialize};

use super::{BoostedTrees, loss::Loss};

/// When boosting ends before its last round: once the score on the validation rows has not become better for a while.
/// The model keeps the trees up to the best round.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EarlyStopping {
    /// After how many rounds without a better score.
    pub rounds: usize,
    /// By how much a score must be better to count.
    pub least_gain: f64,
    /// What is watched; `None` for the loss's own metric.
    pub metric: Option<Arc<dyn Metric>>,
}

impl Default for EarlyStopping {
    fn default() -> Self {
        Self { rounds: 50, least_gain: 0.0, metric: None }
    }
}

impl EarlyStopping {
    /// Refuses what is out of range.
    ///
    /// # Errors
    /// [`Error::Parameter`].
    pub fn check(&self) -> Result<()> {
        if self.rounds == 0 {
            return Err(Error::parameter("early_stopping.rounds", 0, "at least 1"));
        }
        if !(self.least_gain.is_finite() && self.least_gain >= 0.0) {
            return Err(Error::parameter("early_stopping.least_gain", self.least_gain, "finite and at least 0"));
        }
        Ok(())
    }
}

/// The validation rows while boosting goes on.
pub(super) struct Watch<'a> {
    rows: Samples<'a>,
    target: std::borrow::Cow<'a, Target>,
    weights: Vec<f64>,
    metric: Arc<dyn Metric>,
    patience: usize,
    least_gain: f64,
    scores: Vec<f64>,
    best: Option<f64>,
    /// After how many rounds the best score was reached.
    pub(super) best_round: usize,
}

impl<'a> Watch<'a> {
    pub(super) fn new(
        stopping: &EarlyStopping,
        loss: &dyn Loss,
        model: &BoostedTrees,
        ctx: &FitContext<'a>,
    ) -> Result<Self> {
        let rows = ctx.validation.filter(|rows| !rows.is_empty()).ok_or_else(|| Error::Unsupported {
            by: "early stopping".into(),
            what: "a fit without validation rows".into(),
            hint: "give validation rows in the context, or set `early_stopping` to none".into(),
        })?;
        let target = rows.target("early stopping")?;
        let weights = (0..rows.len()).map(|i| rows.weight(i)).collect();
        let metric = stopping.metric.clone().unwrap_or_else(|| loss.metric());
        if !metric.suits(target.outputs().task()) {
            return Err(Error::Unsupported {
                by: format!("`{}`", metric.name()),
                what: format!("a target of {}", target.outputs().task()),
                hint: "choose another metric for early stopping".into(),
            });
        }
        let scores = model.scores(&rows)?;
        Ok(Self {
            rows,
            target,
            weights,
            metric,
            patience: stopping.rounds,
            least_gain: stopping.least_gain,
            scores,
            best: None,
            best_round: model.rounds(),
        })
    }

    /// Takes the trees from `first` on; gives the score, and whether it is time to stop.
    pub(super) fn look(&mut self, model: &BoostedTrees, first: usize, round: usize) -> Result<(f64, bool)> {
        let trees = model.trees();
        trees.add(&self.rows, first..trees.trees().len(), &mut self.scores, trees.outputs())?;
        let predictions: Matrix = model.predictions(&self.scores);
        let truth = Truth::weighted(&self.target, &self.weights)?;
        let score = match self.metric.score(&Estimates::matrix(&predictions, model.loss().gives()), &truth)? {
            Score::Value(score) => score,
            Score::Undefined(reason) => {
                return Err(Error::Unsupported {
                    by: format!("`{}`", self.metric.name()),
                    what: format!("these validation rows: {reason}"),
                    hint: "give other validation rows, or choose another metric for early stopping".into(),
                });
            }
        };
        let cost = self.metric.direction().cost(score);
        if self.best.is_none_or(|best| cost < best - self.least_gain) {
            self.best = Some(cost);
            self.best_round = round;
        }
        Ok((score, round - self.best_round >= self.patience))
    }

    pub(super) fn name(&self) -> String {
        self.metric.name()
    }
}
