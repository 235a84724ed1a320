use consort_core::{Estimates, Reads, Real, Result, Score, Truth, Values, blocks};
use serde::{Deserialize, Serialize};

use crate::mean_over_rows::{MeanOverRows, mean_metric};
use crate::rows::{ClassRows, check_codes, check_weights, parallel, weight};

/// Ranked probability score: the squared error of the cumulative probabilities, for classes that have an order.
///
/// Σᵢ wᵢ·Σₖ (Σ_{j≤k} pᵢⱼ − \[yᵢ ≤ k\])² / ((K − 1)·Σᵢ wᵢ) over the K classes in class order: a near miss costs less than
/// a far one. In \[0, 1\], 0 is best; of two classes it is the Brier score. O(rows × classes).
///
/// Source: Epstein (1969).
///
/// ```
/// use consort_core::{Classes, Estimates, Gives, Metric, Target, Truth};
/// use consort_metrics::classification::RankedProbabilityScore;
/// let target = Target::from_labels(["low"], &Classes::new(["low", "mid", "high"])?, "y")?;
/// let near = Estimates::f64(&[0.0, 1.0, 0.0], 3, Gives::Probabilities)?;
/// let far = Estimates::f64(&[0.0, 0.0, 1.0], 3, Gives::Probabilities)?;
/// assert_eq!(RankedProbabilityScore.score(&near, &Truth::new(&target))?.value(), Some(0.5));
/// assert_eq!(RankedProbabilityScore.score(&far, &Truth::new(&target))?.value(), Some(1.0));
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RankedProbabilityScore;

/// [`RankedProbabilityScore`] of slices: `[rows][classes]` probabilities against class codes. Undefined if no row has
/// weight or there is one class only.
///
/// ```
/// use consort_metrics::classification::ranked_probability_score;
/// assert_eq!(ranked_probability_score(&[0.25, 0.75], 2, &[1], None)?.value(), Some(0.0625));
/// # Ok::<(), consort_core::Error>(())
/// ```
///
/// # Errors
/// If lengths differ or a code is not below `classes`.
pub fn ranked_probability_score<T: Real>(
    probabilities: &[T],
    classes: usize,
    codes: &[u32],
    weights: Option<&[f64]>,
) -> Result<Score> {
    parallel("the probabilities", probabilities.len(), codes.len() * classes, "numbers")?;
    check_weights(weights, codes.len())?;
    check_codes(codes, classes, "ranked_probability_score")?;
    let [sum, total] = sums(probabilities, classes, codes, weights);
    Ok(Score::ratio(sum, total, RankedProbabilityScore.empty()))
}

fn sums<T: Real>(probabilities: &[T], classes: usize, codes: &[u32], weights: Option<&[f64]>) -> [f64; 2] {
    blocks::sum(codes.len(), |rows| {
        let mut sums = [0.0; 2];
        for i in rows {
            let w = weight(weights, i);
            if w == 0.0 {
                continue;
            }
            let (mut cumulative, mut squares) = (0.0, 0.0);
            // The last class adds nothing: both sides have come to 1.
            for (k, p) in probabilities[i * classes..(i + 1) * classes - 1].iter().enumerate() {
                cumulative += p.f64();
                let error = cumulative - if codes[i] as usize <= k { 1.0 } else { 0.0 };
                squares += error * error;
            }
            sums[0] += w * squares;
            sums[1] += w * (classes - 1) as f64;
        }
        sums
    })
}

impl MeanOverRows for RankedProbabilityScore {
    fn range(&self) -> (f64, f64) {
        (0.0, 1.0)
    }

    fn sums(&self, estimates: &Estimates<'_>, truth: &Truth<'_>) -> Result<[f64; 2]> {
        let rows = ClassRows::of(estimates, truth, Reads::Probability, "ranked_probability_score")?;
        let classes = rows.classes.len();
        Ok(match estimates.values() {
            Values::F32(values) => sums(values, classes, rows.codes, rows.weights),
            Values::F64(values) => sums(values, classes, rows.codes, rows.weights),
        })
    }

    fn empty(&self) -> &'static str {
        "no row has weight, or there is one class only"
    }
}

mean_metric!(RankedProbabilityScore, |_metric| "ranked_probability_score".into(), Lower, Probability, |task| task
    .is_classification());
