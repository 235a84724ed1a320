use consort_core::{Direction, Estimates, Metric, Reads, Real, Result, Score, Task, Truth};
use serde::{Deserialize, Serialize};

use crate::classification::Average;
use crate::ranking::RankedScores;
use crate::ranking::columns::{Columns, average};

/// Average precision: the precision at each threshold, weighted by the recall that the threshold adds.
///
/// Σₜ (Rₜ − Rₜ₋₁)·Pₜ over groups of equal scores from the greatest down; no interpolation. Of several classes or
/// labels, averaged as [`Average`] says; a class without a positive row is left out. In \[0, 1\]; the share of
/// positive rows is chance.
///
/// Complexity: a sort for each class. Source: Buckley and Voorhees (2000).
///
/// ```
/// use consort_core::{Classes, Estimates, Gives, Metric, Target, Truth};
/// use consort_metrics::ranking::AveragePrecision;
/// let target = Target::from_labels(["no", "yes"], &Classes::new(["no", "yes"])?, "y")?;
/// let estimates = Estimates::f64(&[0.5, 0.5, 0.5, 0.5], 2, Gives::Probabilities)?;
/// assert_eq!(AveragePrecision::default().score(&estimates, &Truth::new(&target))?.value(), Some(0.5));
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AveragePrecision {
    /// How classes or labels are averaged.
    pub average: Average,
}

impl AveragePrecision {
    /// The same with another average.
    pub fn average(mut self, average: Average) -> Self {
        self.average = average;
        self
    }
}

pub(crate) const NO_POSITIVE: &str = "no row of the positive class has weight, so recall has no value";

/// Average precision of scores that are ranked already. Undefined without a positive row.
///
/// ```
/// use consort_metrics::ranking::{RankedScores, average_precision_of};
/// let ranked = RankedScores::new(&[0.9, 0.5, 0.1], &[true, false, true], None)?;
/// assert_eq!(average_precision_of(&ranked).value(), Some(0.5 + 0.5 * 2.0 / 3.0));
/// # Ok::<(), consort_core::Error>(())
/// ```
pub fn average_precision_of(ranked: &RankedScores<'_>) -> Score {
    let (mut positive, mut all, mut area) = (0.0, 0.0, 0.0);
    ranked.for_each_group(|group| {
        positive += group.positive;
        all += group.positive + group.negative;
        area += group.positive * (positive / all);
    });
    Score::ratio(area, ranked.positives(), NO_POSITIVE)
}

/// Average precision of the scores of a yes-or-no question. Undefined without a positive row.
///
/// ```
/// use consort_metrics::ranking::average_precision;
/// assert_eq!(average_precision(&[0.3f32, 0.3], &[true, false], None)?.value(), Some(0.5));
/// # Ok::<(), consort_core::Error>(())
/// ```
///
/// # Errors
/// As [`RankedScores::new`].
pub fn average_precision<T: Real>(scores: &[T], positive: &[bool], weights: Option<&[f64]>) -> Result<Score> {
    Ok(average_precision_of(&RankedScores::new(scores, positive, weights)?))
}

#[typetag::serde]
impl Metric for AveragePrecision {
    fn name(&self) -> String {
        self.average.suffixed("average_precision")
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
        average(
            &Columns::of(estimates, truth, "average_precision")?,
            self.average,
            "average_precision",
            average_precision_of,
        )
    }
}
