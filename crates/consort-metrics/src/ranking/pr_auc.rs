use consort_core::{Direction, Estimates, Metric, Reads, Real, Result, Score, Task, Truth};
use serde::{Deserialize, Serialize};

use crate::classification::Average;
use crate::ranking::RankedScores;
use crate::ranking::average_precision::NO_POSITIVE;
use crate::ranking::columns::{Columns, average};

/// Area under the precision–recall curve by the trapezoidal rule.
///
/// Σₜ (Rₜ − Rₜ₋₁)·(Pₜ + Pₜ₋₁)/2 from the point of recall 0 and precision 1. Straight lines between the points are too
/// kind (Davis and Goadrich 2006); [`AveragePrecision`](crate::ranking::AveragePrecision) draws none. In \[0, 1\], 1 is best.
/// Of several classes or labels, averaged as [`Average`] says.
///
/// Complexity: a sort for each class.
///
/// ```
/// use consort_core::{Classes, Estimates, Gives, Metric, Target, Truth};
/// use consort_metrics::ranking::PrAuc;
/// let target = Target::from_labels(["no", "yes", "yes", "no"], &Classes::new(["no", "yes"])?, "y")?;
/// let estimates = Estimates::f64(&[0.75, 0.25, 0.5, 0.5, 0.25, 0.75, 0.5, 0.5], 2, Gives::Probabilities)?;
/// assert_eq!(PrAuc::default().score(&estimates, &Truth::new(&target))?.value(), Some(0.5 + 0.5 * 0.5 * (1.0 + 2.0 / 3.0)));
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PrAuc {
    /// How classes or labels are averaged.
    pub average: Average,
}

impl PrAuc {
    /// The same with another average.
    pub fn average(mut self, average: Average) -> Self {
        self.average = average;
        self
    }
}

/// [`PrAuc`] of scores that are ranked already. Undefined without a positive row.
///
/// ```
/// use consort_metrics::ranking::{RankedScores, pr_auc_of};
/// let ranked = RankedScores::new(&[0.25, 0.5, 0.75, 0.5], &[false, true, true, false], None)?;
/// assert_eq!(pr_auc_of(&ranked).value(), Some(0.5 + 0.5 * 0.5 * (1.0 + 2.0 / 3.0)));
/// # Ok::<(), consort_core::Error>(())
/// ```
pub fn pr_auc_of(ranked: &RankedScores<'_>) -> Score {
    let (mut positive, mut all, mut area, mut last) = (0.0, 0.0, 0.0, 1.0);
    ranked.for_each_group(|group| {
        positive += group.positive;
        all += group.positive + group.negative;
        let precision = positive / all;
        area += group.positive * 0.5 * (precision + last);
        last = precision;
    });
    Score::ratio(area, ranked.positives(), NO_POSITIVE)
}

/// [`PrAuc`] of the scores of a yes-or-no question. Undefined without a positive row.
///
/// ```
/// use consort_metrics::ranking::pr_auc;
/// let score = pr_auc(&[0.25f32, 0.5, 0.75, 0.5], &[false, true, true, false], None)?;
/// assert_eq!(score.value(), Some(0.5 + 0.5 * 0.5 * (1.0 + 2.0 / 3.0)));
/// # Ok::<(), consort_core::Error>(())
/// ```
///
/// # Errors
/// As [`RankedScores::new`].
pub fn pr_auc<T: Real>(scores: &[T], positive: &[bool], weights: Option<&[f64]>) -> Result<Score> {
    Ok(pr_auc_of(&RankedScores::new(scores, positive, weights)?))
}

#[typetag::serde]
impl Metric for PrAuc {
    fn name(&self) -> String {
        self.average.suffixed("pr_auc")
    }
    fn direction(&self) -> Direction {
        Direction::Higher
    }
    fn reads(&self) -> Reads {
        Reads::Score
    }
    fn suits(&self, task: Task) -> bool {
        self.average.suits(task) && self.average != Average::Samples
    }
    fn range(&self) -> (f64, f64) {
        (0.0, 1.0)
    }
    fn score(&self, estimates: &Estimates<'_>, truth: &Truth<'_>) -> Result<Score> {
        average(&Columns::of(estimates, truth, "pr_auc")?, self.average, "pr_auc", pr_auc_of)
    }
}
