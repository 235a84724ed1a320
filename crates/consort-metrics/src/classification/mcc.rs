use consort_core::{Accumulator, Direction, Estimates, Metric, Reads, Result, Score, Task, Truth};
use serde::{Deserialize, Serialize};

use crate::classification::tally::{OfTally, Tally};
use crate::classification::{ConfusionMatrix, Counts};

/// Matthews correlation coefficient: the correlation of true and predicted classes.
///
/// (s·c − Σₖ tₖ·pₖ) / √((s² − Σₖ pₖ²)·(s² − Σₖ tₖ²)), where s is the weight of all rows, c of the right ones, tₖ of class
/// k in the truth and pₖ in the predictions. In \[−1, 1\], 1 is best, 0 is chance. By convention 0 where truth or
/// predictions are of one class only. O(rows × classes).
///
/// Sources: Matthews (1975); Gorodkin (2004) for more than two classes.
///
/// ```
/// use consort_core::{Classes, Estimates, Gives, Metric, Target, Truth};
/// use consort_metrics::classification::Mcc;
/// let target = Target::from_labels(["a", "b"], &Classes::new(["a", "b"])?, "y")?;
/// let estimates = Estimates::f32(&[0.9, 0.1, 0.2, 0.8], 2, Gives::Probabilities)?;
/// assert_eq!(Mcc.score(&estimates, &Truth::new(&target))?.value(), Some(1.0));
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mcc;

impl ConfusionMatrix {
    /// [`Mcc`] of the rows taken. Undefined if there is none.
    pub fn mcc(&self) -> Score {
        let (truths, predicted) = (self.truths(), self.predicted());
        // Each side has its own total, so that a side of one class gives exactly 0.
        let total: f64 = truths.iter().sum();
        if total == 0.0 {
            return Score::undefined("no row has weight");
        }
        let spread = |sides: &[f64]| {
            let all: f64 = sides.iter().sum();
            // s² − Σ pₖ² as a sum of products, which does not cancel.
            sides.iter().map(|side| (side / total) * ((all - side) / total)).sum::<f64>()
        };
        let chance: f64 = truths.iter().zip(&predicted).map(|(t, p)| (t / total) * (p / total)).sum();
        let scale = (spread(&truths) * spread(&predicted)).sqrt();
        if scale == 0.0 {
            return Score::Value(0.0);
        }
        Score::from(((self.hits() / total - chance) / scale).clamp(-1.0, 1.0))
    }
}

impl Counts {
    /// [`Mcc`] of the class against all others: 0 where truth or predictions are of one kind, undefined without rows.
    pub fn mcc(&self) -> Score {
        if self.total() == 0.0 {
            return Score::undefined("no row has weight");
        }
        let predicted = self.true_positive + self.false_positive;
        let passed = self.true_negative + self.false_negative;
        // Roots first: the product of four sums of weights may be beyond what an f64 holds exactly.
        let scale = predicted.sqrt() * self.positives().sqrt() * self.negatives().sqrt() * passed.sqrt();
        if scale == 0.0 {
            return Score::Value(0.0);
        }
        let covariance = self.true_positive * self.true_negative - self.false_positive * self.false_negative;
        Score::from((covariance / scale).clamp(-1.0, 1.0))
    }
}

impl OfTally for Mcc {
    fn by(&self) -> String {
        "mcc".into()
    }
    fn of_tally(&self, tally: &Tally) -> Score {
        tally.matrix().map_or_else(|undefined| undefined, ConfusionMatrix::mcc)
    }
}

#[typetag::serde]
impl Metric for Mcc {
    fn name(&self) -> String {
        "mcc".into()
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
        (-1.0, 1.0)
    }
    fn score(&self, estimates: &Estimates<'_>, truth: &Truth<'_>) -> Result<Score> {
        truth.classes("mcc")?;
        self.tallied(estimates, truth)
    }
    fn accumulator(&self) -> Option<Box<dyn Accumulator>> {
        self.tally_in_parts()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_classes_give_the_same_by_both_formulas() {
        let matrix = ConfusionMatrix::from_cells(2, vec![100.0, 11.0, 17.5, 78.0]).unwrap();
        let [by_matrix, by_counts] = [matrix.mcc(), matrix.counts()[1].mcc()].map(|score| score.value().unwrap());
        assert!((by_matrix - by_counts).abs() < 1e-14, "{by_matrix} {by_counts}");
    }
}
