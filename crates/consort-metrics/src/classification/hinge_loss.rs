use consort_core::{Estimates, Reads, Real, Result, Score, Task, Truth, Values, blocks};
use serde::{Deserialize, Serialize};

use crate::mean_over_rows::{MeanOverRows, mean_metric};
use crate::rows::{ClassRows, check_codes, check_weights, parallel, weight};

/// Hinge loss: by how much a row's class fails to be ahead by 1, what a support vector machine makes small.
///
/// Σᵢ wᵢ·max(0, 1 − marginᵢ) / Σᵢ wᵢ. Of two classes the number of the positive one is the decision s, and the margin is
/// s for a row of the positive class and −s for one of the other. Of more classes it is the number of the row's own class
/// less the greatest of the others (Crammer and Singer). 0 is best.
///
/// Reads scores `[rows][classes]` whose size means something, such as distances from a boundary: unlike other metrics of
/// scores it changes when they are stretched. Classes that the truth lacks are no problem. O(rows × classes).
///
/// Source: Cortes, Vapnik (1995); for several classes Crammer, Singer (2001). The same number as scikit-learn's
/// `hinge_loss`.
///
/// ```
/// use consort_core::{Classes, Estimates, Gives, Metric, Target, Truth};
/// use consort_metrics::classification::HingeLoss;
/// let target = Target::from_labels(["a", "c"], &Classes::new(["a", "b", "c"])?, "y")?;
/// let estimates = Estimates::f64(&[2.0, 0.5, 0.0, 1.0, -1.0, 0.5], 3, Gives::Scores)?;
/// let loss = HingeLoss.score(&estimates, &Truth::new(&target))?;
/// assert_eq!(loss.value(), Some(0.75)); // margins 1.5 and −0.5
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HingeLoss;

/// [`HingeLoss`] of slices: `[rows][classes]` scores against class codes. Of two classes, class 1 is the positive one.
/// Undefined if no row has weight.
///
/// ```
/// use consort_metrics::classification::hinge_loss;
/// assert_eq!(hinge_loss(&[0.0, -0.5, 0.0, 2.0], 2, &[0, 1], None)?.value(), Some(0.25));
/// # Ok::<(), consort_core::Error>(())
/// ```
///
/// # Errors
/// If lengths differ or a code is not below `classes`.
pub fn hinge_loss<T: Real>(scores: &[T], classes: usize, codes: &[u32], weights: Option<&[f64]>) -> Result<Score> {
    parallel("the scores", scores.len(), codes.len() * classes, "numbers")?;
    check_weights(weights, codes.len())?;
    check_codes(codes, classes, "hinge_loss")?;
    let [sum, total] = losses(scores, classes, codes, weights, (classes == 2).then_some(1));
    Ok(Score::ratio(sum, total, "no row has weight"))
}

fn losses<T: Real>(
    scores: &[T],
    classes: usize,
    codes: &[u32],
    weights: Option<&[f64]>,
    positive: Option<usize>,
) -> [f64; 2] {
    blocks::sum(codes.len(), |rows| {
        rows.fold([0.0; 2], |[sum, total], i| {
            let (w, code) = (weight(weights, i), codes[i] as usize);
            if w == 0.0 {
                return [sum, total];
            }
            let row = &scores[i * classes..(i + 1) * classes];
            let margin = match positive {
                Some(positive) if code == positive => row[positive].f64(),
                Some(positive) => -row[positive].f64(),
                None => {
                    let others = row.iter().enumerate().filter(|&(k, _)| k != code);
                    row[code].f64() - others.fold(f64::NEG_INFINITY, |most, (_, x)| most.max(x.f64()))
                }
            };
            [sum + w * (1.0 - margin).max(0.0), total + w]
        })
    })
}

impl MeanOverRows for HingeLoss {
    fn sums(&self, estimates: &Estimates<'_>, truth: &Truth<'_>) -> Result<[f64; 2]> {
        let rows = ClassRows::of(estimates, truth, Reads::Score, "hinge_loss")?;
        let (classes, positive) = (rows.classes.len(), rows.positive());
        Ok(match estimates.values() {
            Values::F32(values) => losses(values, classes, rows.codes, rows.weights, positive),
            Values::F64(values) => losses(values, classes, rows.codes, rows.weights, positive),
        })
    }
}

mean_metric!(HingeLoss, |_metric| "hinge_loss".into(), Lower, Score, |task| matches!(
    task,
    Task::Binary | Task::Multiclass
));
