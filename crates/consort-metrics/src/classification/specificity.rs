use consort_core::Score;
use serde::{Deserialize, Serialize};

use crate::classification::rate::rate_metric;
use crate::classification::{Average, Counts, ZeroDivision};

/// Specificity (true negative rate): the share of the rows of other classes that were left alone.
///
/// TN / (TN + FP). In \[0, 1\], 1 is best. Of more than two classes, or of labels, averaged as [`Average`] says.
/// O(rows × classes).
///
/// ```
/// use consort_core::{Classes, Estimates, Gives, Metric, Target, Truth};
/// use consort_metrics::classification::Specificity;
/// let target = Target::from_labels(["no", "no", "yes", "yes", "yes"], &Classes::new(["no", "yes"])?, "y")?;
/// let labels = [0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0]; // yes, no, yes, yes, no
/// let estimates = Estimates::f32(&labels, 2, Gives::Labels)?;
/// assert_eq!(Specificity::default().score(&estimates, &Truth::new(&target))?.value(), Some(0.5));
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Specificity {
    /// How classes or labels are averaged.
    pub average: Average,
    /// What 0 / 0 is.
    pub zero_division: ZeroDivision,
}

impl Counts {
    /// TN / (TN + FP). Undefined if all rows are of the class.
    pub fn specificity(&self) -> Score {
        Score::ratio(self.true_negative, self.negatives(), "all rows are of the class, so specificity has no value")
    }
}

rate_metric!(Specificity, |_metric| "specificity".into(), |_metric, counts| counts.specificity());
