use consort_core::Score;
use serde::{Deserialize, Serialize};

use crate::classification::rate::rate_metric;
use crate::classification::{Average, Counts, ZeroDivision};

/// Recall (sensitivity, true positive rate): the share of the rows of a class that were found.
///
/// TP / (TP + FN). In \[0, 1\], 1 is best. Of more than two classes, or of labels, averaged as [`Average`] says.
/// O(rows × classes).
///
/// ```
/// use consort_core::{Classes, Estimates, Gives, Metric, Target, Truth};
/// use consort_metrics::classification::Recall;
/// let target = Target::from_labels(["no", "no", "yes", "yes", "yes"], &Classes::new(["no", "yes"])?, "y")?;
/// let labels = [0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0]; // yes, no, yes, yes, no
/// let estimates = Estimates::f32(&labels, 2, Gives::Labels)?;
/// assert_eq!(Recall::default().score(&estimates, &Truth::new(&target))?.value(), Some(2.0 / 3.0));
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Recall {
    /// How classes or labels are averaged.
    pub average: Average,
    /// What 0 / 0 is.
    pub zero_division: ZeroDivision,
}

impl Counts {
    /// TP / (TP + FN). Undefined if the class never occurs.
    pub fn recall(&self) -> Score {
        Score::ratio(self.true_positive, self.positives(), "no row of the class has weight, so recall has no value")
    }
}

rate_metric!(Recall, |_metric| "recall".into(), |_metric, counts| counts.recall());
