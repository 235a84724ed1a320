use std::sync::Arc;

use consort_core::{Fuser, Fusion, Metric, Predictions, Result, Seed, Truth};
use consort_metrics::Accuracy;
use serde::{Deserialize, Serialize};

use super::{GreedySelection, Keep, Selection, top::at_least_one};

/// Reduce-error pruning: the best member first, then each time the member whose company makes the mean best, each
/// once, until there are enough. All that are chosen count the same.
///
/// It is [`GreedySelection`] without replacement that keeps all rounds. O(chosen × members × rows × columns).
///
/// Source: Margineantu and Dietterich (1997), Pruning adaptive boosting; here without back-fitting and on the mean
/// of the members.
///
/// ```
/// use consort_core::{Classes, Gives, Ids, Outputs, Predictions, Target, Truth};
/// use consort_fusion::select::ReduceError;
/// let classes = Classes::new(["no", "yes"])?;
/// let target = Target::from_labels(["yes"], &classes, "y")?;
/// let predictions = Predictions::builder(Outputs::Classes(classes), Ids::positions(1))
///     .member("a", Gives::Probabilities, &[0.75, 0.25])?
///     .member("b", Gives::Probabilities, &[0.25, 0.75])?
///     .build()?;
/// let pruned = ReduceError::default().members(1).prune(&predictions, &Truth::new(&target))?;
/// assert_eq!(pruned.member_weights(), [0.0, 1.0]);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReduceError {
    /// What is made better. The default is accuracy.
    pub metric: Arc<dyn Metric>,
    /// How many members remain at most. The default is 5.
    pub members: usize,
}

impl Default for ReduceError {
    fn default() -> Self {
        Self { metric: Arc::new(Accuracy), members: 5 }
    }
}

impl ReduceError {
    /// By another metric.
    pub fn metric(mut self, metric: Arc<dyn Metric>) -> Self {
        self.metric = metric;
        self
    }

    /// Down to so many members.
    pub fn members(mut self, members: usize) -> Self {
        self.members = members;
        self
    }

    /// The members that remain.
    ///
    /// # Errors
    /// If no member is asked for, and as [`GreedySelection::select`].
    pub fn prune(&self, predictions: &Predictions, truth: &Truth<'_>) -> Result<Selection> {
        at_least_one(self.members)?;
        let greedy = GreedySelection::new(self.metric.clone()).rounds(self.members).replacement(false).keep(Keep::Last);
        // Without bags the seed is not read.
        greedy.select(predictions, truth, Seed::new(0))
    }
}

#[typetag::serde]
impl Fuser for ReduceError {
    fn name(&self) -> String {
        "reduce_error".into()
    }

    fn fit(&self, predictions: &Predictions, truth: &Truth<'_>, _: Seed) -> Result<Box<dyn Fusion>> {
        Ok(Box::new(self.prune(predictions, truth)?))
    }
}
