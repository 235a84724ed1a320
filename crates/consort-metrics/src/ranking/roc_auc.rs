use consort_core::{Direction, Estimates, Metric, Reads, Real, Result, Score, Task, Truth};
use serde::{Deserialize, Serialize};

use crate::classification::Average;
use crate::ranking::RankedScores;
use crate::ranking::columns::{Columns, average};

/// How ROC AUC goes from two classes to more.
///
/// ```
/// use consort_core::Metric;
/// use consort_metrics::{RocAuc, ranking::Pairing};
/// let hand_and_till = RocAuc::default().pairing(Pairing::OneVsOne);
/// assert_ne!(hand_and_till.name(), RocAuc::default().name());
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pairing {
    /// Each class against all others together.
    #[default]
    OneVsRest,
    /// Each class against each other class, the mean of both directions; insensitive to class shares where the
    /// average is macro. Hand and Till (2001).
    OneVsOne,
}

/// ROC AUC: the chance that a positive row scores above a negative one; equal scores count one half.
///
/// The area under the ROC curve, which is Mann and Whitney's U / (W₊·W₋). Of two classes, that of the positive class's
/// column. Of more classes or labels, averaged as [`Average`] says over classes ([`Pairing`]) or labels; a class that
/// has only one kind of rows is left out, and the score is undefined where none remains. In \[0, 1\]; 0.5 is chance.
///
/// Complexity: a sort for each class.
///
/// Sources: Hanley and McNeil (1982); Hand and Till (2001).
///
/// ```
/// use consort_core::{Classes, Estimates, Gives, Metric, Target, Truth};
/// use consort_metrics::RocAuc;
/// let target = Target::from_labels(["no", "no", "yes", "yes"], &Classes::new(["no", "yes"])?, "y")?;
/// let estimates = Estimates::f64(&[0.9, 0.1, 0.6, 0.4, 0.65, 0.35, 0.2, 0.8], 2, Gives::Probabilities)?;
/// assert_eq!(RocAuc::default().score(&estimates, &Truth::new(&target))?.value(), Some(0.75));
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RocAuc {
    /// How classes or labels are averaged.
    pub average: Average,
    /// What each class is compared with.
    pub pairing: Pairing,
}

impl RocAuc {
    /// The same with another average.
    pub fn average(mut self, average: Average) -> Self {
        self.average = average;
        self
    }

    /// The same with another pairing.
    pub fn pairing(mut self, pairing: Pairing) -> Self {
        self.pairing = pairing;
        self
    }
}

pub(crate) const ONE_KIND: &str = "only one class has weight in the truth, so no pair can be compared";

/// ROC AUC of scores that are ranked already. Undefined if all rows are of one kind.
///
/// ```
/// use consort_metrics::ranking::{RankedScores, roc_auc_of};
/// let ranked = RankedScores::new(&[0.3, 0.3, 0.1], &[true, false, false], None)?;
/// assert_eq!(roc_auc_of(&ranked).value(), Some(0.75));
/// # Ok::<(), consort_core::Error>(())
/// ```
pub fn roc_auc_of(ranked: &RankedScores<'_>) -> Score {
    if !ranked.has_both() {
        return Score::undefined(ONE_KIND);
    }
    let (mut above, mut pairs) = (0.0, 0.0);
    ranked.for_each_group(|group| {
        pairs += group.negative * (above + 0.5 * group.positive);
        above += group.positive;
    });
    Score::from(pairs / (ranked.positives() * ranked.negatives()))
}

/// ROC AUC of the scores of a yes-or-no question. Undefined if all rows are of one kind.
///
/// ```
/// use consort_metrics::ranking::roc_auc;
/// assert_eq!(roc_auc(&[0.8f32, 0.4, 0.5, 0.1], &[true, true, false, false], None)?.value(), Some(0.75));
/// # Ok::<(), consort_core::Error>(())
/// ```
///
/// # Errors
/// As [`RankedScores::new`].
pub fn roc_auc<T: Real>(scores: &[T], positive: &[bool], weights: Option<&[f64]>) -> Result<Score> {
    Ok(roc_auc_of(&RankedScores::new(scores, positive, weights)?))
}

