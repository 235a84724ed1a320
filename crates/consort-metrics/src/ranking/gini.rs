use consort_core::{Direction, Estimates, Metric, Reads, Real, Result, Score, Task, Truth};
use serde::{Deserialize, Serialize};

use crate::classification::Average;
use crate::ranking::RankedScores;
use crate::ranking::columns::{Columns, average};
use crate::ranking::roc_auc::roc_auc_of;

/// Gini coefficient (accuracy ratio, Somers' D): ROC AUC on a scale where chance is 0.
///
/// 2·AUC − 1. In \[−1, 1\], 1 is best.
/// Of several classes or labels, averaged as [`Average`] says.
///
/// Complexity: a sort for each class.
///
/// ```
/// use consort_core::{Classes, Estimates, Gives, Metric, Target, Truth};
/// use consort_metrics::ranking::Gini;
/// let target = Target::from_labels(["no", "yes", "yes", "no"], &Classes::new(["no", "yes"])?, "y")?;
/// let estimates = Estimates::f64(&[0.75, 0.25, 0.5, 0.5, 0.25, 0.75, 0.5, 0.5], 2, Gives::Probabilities)?;
/// assert_eq!(Gini::default().score(&estimates, &Truth::new(&target))?.value(), Some(0.75));
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Gini {
    /// How classes or labels are averaged.
    pub average: Average,
}

impl Gini {
    /// The same with another average.
    pub fn average(mut self, average: Average) -> Self {
        self.average = average;
        self
    }
}

/// [`Gini`] of scores that are ranked already. Undefined if all rows are of one kind.
///
/// ```
/// use consort_metrics::ranking::{RankedScores, gini_of};
/// let ranked = RankedScores::new(&[0.25, 0.5, 0.75, 0.5], &[false, true, true, false], None)?;
/// assert_eq!(gini_of(&ranked).value(), Some(0.75));
/// # Ok::<(), consort_core::Error>(())
/// ```
pub fn gini_of(ranked: &RankedScores<'_>) -> Score {
    roc_auc_of(ranked).map(|area| 2.0 * area - 1.0)
}

/// [`Gini`] of the scores of a yes-or-no question. Undefined if all rows are of one kind.
///
/// ```
/// use consort_metrics::ranking::gini;
/// let score = gini(&[0.25f32, 0.5, 0.75, 0.5], &[false, true, true, false], None)?;
/// assert_eq!(score.value(), Some(0.75));
/// # Ok::<(), consort_core::Error>(())
/// ```
///
/// # Errors
/// As [`RankedScores::new`].
pub fn gini<T: Real>(scores: &[T], positive: &[bool], weights: Option<&[f64]>) -> Result<Score> {
    Ok(gini_of(&RankedScores::new(scores, positive, weights)?))
}

#[typetag::serde]
impl Metric for Gini {
    fn name(&self) -> String {
        self.average.suffixed("gini")
    }
    fn direction(&self) -> Direction {
        Direction::Higher
    }
    fn reads(&self) -> Reads {
        Reads::Score
    }
    fn suits(&self, task: Task) -> bool {
        self.average.suits(task) && self.average != Average::Samples
    }
    fn range(&self) -> (f64, f64) {
        (-1.0, 1.0)
    }
    fn score(&self, estimates: &Estimates<'_>, truth: &Truth<'_>) -> Result<Score> {
        average(&Columns::of(estimates, truth, "gini")?, self.average, "gini", gini_of)
    }
}
