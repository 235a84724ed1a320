use consort_core::{Real, Result};

use crate::ranking::RankedScores;

/// What each threshold finds, and how much of what it takes is right.
///
/// Point `i` takes the rows that score at least `thresholds[i]`. One point more closes the curve: recall 0, precision 1.
///
/// ```
/// use consort_metrics::ranking::{RankedScores, precision_recall_curve_of};
/// let curve = precision_recall_curve_of(&RankedScores::new(&[0.9, 0.1], &[true, false], None)?);
/// assert_eq!(curve.thresholds.len() + 1, curve.precision.len());
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct PrecisionRecallCurve {
    /// The share of the rows taken that are positive.
    pub precision: Vec<f64>,
    /// The share of the positive rows that are taken, falling. 0 where there is no positive row.
    pub recall: Vec<f64>,
    /// The least score that is taken, rising; one fewer than the points.
    pub thresholds: Vec<f64>,
}

/// The precision–recall curve of ranked scores: a point for each group of equal scores, and the last. O(rows).
///
/// ```
/// use consort_metrics::ranking::{RankedScores, precision_recall_curve_of};
/// let ranked = RankedScores::new(&[0.9, 0.5, 0.5], &[true, true, false], None)?;
/// let curve = precision_recall_curve_of(&ranked);
/// assert_eq!(curve.precision, [2.0 / 3.0, 1.0, 1.0]);
/// assert_eq!(curve.recall, [1.0, 0.5, 0.0]);
/// assert_eq!(curve.thresholds, [0.5, 0.9]);
/// # Ok::<(), consort_core::Error>(())
/// ```
pub fn precision_recall_curve_of(ranked: &RankedScores<'_>) -> PrecisionRecallCurve {
    let mut curve = PrecisionRecallCurve { precision: vec![1.0], recall: vec![0.0], thresholds: Vec::new() };
    let (mut positive, mut all) = (0.0, 0.0);
    ranked.for_each_group(|group| {
        positive += group.positive;
        all += group.positive + group.negative;
        curve.precision.push(positive / all);
        curve.recall.push(if ranked.positives() > 0.0 { (positive / ranked.positives()).min(1.0) } else { 0.0 });
        curve.thresholds.push(group.score);
    });
    curve.precision.reverse();
    curve.recall.reverse();
    curve.thresholds.reverse();
    curve
}

/// The precision–recall curve of the scores of a yes-or-no question.
///
/// ```
/// let curve = consort_metrics::ranking::precision_recall_curve(&[0.9f32, 0.5], &[true, false], None)?;
/// assert_eq!(curve.precision, [0.5, 1.0, 1.0]);
/// # Ok::<(), consort_core::Error>(())
/// ```
///
/// # Errors
/// As [`RankedScores::new`].
pub fn precision_recall_curve<T: Real>(
    scores: &[T],
    positive: &[bool],
    weights: Option<&[f64]>,
) -> Result<PrecisionRecallCurve> {
    Ok(precision_recall_curve_of(&RankedScores::new(scores, positive, weights)?))
}
