use consort_core::Score;
use serde::{Deserialize, Serialize};

use crate::classification::rate::rate_metric;
use crate::classification::{Average, Counts, ZeroDivision};

/// Jaccard index (intersection over union, critical success index) of the true and the predicted rows of a class.
///
/// TP / (TP + FP + FN). In \[0, 1\], 1 is best. Of more than two classes, or of labels, averaged as [`Average`] says.
/// O(rows × classes). Source: Jaccard (1901).
///
/// ```
/// use consort_core::{Classes, Estimates, Gives, Metric, Target, Truth};
/// use consort_metrics::classification::Jaccard;
/// let target = Target::from_labels(["no", "no", "yes", "yes", "yes"], &Classes::new(["no", "yes"])?, "y")?;
/// let labels = [0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0]; // yes, no, yes, yes, no
/// let estimates = Estimates::f32(&labels, 2, Gives::Labels)?;
/// assert_eq!(Jaccard::default().score(&estimates, &Truth::new(&target))?.value(), Some(0.5));
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Jaccard {
    /// How classes or labels are averaged.
    pub average: Average,
    /// What 0 / 0 is.
    pub zero_division: ZeroDivision,
}

impl Counts {
    /// TP / (TP + FP + FN). Undefined if the class neither occurs nor is predicted.
    pub fn jaccard(&self) -> Score {
        Score::ratio(
            self.true_positive,
            self.true_positive + self.false_positive + self.false_negative,
            "no row of the class has weight and no row was given it",
        )
    }
}

rate_metric!(Jaccard, |_metric| "jaccard".into(), |_metric, counts| counts.jaccard());
