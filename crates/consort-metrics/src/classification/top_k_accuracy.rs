use consort_core::{Error, Estimates, Reads, Real, Result, Score, Task, Truth, Values, blocks};
use serde::{Deserialize, Serialize};

use crate::mean_over_rows::{MeanOverRows, mean_metric};
use crate::rows::{ClassRows, check_codes, check_weights, parallel, weight};

/// Top-k accuracy: the share of rows whose class is among the k with the greatest numbers.
///
/// Σᵢ wᵢ·\[rankᵢ(yᵢ) ≤ k\] / Σᵢ wᵢ; of equal numbers the first class ranks first. In \[0, 1\], 1 is best.
/// O(rows × classes).
///
/// ```
/// use consort_core::{Classes, Estimates, Gives, Metric, Target, Truth};
/// use consort_metrics::classification::TopKAccuracy;
/// let target = Target::from_labels(["b", "c"], &Classes::new(["a", "b", "c"])?, "y")?;
/// let estimates = Estimates::f32(&[0.5, 0.3, 0.2, 0.4, 0.4, 0.2], 3, Gives::Probabilities)?;
/// assert_eq!(TopKAccuracy::new(2).score(&estimates, &Truth::new(&target))?.value(), Some(0.5));
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TopKAccuracy {
    /// How many classes may be named; at least 1. The default is 2.
    pub k: usize,
}

impl Default for TopKAccuracy {
    fn default() -> Self {
        Self { k: 2 }
    }
}

impl TopKAccuracy {
    /// The share of rows whose class is among the first `k`.
    pub fn new(k: usize) -> Self {
        Self { k }
    }

    /// Checks the parameters.
    ///
    /// # Errors
    /// [`Error::Parameter`] if `k` is 0.
    pub fn check(&self) -> Result<()> {
        if self.k > 0 { Ok(()) } else { Err(Error::parameter("k", self.k, "at least 1")) }
    }
}

/// [`TopKAccuracy`] of slices: `[rows][classes]` numbers against class codes. Undefined if no row has weight.
///
/// ```
/// use consort_metrics::classification::top_k_accuracy;
/// assert_eq!(top_k_accuracy(&[0.5f32, 0.3, 0.2], 3, &[1], None, 2)?.value(), Some(1.0));
/// # Ok::<(), consort_core::Error>(())
/// ```
///
/// # Errors
/// If lengths differ, a code is not below `classes`, or `k` is 0.
pub fn top_k_accuracy<T: Real>(
    scores: &[T],
    classes: usize,
    codes: &[u32],
    weights: Option<&[f64]>,
    k: usize,
) -> Result<Score> {
    TopKAccuracy { k }.check()?;
    parallel("the scores", scores.len(), codes.len() * classes, "numbers")?;
    check_weights(weights, codes.len())?;
    check_codes(codes, classes, "top_k_accuracy")?;
    let [hits, total] = hits(scores, classes, codes, weights, k);
    Ok(Score::ratio(hits, total, "no row has weight"))
}

fn hits<T: Real>(scores: &[T], classes: usize, codes: &[u32], weights: Option<&[f64]>, k: usize) -> [f64; 2] {
    blocks::sum(codes.len(), |rows| {
        rows.fold([0.0; 2], |[hits, total], i| {
            let (w, code) = (weight(weights, i), codes[i] as usize);
            let row = &scores[i * classes..(i + 1) * classes];
            let own = row[code];
            let before: usize = row[..code].iter().map(|x| usize::from(*x >= own)).sum();
            let after: usize = row[code..].iter().map(|x| usize::from(*x > own)).sum();
            [hits + if before + after < k { w } else { 0.0 }, total + w]
        })
    })
}

impl MeanOverRows for TopKAccuracy {
    fn range(&self) -> (f64, f64) {
        (0.0, 1.0)
    }

    fn sums(&self, estimates: &Estimates<'_>, truth: &Truth<'_>) -> Result<[f64; 2]> {
        self.check()?;
        let rows = ClassRows::of(estimates, truth, Reads::Score, "top_k_accuracy")?;
        let classes = rows.classes.len();
        Ok(match estimates.values() {
            Values::F32(values) => hits(values, classes, rows.codes, rows.weights, self.k),
            Values::F64(values) => hits(values, classes, rows.codes, rows.weights, self.k),
        })
    }
}

mean_metric!(TopKAccuracy, |metric| format!("top{}_accuracy", metric.k), Higher, Score, |task| task
    == Task::Multiclass);
