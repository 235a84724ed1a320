use consort_core::{Error, Result};

use crate::classification::Counts;
use crate::ranking::RankedScores;

/// The threshold that makes the most of a score, and that score.
///
/// ```
/// use consort_metrics::ranking::{BestThreshold, RankedScores, best_threshold};
/// let ranked = RankedScores::new(&[0.9, 0.4, 0.1], &[true, true, false], None)?;
/// let best = best_threshold(&ranked, |counts| counts.recall().value())?;
/// assert_eq!(best, BestThreshold { threshold: 0.1, score: 1.0 }); // of equals the smallest
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BestThreshold {
    /// A row is positive if it scores at least this.
    pub threshold: f64,
    /// The value of the objective there.
    pub score: f64,
}

/// The best threshold for a function of the four counts, greater being better: each distinct score is tried, and
/// of thresholds that are equally good the smallest wins. O(rows), after the sort.
///
/// ```
/// use consort_metrics::ranking::{RankedScores, best_threshold};
/// let ranked = RankedScores::new(&[0.9, 0.7, 0.6, 0.2], &[true, false, true, false], None)?;
/// let best = best_threshold(&ranked, |counts| counts.f_beta(1.0).value())?;
/// assert_eq!(best.threshold, 0.6);
/// assert!((best.score - 0.8).abs() < 1e-15);
/// let youden = best_threshold(&ranked, |c| Some(c.recall().value()? + c.specificity().value()? - 1.0))?;
/// assert_eq!(youden.threshold, 0.6);
/// # Ok::<(), consort_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::Empty`] if no row has weight, or the objective has no value (`None` or NaN) at any threshold.
pub fn best_threshold(ranked: &RankedScores<'_>, objective: impl Fn(&Counts) -> Option<f64>) -> Result<BestThreshold> {
    let (positives, negatives) = (ranked.positives(), ranked.negatives());
    let (mut positive, mut negative) = (0.0, 0.0);
    let mut best: Option<BestThreshold> = None;
    ranked.for_each_group(|group| {
        positive += group.positive;
        negative += group.negative;
        // The sums of the ranks and of the totals run in different orders: no count falls below 0 by a rounding.
        let counts = Counts::new(positive, negative, (positives - positive).max(0.0), (negatives - negative).max(0.0));
        if let Some(score) = objective(&counts)
            && !score.is_nan()
            && best.is_none_or(|best| score >= best.score)
        {
            best = Some(BestThreshold { threshold: group.score, score });
        }
    });
    best.ok_or_else(|| Error::Empty {
        what: "the list of thresholds at which the objective has a value".into(),
        hint: "give rows of both classes, with weight".into(),
    })
}
