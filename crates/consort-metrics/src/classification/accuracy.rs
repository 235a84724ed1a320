use std::ops::Range;

use consort_core::{Estimates, Reads, Real, Result, Score, Target, Task, Truth, Values, blocks};
use serde::{Deserialize, Serialize};

use crate::classification::{ConfusionMatrix, Counts, decide_rows, label_is_set};
use crate::mean_over_rows::{MeanOverRows, mean_metric};
use crate::rows::{ClassRows, LabelRows, check_weights, parallel, weight};

/// Accuracy: the share of rows whose label is right; of several labels a row, the share of rows with all labels
/// right (subset accuracy).
///
/// Σᵢ wᵢ·\[ŷᵢ = yᵢ\] / Σᵢ wᵢ. The label is [`decide`](super::decide)d. In \[0, 1\], 1 is best. O(rows × classes).
///
/// ```
/// use consort_core::{Classes, Estimates, Gives, Metric, Target, Truth};
/// use consort_metrics::Accuracy;
/// let classes = Classes::new(["a", "b", "c"])?;
/// let target = Target::from_labels(["a", "c"], &classes, "y")?;
/// let estimates = Estimates::f32(&[0.4, 0.4, 0.2, 0.3, 0.4, 0.3], 3, Gives::Probabilities)?;
/// assert_eq!(Accuracy.score(&estimates, &Truth::new(&target))?.value(), Some(0.5));
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Accuracy;

/// The share of codes that are equal. Undefined if no row has weight.
///
/// ```
/// use consort_metrics::classification::accuracy;
/// assert_eq!(accuracy(&[0, 1, 2, 2], &[0, 1, 1, 2], None)?.value(), Some(0.75));
/// # Ok::<(), consort_core::Error>(())
/// ```
///
/// # Errors
/// If lengths differ or a weight is negative or not finite.
pub fn accuracy(truth: &[u32], predicted: &[u32], weights: Option<&[f64]>) -> Result<Score> {
    parallel("the predicted codes", predicted.len(), truth.len(), "rows")?;
    check_weights(weights, truth.len())?;
    let [hits, total] = hits(truth, predicted, weights);
    Ok(Score::ratio(hits, total, "no row has weight"))
}

fn hits(truth: &[u32], predicted: &[u32], weights: Option<&[f64]>) -> [f64; 2] {
    blocks::sum(truth.len(), |rows| hits_of_block(truth, &predicted[rows.clone()], weights, rows))
}

fn hits_of_block(truth: &[u32], predicted: &[u32], weights: Option<&[f64]>, rows: Range<usize>) -> [f64; 2] {
    let truth = &truth[rows.clone()];
    match weights {
        None => {
            let equal: u32 = truth.iter().zip(predicted).map(|(t, p)| u32::from(t == p)).sum();
            [f64::from(equal), rows.len() as f64]
        }
        Some(weights) => {
            truth.iter().zip(predicted).zip(&weights[rows]).fold([0.0; 2], |[hits, total], ((t, p), &weight)| {
                [hits + if t == p { weight } else { 0.0 }, total + weight]
            })
        }
    }
}

impl MeanOverRows for Accuracy {
    fn range(&self) -> (f64, f64) {
        (0.0, 1.0)
    }

    fn sums(&self, estimates: &Estimates<'_>, truth: &Truth<'_>) -> Result<[f64; 2]> {
        if let Target::Labels { .. } = truth.target() {
            let rows = LabelRows::of(estimates, truth, Reads::Label, "accuracy")?;
            return Ok(match estimates.values() {
                Values::F32(values) => whole_rows(values, &rows, estimates),
                Values::F64(values) => whole_rows(values, &rows, estimates),
            });
        }
        let rows = ClassRows::of(estimates, truth, Reads::Label, "accuracy")?;
        Ok(blocks::sum(rows.codes.len(), |range| {
            let mut room = [0; blocks::ROWS];
            let predicted = &mut room[..range.len()];
            decide_rows(estimates, rows.positive(), range.clone(), predicted);
            hits_of_block(rows.codes, predicted, rows.weights, range)
        }))
    }
}

/// The rows whose labels are all right.
fn whole_rows<T: Real>(values: &[T], rows: &LabelRows<'_>, estimates: &Estimates<'_>) -> [f64; 2] {
    let (labels, floor) = (rows.labels, label_is_set(estimates.gives()));
    blocks::sum(rows.truth.len() / labels.max(1), |block| {
        block.fold([0.0; 2], |[hits, total], i| {
            let w = weight(rows.weights, i);
            let cells = i * labels..(i + 1) * labels;
            let right = values[cells.clone()].iter().zip(&rows.truth[cells]).all(|(p, &y)| (p.f64() >= floor) == y);
            [hits + if right { w } else { 0.0 }, total + w]
        })
    })
}

mean_metric!(Accuracy, |_metric| "accuracy".into(), Higher, Label, |task| task.is_classification()
    || task == Task::Multilabel);

impl ConfusionMatrix {
    /// [`Accuracy`] of the rows taken. Undefined if there is none.
    pub fn accuracy(&self) -> Score {
        Score::ratio(self.hits(), self.total(), "no row has weight")
    }
}

impl Counts {
    /// (TP + TN) / all. Undefined without rows.
    pub fn accuracy(&self) -> Score {
        Score::ratio(self.true_positive + self.true_negative, self.total(), "no row has weight")
    }
}
