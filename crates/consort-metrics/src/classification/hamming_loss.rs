use consort_core::{Estimates, Reads, Result, Target, Task, Truth, Values, blocks};
use serde::{Deserialize, Serialize};

use crate::classification::{ZeroOneLoss, label_is_set};
use crate::mean_over_rows::{MeanOverRows, mean_metric};
use crate::rows::{LabelRows, weight};

/// Hamming loss: the share of labels that are wrong. With one class a row it is the [`ZeroOneLoss`].
///
/// Σᵢ wᵢ·Σₖ \[ŷᵢₖ ≠ yᵢₖ\] / (L·Σᵢ wᵢ) over L labels. In \[0, 1\], 0 is best. O(rows × labels).
///
/// ```
/// use consort_core::{Estimates, Gives, Metric, Target, Truth};
/// use consort_metrics::classification::HammingLoss;
/// let target = Target::Labels { values: vec![true, false, true, true], names: vec!["a".into(), "b".into()] };
/// let estimates = Estimates::f32(&[0.9, 0.2, 0.6, 0.1], 2, Gives::Probabilities)?;
/// assert_eq!(HammingLoss.score(&estimates, &Truth::new(&target))?.value(), Some(0.25));
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HammingLoss;

impl MeanOverRows for HammingLoss {
    fn range(&self) -> (f64, f64) {
        (0.0, 1.0)
    }

    fn sums(&self, estimates: &Estimates<'_>, truth: &Truth<'_>) -> Result<[f64; 2]> {
        if let Target::Classes { .. } = truth.target() {
            return ZeroOneLoss.sums(estimates, truth);
        }
        let rows = LabelRows::of(estimates, truth, Reads::Label, "hamming_loss")?;
        let floor = label_is_set(estimates.gives());
        Ok(match estimates.values() {
            Values::F32(values) => wrong(&rows, |i| f64::from(values[i]) >= floor),
            Values::F64(values) => wrong(&rows, |i| values[i] >= floor),
        })
    }
}

fn wrong(rows: &LabelRows<'_>, is_set: impl Fn(usize) -> bool + Sync) -> [f64; 2] {
    let labels = rows.labels;
    blocks::sum(rows.truth.len() / labels.max(1), |block| {
        block.fold([0.0; 2], |[sum, total], i| {
            let w = weight(rows.weights, i);
            let wrong = (i * labels..(i + 1) * labels).filter(|&k| is_set(k) != rows.truth[k]).count();
            [sum + w * wrong as f64, total + w * labels as f64]
        })
    })
}

mean_metric!(HammingLoss, |_metric| "hamming_loss".into(), Lower, Label, |task| task.is_classification()
    || task == Task::Multilabel);
