use consort_core::{Accumulator, Direction, Estimates, Metric, Reads, Result, Score, Task, Truth};
use serde::{Deserialize, Serialize};

use crate::classification::tally::{OfTally, Tally};
use crate::classification::{Average, ConfusionMatrix, ZeroDivision, average_counts};

/// Balanced accuracy: the mean over classes of the share of rows found, so that a rare class counts like a common one.
///
/// (1/K)·Σₖ TPₖ / tₖ over the K classes that occur in the truth. In \[0, 1\], 1 is best, 1/K is chance.
/// O(rows × classes). Source: Brodersen et al. (2010).
///
/// ```
/// use consort_core::{Classes, Estimates, Gives, Metric, Target, Truth};
/// use consort_metrics::classification::BalancedAccuracy;
/// let target = Target::from_labels(["a", "a", "a", "b"], &Classes::new(["a", "b"])?, "y")?;
/// let always_a = [0.9, 0.1, 0.9, 0.1, 0.9, 0.1, 0.9, 0.1];
/// let estimates = Estimates::f32(&always_a, 2, Gives::Probabilities)?;
/// assert_eq!(BalancedAccuracy.score(&estimates, &Truth::new(&target))?.value(), Some(0.5));
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BalancedAccuracy;

impl ConfusionMatrix {
    /// [`BalancedAccuracy`] of the rows taken. Undefined if there is none.
    pub fn balanced_accuracy(&self) -> Score {
        average_counts(&self.counts(), Average::Macro, None, ZeroDivision::Undefined, |counts| counts.recall())
    }
}

impl OfTally for BalancedAccuracy {
    fn by(&self) -> String {
        "balanced_accuracy".into()
    }
    fn of_tally(&self, tally: &Tally) -> Score {
        tally.matrix().map_or_else(|undefined| undefined, ConfusionMatrix::balanced_accuracy)
    }
}

#[typetag::serde]
impl Metric for BalancedAccuracy {
    fn name(&self) -> String {
        "balanced_accuracy".into()
    }
    fn direction(&self) -> Direction {
        Direction::Higher
    }
    fn reads(&self) -> Reads {
        Reads::Label
    }
    fn suits(&self, task: Task) -> bool {
        task.is_classification()
    }
    fn range(&self) -> (f64, f64) {
        (0.0, 1.0)
    }
    fn score(&self, estimates: &Estimates<'_>, truth: &Truth<'_>) -> Result<Score> {
        truth.classes("balanced_accuracy")?;
        self.tallied(estimates, truth)
    }
    fn accumulator(&self) -> Option<Box<dyn Accumulator>> {
        self.tally_in_parts()
    }
}
