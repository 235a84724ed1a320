use std::sync::Arc;

use consort_core::{Error, Fuser, Fusion, Metric, Predictions, Result, Score, Seed, Truth};
use consort_metrics::LogLoss;
use serde::{Deserialize, Serialize};

use super::{Labelled, WeightedMembers, suitable};

/// The plain mean of the k best members. Of equal ones the first come first.
///
/// Members whose score is undefined come last. O(members × metric).
///
/// ```
/// use consort_core::{Classes, Gives, Ids, Outputs, Predictions, Target, Truth};
/// use consort_fusion::select::SelectTop;
/// let classes = Classes::new(["no", "yes"])?;
/// let target = Target::from_labels(["yes"], &classes, "y")?;
/// let predictions = Predictions::builder(Outputs::Classes(classes), Ids::positions(1))
///     .member("a", Gives::Probabilities, &[0.5, 0.5])?
///     .member("b", Gives::Probabilities, &[0.25, 0.75])?
///     .member("c", Gives::Probabilities, &[0.75, 0.25])?
///     .build()?;
/// let top = SelectTop::default().members(2).choose(&predictions, &Truth::new(&target))?;
/// assert_eq!(top.member_weights(), [0.5, 0.5, 0.0]);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SelectTop {
    /// What is best. The default is log loss.
    pub metric: Arc<dyn Metric>,
    /// How many members at most. The default is 5.
    pub members: usize,
}

impl Default for SelectTop {
    fn default() -> Self {
        Self::new(Arc::new(LogLoss::default()), 5)
    }
}

impl SelectTop {
    /// So many members, the best by this metric.
    pub fn new(metric: Arc<dyn Metric>, members: usize) -> Self {
        Self { metric, members }
    }

    /// By another metric.
    pub fn metric(mut self, metric: Arc<dyn Metric>) -> Self {
        self.metric = metric;
        self
    }

    /// With so many members.
    pub fn members(mut self, members: usize) -> Self {
        self.members = members;
        self
    }

    /// Checks the parameters.
    ///
    /// # Errors
    /// [`Error::Parameter`] without a member.
    pub fn check(&self) -> Result<()> {
        at_least_one(self.members)
    }

    /// The choice on these predictions.
    ///
    /// # Errors
    /// If no member is asked for, the truth is not parallel, the metric is not defined for the problem or for no
    /// member on these rows, or a member gives logits or scores or lacks a row that has weight.
    pub fn choose(&self, predictions: &Predictions, truth: &Truth<'_>) -> Result<WeightedMembers> {
        self.choose_as("top", predictions, truth)
    }

    pub(super) fn choose_as(&self, by: &str, predictions: &Predictions, truth: &Truth<'_>) -> Result<WeightedMembers> {
        self.check()?;
        suitable(self.metric.as_ref(), predictions, by)?;
        let data = Labelled::new(predictions, truth, by)?;
        let names: Vec<&str> = predictions.names().collect();
        let scores = data.member_scores(self.metric.as_ref())?;
        if let Some(reason) = scores.iter().all(|score| score.value().is_none()).then(|| scores[0].reason()) {
            return Err(Error::Unsupported {
                by: by.into(),
                what: format!("rows on which `{}` has no value ({})", self.metric.name(), reason.unwrap_or_default()),
                hint: "choose another metric, or rows on which it has one".into(),
            });
        }
        let direction = self.metric.direction();
        let cost = |m: usize| scores[m].value().map_or(f64::INFINITY, |score| direction.cost(score));
        let mut order: Vec<usize> = (0..names.len()).collect();
        // Stable, so that the first member wins a tie.
        order.sort_by(|&a, &b| cost(a).total_cmp(&cost(b)));
        let mut weights = vec![0.0; names.len()];
        for &m in &order[..self.members.min(names.len())] {
            weights[m] = 1.0;
        }
        Ok(WeightedMembers::new(by, &names, &weights, scores.iter().map(Score::value).collect()))
    }
}

/// Refuses to choose no member.
pub(super) fn at_least_one(members: usize) -> Result<()> {
    if members == 0 { Err(Error::parameter("members", 0, "at least 1")) } else { Ok(()) }
}

#[typetag::serde]
impl Fuser for SelectTop {
    fn name(&self) -> String {
        "top".into()
    }

    fn fit(&self, predictions: &Predictions, truth: &Truth<'_>, _: Seed) -> Result<Box<dyn Fusion>> {
        Ok(Box::new(self.choose(predictions, truth)?))
    }
}
