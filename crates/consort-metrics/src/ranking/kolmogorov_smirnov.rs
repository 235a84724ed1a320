use consort_core::{Direction, Estimates, Metric, Reads, Real, Result, Score, Task, Truth};
use serde::{Deserialize, Serialize};

use crate::classification::Average;
use crate::ranking::RankedScores;
use crate::ranking::columns::{Columns, average};
use crate::ranking::roc_auc::ONE_KIND;

/// Kolmogorov–Smirnov statistic: the greatest lead of the share of positive rows found over that of negative rows mistaken.
///
/// maxₜ (TPRₜ − FPRₜ) over thresholds, one-sided: a model that ranks backwards has 0. It is Youden's J at its best
/// threshold. In \[0, 1\], 1 is best.
/// Of several classes or labels, averaged as [`Average`] says.
///
/// Complexity: a sort for each class. Sources: Smirnov (1939); Youden (1950).
///
/// ```
/// use consort_core::{Classes, Estimates, Gives, Metric, Target, Truth};
/// use consort_metrics::ranking::KolmogorovSmirnov;
/// let target = Target::from_labels(["no", "yes", "yes", "no"], &Classes::new(["no", "yes"])?, "y")?;
/// let estimates = Estimates::f64(&[0.75, 0.25, 0.5, 0.5, 0.25, 0.75, 0.5, 0.5], 2, Gives::Probabilities)?;
/// assert_eq!(KolmogorovSmirnov::default().score(&estimates, &Truth::new(&target))?.value(), Some(0.5));
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KolmogorovSmirnov {
    /// How classes or labels are averaged.
    pub average: Average,
}

impl KolmogorovSmirnov {
    /// The same with another average.
    pub fn average(mut self, average: Average) -> Self {
        self.average = average;
        self
    }
}

/// [`KolmogorovSmirnov`] of scores that are ranked already. Undefined if all rows are of one kind.
///
/// ```
/// use consort_metrics::ranking::{RankedScores, ks_of};
/// let ranked = RankedScores::new(&[0.25, 0.5, 0.75, 0.5], &[false, true, true, false], None)?;
/// assert_eq!(ks_of(&ranked).value(), Some(0.5));
/// # Ok::<(), consort_core::Error>(())
/// ```
pub fn ks_of(ranked: &RankedScores<'_>) -> Score {
    if !ranked.has_both() {
        return Score::undefined(ONE_KIND);
    }
    let (mut positive, mut negative, mut best) = (0.0, 0.0, 0.0f64);
    ranked.for_each_group(|group| {
        positive += group.positive;
        negative += group.negative;
        best = best.max(positive / ranked.positives() - negative / ranked.negatives());
    });
    Score::from(best)
}

/// [`KolmogorovSmirnov`] of the scores of a yes-or-no question. Undefined if all rows are of one kind.
///
/// ```
/// use consort_metrics::ranking::ks;
/// let score = ks(&[0.25f32, 0.5, 0.75, 0.5], &[false, true, true, false], None)?;
/// assert_eq!(score.value(), Some(0.5));
/// # Ok::<(), consort_core::Error>(())
/// ```
///
/// # Errors
/// As [`RankedScores::new`].
pub fn ks<T: Real>(scores: &[T], positive: &[bool], weights: Option<&[f64]>) -> Result<Score> {
    Ok(ks_of(&RankedScores::new(scores, positive, weights)?))
}

#[typetag::serde]
impl Metric for KolmogorovSmirnov {
    fn name(&self) -> String {
        self.average.suffixed("ks")
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
        average(&Columns::of(estimates, truth, "ks")?, self.average, "ks", ks_of)
    }
}
