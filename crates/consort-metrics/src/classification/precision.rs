use consort_core::Score;
use serde::{Deserialize, Serialize};

use crate::classification::rate::rate_metric;
use crate::classification::{Average, Counts, ZeroDivision};

/// Precision (positive predictive value): the share of the rows that were given a class that belong to it.
///
/// TP / (TP + FP). In \[0, 1\], 1 is best. Of more than two classes, or of labels, averaged as [`Average`] says.
/// O(rows × classes).
///
/// ```
/// use consort_core::{Classes, Estimates, Gives, Metric, Target, Truth};
/// use consort_metrics::classification::Precision;
/// let target = Target::from_labels(["no", "no", "yes", "yes", "yes"], &Classes::new(["no", "yes"])?, "y")?;
/// let labels = [0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0]; // yes, no, yes, yes, no
/// let estimates = Estimates::f32(&labels, 2, Gives::Labels)?;
/// assert_eq!(Precision::default().score(&estimates, &Truth::new(&target))?.value(), Some(2.0 / 3.0));
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Precision {
    /// How classes or labels are averaged.
    pub average: Average,
    /// What 0 / 0 is.
    pub zero_division: ZeroDivision,
}

impl Counts {
    /// TP / (TP + FP). Undefined if the class is never predicted.
    pub fn precision(&self) -> Score {
        Score::ratio(
            self.true_positive,
            self.true_positive + self.false_positive,
            "no row was given the class, so precision has no value",
        )
    }
}

rate_metric!(Precision, |_metric| "precision".into(), |_metric, counts| counts.precision());
