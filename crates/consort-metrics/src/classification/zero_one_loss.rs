use consort_core::{Accumulator, Direction, Estimates, Metric, Reads, Result, Score, Task, Truth};
use serde::{Deserialize, Serialize};

use crate::classification::Accuracy;
use crate::mean_over_rows::MeanOverRows;

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
    fn sums(&self, estimates: &Estimates<'_>, truth: &Truth<'_>) -> Result<[f64; 2]> {
        let [hits, total] = Accuracy.sums(estimates, truth)?;
        Ok([total - hits, total])
    }
}

#[typetag::serde]
impl Metric for ZeroOneLoss {
    fn name(&self) -> String {
        "zero_one_loss".into()
    }
    fn direction(&self) -> Direction {
        Direction::Lower
    }
    fn reads(&self) -> Reads {
        Reads::Label
    }
    fn suits(&self, task: Task) -> bool {
        Accuracy.suits(task)
    }
    fn score(&self, estimates: &Estimates<'_>, truth: &Truth<'_>) -> Result<Score> {
        self.mean(estimates, truth)
    }
    fn accumulator(&self) -> Option<Box<dyn Accumulator>> {
        self.in_parts()
    }
}
