use consort_core::{Real, Result};

use crate::ranking::RankedScores;

/// A receiver operating characteristic: what each threshold finds, and what it mistakes.
///
/// Point `i` takes the rows that score at least `thresholds[i]`. The first point takes none: its threshold is infinite. A
/// rate of a kind of rows that does not occur is NaN-free but without meaning: it is 0.
///
/// ```
/// use consort_metrics::ranking::{RankedScores, roc_curve_of};
/// let curve = roc_curve_of(&RankedScores::new(&[0.9, 0.1], &[true, false], None)?);
/// assert_eq!(curve.thresholds[0], f64::INFINITY);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct RocCurve {
    /// The share of the negative rows that are taken, rising.
    pub false_positive_rate: Vec<f64>,
    /// The share of the positive rows that are taken, rising.
    pub true_positive_rate: Vec<f64>,
    /// The least score that is taken, falling from infinity.
    pub thresholds: Vec<f64>,
}

/// The ROC curve of ranked scores: a point before the first and one for each group of equal scores. O(rows).
///
/// ```
/// use consort_metrics::ranking::{RankedScores, roc_curve_of};
/// let ranked = RankedScores::new(&[0.9, 0.5, 0.5], &[true, true, false], None)?;
/// let curve = roc_curve_of(&ranked);
/// assert_eq!(curve.true_positive_rate, [0.0, 0.5, 1.0]);
/// assert_eq!(curve.false_positive_rate, [0.0, 0.0, 1.0]);
/// assert_eq!(curve.thresholds, [f64::INFINITY, 0.9, 0.5]);
/// # Ok::<(), consort_core::Error>(())
/// ```
pub fn roc_curve_of(ranked: &RankedScores<'_>) -> RocCurve {
    let share = |part: f64, all: f64| if all > 0.0 { (part / all).min(1.0) } else { 0.0 };
    let mut curve =
        RocCurve { false_positive_rate: vec![0.0], true_positive_rate: vec![0.0], thresholds: vec![f64::INFINITY] };
    let (mut positive, mut negative) = (0.0, 0.0);
    ranked.for_each_group(|group| {
        positive += group.positive;
        negative += group.negative;
        curve.true_positive_rate.push(share(positive, ranked.positives()));
        curve.false_positive_rate.push(share(negative, ranked.negatives()));
        curve.thresholds.push(group.score);
    });
    curve
}

/// The ROC curve of the scores of a yes-or-no question.
///
/// ```
/// let curve = consort_metrics::ranking::roc_curve(&[0.9f32, 0.5], &[true, false], None)?;
/// assert_eq!(curve.true_positive_rate, [0.0, 1.0, 1.0]);
/// # Ok::<(), consort_core::Error>(())
/// ```
///
/// # Errors
/// As [`RankedScores::new`].
pub fn roc_curve<T: Real>(scores: &[T], positive: &[bool], weights: Option<&[f64]>) -> Result<RocCurve> {
    Ok(roc_curve_of(&RankedScores::new(scores, positive, weights)?))
}
