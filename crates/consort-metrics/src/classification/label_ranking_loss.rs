use consort_core::{Estimates, Reads, Real, Result, Task, Truth, Values, blocks};
use serde::{Deserialize, Serialize};

use crate::mean_over_rows::{MeanOverRows, mean_metric};
use crate::rows::{LabelRows, weight};

/// Label ranking loss: the share of pairs of a true and a false label that are in the wrong order; equal scores are wrong.
///
/// A row whose labels are all true or all false counts 0. In \[0, 1\], 0 is best. O(rows × labels²).
///
/// Source: Schapire and Singer (2000); Tsoumakas, Katakis and Vlahavas (2010).
///
/// ```
/// use consort_core::{Estimates, Gives, Metric, Target, Truth};
/// use consort_metrics::classification::LabelRankingLoss;
/// let names = ["a", "b", "c"].map(String::from).to_vec();
/// let target = Target::Labels { values: vec![true, false, false, false, false, true], names };
/// let estimates = Estimates::f64(&[0.75, 0.5, 1.0, 1.0, 0.2, 0.1], 3, Gives::Scores)?;
/// let score = LabelRankingLoss.score(&estimates, &Truth::new(&target))?;
/// assert!((score.value().unwrap() - 0.75).abs() < 1e-12);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelRankingLoss;

/// The share of wrongly ordered pairs of one row.
fn of_row<T: Real>(scores: &[T], truth: &[bool]) -> f64 {
    let of = |kind: bool| scores.iter().zip(truth).filter(move |(_, y)| **y == kind).map(|(s, _)| s.f64());
    let pairs = of(true).count() * of(false).count();
    let wrong: usize = of(true).map(|s| of(false).filter(|other| *other >= s).count()).sum();
    if pairs == 0 { 0.0 } else { wrong as f64 / pairs as f64 }
}

impl MeanOverRows for LabelRankingLoss {
    fn range(&self) -> (f64, f64) {
        (0.0, 1.0)
    }

    fn sums(&self, estimates: &Estimates<'_>, truth: &Truth<'_>) -> Result<[f64; 2]> {
        let rows = LabelRows::of(estimates, truth, Reads::Score, "label_ranking_loss")?;
        Ok(match estimates.values() {
            Values::F32(values) => over_rows(values, &rows),
            Values::F64(values) => over_rows(values, &rows),
        })
    }
}

fn over_rows<T: Real>(scores: &[T], rows: &LabelRows<'_>) -> [f64; 2] {
    let labels = rows.labels;
    blocks::sum(rows.truth.len() / labels.max(1), |block| {
        block.filter(|&i| weight(rows.weights, i) != 0.0).fold([0.0; 2], |[sum, total], i| {
            let (w, cells) = (weight(rows.weights, i), i * labels..(i + 1) * labels);
            [sum + w * of_row(&scores[cells.clone()], &rows.truth[cells]), total + w]
        })
    })
}

mean_metric!(LabelRankingLoss, |_metric| "label_ranking_loss".into(), Lower, Score, |task| task == Task::Multilabel);