#[typetag::serde]
impl Metric for RocAuc {
    fn name(&self) -> String {
        match self.pairing {
            Pairing::OneVsRest if self.average == Average::Auto => "roc_auc".into(),
            Pairing::OneVsRest => self.average.suffixed("roc_auc_ovr"),
            Pairing::OneVsOne => self.average.suffixed("roc_auc_ovo"),
        }
    }
    fn direction(&self) -> Direction {
        Direction::Higher
    }
    fn reads(&self) -> Reads {
        Reads::Score
    }
    fn suits(&self, task: Task) -> bool {
        match self.pairing {
            Pairing::OneVsRest => self.average.suits(task) && self.average != Average::Samples,
            Pairing::OneVsOne => {
                task.is_classification() && matches!(self.average, Average::Auto | Average::Macro | Average::Weighted)
            }
        }
    }
    fn range(&self) -> (f64, f64) {
        (0.0, 1.0)
    }
    fn score(&self, estimates: &Estimates<'_>, truth: &Truth<'_>) -> Result<Score> {
        let columns = Columns::of(estimates, truth, "roc_auc")?;
        match self.pairing {
            Pairing::OneVsRest => average(&columns, self.average, "roc_auc", roc_auc_of),
            Pairing::OneVsOne => columns.one_vs_one(self.average),
        }
    }
}

#[cfg(test)]
mod tests {
    use consort_core::{Classes, Gives, Seed, Target};

    use super::*;

    /// The share of pairs, counted one by one.
    fn by_pairs(scores: &[f64], above: impl Fn(usize) -> bool, below: impl Fn(usize) -> bool, w: &[f64]) -> f64 {
        let (mut won, mut all) = (0.0, 0.0);
        for i in (0..w.len()).filter(|&i| above(i)) {
            for j in (0..w.len()).filter(|&j| below(j)) {
                let wins = if scores[i] == scores[j] { 0.5 } else { f64::from(u8::from(scores[i] > scores[j])) };
                won += w[i] * w[j] * wins;
                all += w[i] * w[j];
            }
        }
        won / all
    }

    #[test]
    fn weighted_areas_are_the_weighted_share_of_pairs() {
        let mut stream = Seed::new(11).stream();
        let rows = 120;
        let codes: Vec<u32> = (0..rows).map(|_| stream.below(3) as u32).collect();
        let w: Vec<f64> = (0..rows).map(|_| stream.below(4) as f64 / 2.0).collect();
        // On a coarse grid, so that there are ties; the last column is no f32.
        let values: Vec<f64> =
            (0..rows * 3).map(|i| stream.below(8) as f64 / if i % 3 == 2 { 10.0 } else { 8.0 }).collect();
        let column = |k: usize| -> Vec<f64> { (0..rows).map(|i| values[i * 3 + k]).collect() };
        let target = Target::Classes { codes: codes.clone(), classes: Classes::new(["a", "b", "c"]).unwrap() };
        let estimates = Estimates::f64(&values, 3, Gives::Scores).unwrap();
        let truth = Truth::weighted(&target, &w).unwrap();
        let score = |metric: RocAuc| metric.score(&estimates, &truth).unwrap().value().unwrap();

        let rest = |k: u32| by_pairs(&column(k as usize), |i| codes[i] == k, |i| codes[i] != k, &w);
        let expected = (rest(0) + rest(1) + rest(2)) / 3.0;
        assert!((score(RocAuc::default()) - expected).abs() < 1e-13);

        let one = |a: u32, b: u32| by_pairs(&column(a as usize), |i| codes[i] == a, |i| codes[i] == b, &w);
        let pair = |a: u32, b: u32| 0.5 * (one(a, b) + one(b, a));
        let expected = (pair(0, 1) + pair(0, 2) + pair(1, 2)) / 3.0;
        assert!((score(RocAuc::default().pairing(Pairing::OneVsOne)) - expected).abs() < 1e-13);
    }
}
