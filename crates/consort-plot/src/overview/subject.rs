use std::sync::Arc;

use consort_core::{Gives, Matrix, Metric, Predictions, Seed, Truth};

/// What a report is made of: predictions, and what else is known. Everything but the predictions is optional.
///
/// See [`from_predictions`](super::from_predictions).
#[derive(Debug, Clone)]
pub struct Subject<'a> {
    pub(super) title: String,
    pub(super) predictions: &'a Predictions,
    pub(super) truth: Option<Truth<'a>>,
    pub(super) ensemble: Option<Fused<'a>>,
    pub(super) before: Option<Fused<'a>>,
    pub(super) weights: Option<&'a [f64]>,
    pub(super) selection: Option<Selection<'a>>,
    pub(super) train_scores: Option<&'a [Option<f64>]>,
    pub(super) costs: Option<(String, &'a [f64])>,
    pub(super) metric: Option<Arc<dyn Metric>>,
    pub(super) others: Vec<Arc<dyn Metric>>,
    pub(super) seed: Seed,
}

#[derive(Debug, Clone)]
pub(super) struct Fused<'a> {
    pub(super) name: String,
    pub(super) matrix: &'a Matrix,
    pub(super) gives: Gives,
}

/// What a forward selection did.
#[derive(Debug, Clone, Copy)]
pub struct Selection<'a> {
    /// The member added in each round.
    pub picks: &'a [usize],
    /// The score after each round.
    pub scores: &'a [f64],
    /// The round (from 1) whose weights were taken.
    pub chosen: Option<usize>,
}

impl<'a> Subject<'a> {
    /// A report of these predictions.
    pub fn new(title: impl Into<String>, predictions: &'a Predictions) -> Self {
        Self {
            title: title.into(),
            predictions,
            truth: None,
            ensemble: None,
            before: None,
            weights: None,
            selection: None,
            train_scores: None,
            costs: None,
            metric: None,
            others: Vec::new(),
            seed: Seed::new(0),
        }
    }

    /// The truth of the same rows.
    pub fn truth(mut self, truth: Truth<'a>) -> Self {
        self.truth = Some(truth);
        self
    }

    /// The fused prediction of the same rows.
    pub fn ensemble(mut self, name: impl Into<String>, matrix: &'a Matrix, gives: Gives) -> Self {
        self.ensemble = Some(Fused { name: name.into(), matrix, gives });
        self
    }

    /// The fused prediction before it was calibrated.
    pub fn before_calibration(mut self, name: impl Into<String>, matrix: &'a Matrix, gives: Gives) -> Self {
        self.before = Some(Fused { name: name.into(), matrix, gives });
        self
    }

    /// The weight of each member.
    pub fn weights(mut self, weights: &'a [f64]) -> Self {
        self.weights = Some(weights);
        self
    }

    /// How the weights were selected, with scores in the metric.
    pub fn selection(mut self, selection: Selection<'a>) -> Self {
        self.selection = Some(selection);
        self
    }

    /// The score of each member on the rows that it was fitted on, in the metric, where known.
    pub fn train_scores(mut self, scores: &'a [Option<f64>]) -> Self {
        self.train_scores = Some(scores);
        self
    }

    /// What each member costs; `what` says what that is, with its unit, such as `time to fit, in seconds`.
    pub fn costs(mut self, what: impl Into<String>, costs: &'a [f64]) -> Self {
        self.costs = Some((what.into(), costs));
        self
    }

    /// The weights, if they can be those of votes: none below 0, and some above.
    pub(super) fn vote_weights(&self) -> Option<&'a [f64]> {
        let whole = |weights: &&[f64]| weights.len() == self.predictions.members().len();
        self.weights.filter(whole).filter(|w| w.iter().all(|w| *w >= 0.0) && w.iter().any(|w| *w > 0.0))
    }

    /// The metric that ranks; by default the usual one of the task.
    pub fn metric(mut self, metric: Arc<dyn Metric>) -> Self {
        self.metric = Some(metric);
        self
    }

    /// Other metrics for the leaderboard.
    pub fn others(mut self, metrics: impl IntoIterator<Item = Arc<dyn Metric>>) -> Self {
        self.others = metrics.into_iter().collect();
        self
    }

    /// Where randomness comes from (which rows and orders are drawn); 0 by default.
    pub fn seed(mut self, seed: Seed) -> Self {
        self.seed = seed;
        self
    }
}
