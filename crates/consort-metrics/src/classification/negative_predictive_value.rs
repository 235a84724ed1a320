use consort_core::Score;
use serde::{Deserialize, Serialize};

use crate::classification::rate::rate_metric;
use crate::classification::{Average, Counts, ZeroDivision};

/// Negative predictive value: the share of the rows that were not given a class that do not belong to it.
///
/// TN / (TN + FN). In \[0, 1\], 1 is best. Of more than two classes, or of labels, averaged as [`Average`] says.
/// O(rows × classes).
///
/// ```
/// use consort_core::{Classes, Estimates, Gives, Metric, Target, Truth};
/// use consort_metrics::classification::Npv;
/// let target = Target::from_labels(["no", "no", "yes", "yes", "yes"], &Classes::new(["no", "yes"])?, "y")?;
/// let labels = [0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0]; // yes, no, yes, yes, no
/// let estimates = Estimates::f32(&labels, 2, Gives::Labels)?;
/// assert_eq!(Npv::default().score(&estimates, &Truth::new(&target))?.value(), Some(0.5));
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Npv {
    /// How classes or labels are averaged.
    pub average: Average,
    /// What 0 / 0 is.
    pub zero_division: ZeroDivision,
}

impl Counts {
    /// TN / (TN + FN). Undefined if every row was given the class.
    pub fn npv(&self) -> Score {
        Score::ratio(
            self.true_negative,
            self.true_negative + self.false_negative,
            "every row was given the class, so the negative predictive value has none",
        )
    }
}

rate_metric!(Npv, |_metric| "npv".into(), |_metric, counts| counts.npv());
