use std::sync::Arc;

use consort_core::{Fuser, Fusion, Metric, Predictions, Result, Seed, Truth};
use consort_metrics::LogLoss;
use serde::{Deserialize, Serialize};

use super::{SelectTop, WeightedMembers};

/// The best single member: what an ensemble has to beat. The first one on ties.
///
/// O(members × metric).
///
/// ```
/// use consort_core::{Classes, Gives, Ids, Outputs, Predictions, Target, Truth};
/// use consort_fusion::select::SelectBest;
/// let classes = Classes::new(["no", "yes"])?;
/// let target = Target::from_labels(["yes"], &classes, "y")?;
/// let predictions = Predictions::builder(Outputs::Classes(classes), Ids::positions(1))
///     .member("a", Gives::Probabilities, &[0.5, 0.5])?
///     .member("b", Gives::Probabilities, &[0.25, 0.75])?
///     .build()?;
/// let best = SelectBest::default().choose(&predictions, &Truth::new(&target))?;
/// assert_eq!(best.member_weights(), [0.0, 1.0]);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SelectBest {
    /// What is best. The default is log loss.
    pub metric: Arc<dyn Metric>,
}

impl Default for SelectBest {
    fn default() -> Self {
        Self::new(Arc::new(LogLoss::default()))
    }
}

impl SelectBest {
    /// The best by this metric.
    pub fn new(metric: Arc<dyn Metric>) -> Self {
        Self { metric }
    }

    /// The choice on these predictions.
    ///
    /// # Errors
    /// As [`SelectTop::choose`].
    pub fn choose(&self, predictions: &Predictions, truth: &Truth<'_>) -> Result<WeightedMembers> {
        SelectTop::new(self.metric.clone(), 1).choose_as("best", predictions, truth)
    }
}

#[typetag::serde]
impl Fuser for SelectBest {
    fn name(&self) -> String {
        "best".into()
    }

    fn fit(&self, predictions: &Predictions, truth: &Truth<'_>, _: Seed) -> Result<Box<dyn Fusion>> {
        Ok(Box::new(self.choose(predictions, truth)?))
    }
}
