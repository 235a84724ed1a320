use consort_core::{Estimates, Reads, Real, Result, Task, Truth, Values, blocks};
use serde::{Deserialize, Serialize};

use crate::mean_over_rows::{MeanOverRows, mean_metric};
use crate::rows::{LabelRows, weight};

/// Coverage error: how far down the ranking of labels one must go, on average, to have all true ones.
///
/// Per row the number of labels that score at least as much as the least true label; 0 for a row without a true label.
/// At best the mean number of true labels. O(rows × labels).
///
/// Source: Tsoumakas, Katakis and Vlahavas (2010).
///
/// ```
/// use consort_core::{Estimates, Gives, Metric, Target, Truth};
/// use consort_metrics::classification::CoverageError;
/// let names = ["a", "b", "c"].map(String::from).to_vec();
/// let target = Target::Labels { values: vec![true, false, false, false, false, true], names };
/// let estimates = Estimates::f64(&[0.75, 0.5, 1.0, 1.0, 0.2, 0.1], 3, Gives::Scores)?;
/// let score = CoverageError.score(&estimates, &Truth::new(&target))?;
/// assert!((score.value().unwrap() - 2.5).abs() < 1e-12);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoverageError;

/// The coverage of one row.
fn of_row<T: Real>(scores: &[T], truth: &[bool]) -> f64 {
    let least = scores.iter().zip(truth).filter(|(_, y)| **y).map(|(s, _)| s.f64()).fold(f64::INFINITY, f64::min);
    scores.iter().filter(|s| s.f64() >= least).count() as f64
}

impl MeanOverRows for CoverageError {
    fn sums(&self, estimates: &Estimates<'_>, truth: &Truth<'_>) -> Result<[f64; 2]> {
        let rows = LabelRows::of(estimates, truth, Reads::Score, "coverage_error")?;
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

mean_metric!(CoverageError, |_metric| "coverage_error".into(), Lower, Score, |task| task == Task::Multilabel);
