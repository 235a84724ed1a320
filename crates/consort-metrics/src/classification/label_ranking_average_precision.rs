use consort_core::{Estimates, Reads, Real, Result, Task, Truth, Values, blocks};
use serde::{Deserialize, Serialize};

use crate::mean_over_rows::{MeanOverRows, mean_metric};
use crate::rows::{LabelRows, weight};

/// Label ranking average precision: of the labels that rank at least as high as a true one, the share that is true.
///
/// Per row the mean over its true labels; a row whose labels are all true or all false counts 1. In (0, 1\], 1 is best.
/// O(rows × labels²).
///
/// Source: Schapire and Singer (2000).
///
/// ```
/// use consort_core::{Estimates, Gives, Metric, Target, Truth};
/// use consort_metrics::classification::LabelRankingAveragePrecision;
/// let names = ["a", "b", "c"].map(String::from).to_vec();
/// let target = Target::Labels { values: vec![true, false, false, false, false, true], names };
/// let estimates = Estimates::f64(&[0.75, 0.5, 1.0, 1.0, 0.2, 0.1], 3, Gives::Scores)?;
/// let score = LabelRankingAveragePrecision.score(&estimates, &Truth::new(&target))?;
/// assert!((score.value().unwrap() - (0.5 + 1.0 / 3.0) / 2.0).abs() < 1e-12);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelRankingAveragePrecision;

/// The mean precision at its true labels of one row.
fn of_row<T: Real>(scores: &[T], truth: &[bool]) -> f64 {
    let hits = truth.iter().filter(|y| **y).count();
    if hits == 0 || hits == truth.len() {
        return 1.0;
    }
    let precision = |s: f64| {
        let (mut all, mut right) = (0, 0);
        for (other, y) in scores.iter().zip(truth) {
            let above = other.f64() >= s;
            all += usize::from(above);
            right += usize::from(above && *y);
        }
        right as f64 / all as f64
    };
    let sum: f64 = scores.iter().zip(truth).filter(|(_, y)| **y).map(|(s, _)| precision(s.f64())).sum();
    sum / hits as f64
}

impl MeanOverRows for LabelRankingAveragePrecision {
    fn range(&self) -> (f64, f64) {
        (0.0, 1.0)
    }

    fn sums(&self, estimates: &Estimates<'_>, truth: &Truth<'_>) -> Result<[f64; 2]> {
        let rows = LabelRows::of(estimates, truth, Reads::Score, "label_ranking_average_precision")?;
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

mean_metric!(LabelRankingAveragePrecision, |_metric| "label_ranking_average_precision".into(), Higher, Score, |task| {
    task == Task::Multilabel
});
