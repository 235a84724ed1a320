use consort_core::{Real, Result, Score};
use serde::{Deserialize, Serialize};

use super::{
    moments::{Moments, moments_metric, score_slices},
    rows::{Rows, whole_metric},
};

const CONSTANT: &str = "the estimates or the truth are the same in every row";

/// Pearson's correlation of estimates and truth, in [−1, 1]: how well a straight line relates them.
///
/// Undefined where one of them is the same in every row. Several targets are averaged.
///
/// ```
/// use consort_metrics::regression::pearson;
/// let r = pearson(&[1.0, 2.0, 3.0], &[10.0, 20.0, 30.0], None)?.value().unwrap();
/// assert!((r - 1.0).abs() < 1e-12);
/// # Ok::<(), consort_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::Length`](consort_core::Error::Length) unless all are parallel,
/// [`Error::NotFinite`](consort_core::Error::NotFinite) naming the row.
pub fn pearson<T: Real>(estimates: &[T], truth: &[f64], weights: Option<&[f64]>) -> Result<Score> {
    score_slices(pearson_of, "pearson", estimates, truth, weights)
}

fn pearson_of(m: &Moments) -> Score {
    Score::ratio(m.product, m.estimate.sqrt() * m.truth.sqrt(), CONSTANT).map(|r| r.clamp(-1.0, 1.0))
}

/// The metric of [`pearson`].
///
/// ```
/// use consort_core::Metric;
/// assert_eq!(consort_metrics::regression::Pearson.name(), "pearson");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Pearson;

moments_metric!(Pearson, "pearson", pearson_of, (-1.0, 1.0));

/// Spearman's rank correlation of estimates and truth, in [−1, 1]: how well any rising curve relates them.
///
/// Pearson's correlation of the ranks; equal numbers share the mean of their ranks. With weights, a rank counts
/// weights in place of rows, so that a weight of 2 is the row twice. Several targets are averaged. O(n log n).
///
/// ```
/// use consort_metrics::regression::spearman;
/// let r = spearman(&[1.0, 4.0, 9.0], &[10.0, 11.0, 50.0], None)?.value().unwrap();
/// assert!((r - 1.0).abs() < 1e-12);
/// # Ok::<(), consort_core::Error>(())
/// ```
///
/// # Errors
/// As [`pearson`].
pub fn spearman<T: Real>(estimates: &[T], truth: &[f64], weights: Option<&[f64]>) -> Result<Score> {
    spearman_of(&Rows::new(estimates, truth, weights, "spearman")?)
}

fn spearman_of<T: Real>(rows: &Rows<'_, T>) -> Result<Score> {
    let (mut estimates, mut truth, mut weights) = (Vec::new(), Vec::new(), Vec::new());
    for (estimate, value, weight) in rows.present() {
        estimates.push(estimate);
        truth.push(value);
        weights.push(weight);
    }
    score_slices(pearson_of, "spearman", &ranks(&estimates, &weights), &ranks(&truth, &weights), Some(&weights))
}

/// The mean rank of each number: what weighs less than it, and half of what equals it.
fn ranks(numbers: &[f64], weights: &[f64]) -> Vec<f64> {
    let mut order: Vec<u32> = (0..numbers.len() as u32).collect();
    order.sort_unstable_by(|&a, &b| numbers[a as usize].total_cmp(&numbers[b as usize]));
    let mut ranks = vec![0.0; numbers.len()];
    let mut below = 0.0;
    for ties in order.chunk_by(|&a, &b| numbers[a as usize] == numbers[b as usize]) {
        let weight: f64 = ties.iter().map(|&i| weights[i as usize]).sum();
        ties.iter().for_each(|&i| ranks[i as usize] = below + 0.5 * weight);
        below += weight;
    }
    ranks
}

/// The metric of [`spearman`].
///
/// ```
/// use consort_core::Metric;
/// assert_eq!(consort_metrics::regression::Spearman.name(), "spearman");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Spearman;

whole_metric!(Spearman, "spearman", Higher, Value, (-1.0, 1.0), |_this| "spearman".into(), |rows| spearman_of(&rows));
