use consort_core::{Estimates, Result, Task, Truth};
use serde::{Deserialize, Serialize};

use crate::classification::Accuracy;
use crate::mean_over_rows::{MeanOverRows, mean_metric};

/// Zero–one loss (error rate): the share of rows whose label, or one of whose labels, is wrong.
///
/// 1 − [`Accuracy`]. In \[0, 1\], 0 is best. O(rows × classes).
///
/// ```
/// use consort_core::{Classes, Estimates, Gives, Metric, Target, Truth};
/// use consort_metrics::ZeroOneLoss;
/// let target = Target::from_labels(["a", "b"], &Classes::new(["a", "b"])?, "y")?;
/// let estimates = Estimates::f32(&[0.9, 0.1, 0.8, 0.2], 2, Gives::Probabilities)?;
/// assert_eq!(ZeroOneLoss.score(&estimates, &Truth::new(&target))?.value(), Some(0.5));
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct ZeroOneLoss;

impl MeanOverRows for ZeroOneLoss {
    fn range(&self) -> (f64, f64) {
        (0.0, 1.0)
    }

    fn sums(&self, estimates: &Estimates<'_>, truth: &Truth<'_>) -> Result<[f64; 2]> {
        let [hits, total] = Accuracy.sums(estimates, truth)?;
        Ok([total - hits, total])
    }
}

mean_metric!(ZeroOneLoss, |_metric| "zero_one_loss".into(), Lower, Label, |task| task.is_classification()
    || task == Task::Multilabel);
