use consort_core::{Estimates, Reads, Real, Result, Score, Target, Task, Truth, Values, blocks};
use serde::{Deserialize, Serialize};

use crate::classification::log_loss::not_probability;
use crate::mean_over_rows::{MeanOverRows, mean_metric};
use crate::rows::{ClassRows, LabelRows, check_codes, check_weights, parallel, weight};

/// How the squared errors of a row's classes are put together.
///
/// ```
/// use consort_core::{Classes, Estimates, Gives, Metric, Target, Truth};
/// use consort_metrics::{Brier, classification::BrierScale};
/// let target = Target::from_labels(["yes"], &Classes::new(["no", "yes"])?, "y")?;
/// let estimates = Estimates::f64(&[0.5, 0.5], 2, Gives::Probabilities)?;
/// let score = |scale| Brier::default().scale(scale).score(&estimates, &Truth::new(&target));
/// assert_eq!((score(BrierScale::Half)?.value(), score(BrierScale::Sum)?.value()), (Some(0.25), Some(0.5)));
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BrierScale {
    /// Half the sum for two classes, which is (p − y)² of the positive one; the sum for more. As in scikit-learn.
    #[default]
    Auto,
    /// Half the sum over classes: from 0 to 1.
    Half,
    /// The sum over classes, as Brier had it: from 0 to 2.
    Sum,
}

/// Brier score: the mean squared error of the probabilities.
///
/// Σᵢ wᵢ·Σₖ (pᵢₖ − \[yᵢ = k\])² / Σᵢ wᵢ, halved as [`BrierScale`] says. Of several labels a row, the mean over
/// labels of (p − y)². Reads `[rows][classes]`; 0 is best. O(rows × classes).
///
/// Source: Brier (1950), Verification of forecasts expressed in terms of probability.
///
/// ```
/// use consort_core::{Classes, Estimates, Gives, Metric, Target, Truth};
/// use consort_metrics::Brier;
/// let target = Target::from_labels(["yes", "yes", "yes"], &Classes::new(["no", "yes"])?, "y")?;
/// let estimates = Estimates::f64(&[0.1, 0.9, 0.2, 0.8, 0.4, 0.6], 2, Gives::Probabilities)?;
/// let score = Brier::default().score(&estimates, &Truth::new(&target))?;
/// assert!((score.value().unwrap() - 0.07).abs() < 1e-12);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Brier {
    /// Whether the sum over classes is halved.
    pub scale: BrierScale,
}

impl Brier {
    /// The same on another scale.
    pub fn scale(mut self, scale: BrierScale) -> Self {
        self.scale = scale;
        self
    }
}

/// [`Brier`] of slices: `[rows][classes]` probabilities against class codes. Undefined if no row has weight.
///
/// ```
/// use consort_metrics::classification::{BrierScale, brier};
/// assert_eq!(brier(&[0.25f32, 0.75], 2, &[1], None, BrierScale::Auto)?.value(), Some(0.0625));
/// assert_eq!(brier(&[0.25f32, 0.75], 2, &[1], None, BrierScale::Sum)?.value(), Some(0.125));
/// # Ok::<(), consort_core::Error>(())
/// ```
///
/// # Errors
/// If lengths differ, a code is not below `classes`, or a probability of a weighted row is not in \[0, 1\].
pub fn brier<T: Real>(
    probabilities: &[T],
    classes: usize,
    codes: &[u32],
    weights: Option<&[f64]>,
    scale: BrierScale,
) -> Result<Score> {
    parallel("the probabilities", probabilities.len(), codes.len() * classes, "numbers")?;
    check_weights(weights, codes.len())?;
    check_codes(codes, classes, "brier")?;
    let [sum, total] = class_sums(probabilities, classes, codes, weights, scale)?;
    Ok(Score::ratio(sum, total, "no row has weight"))
}

fn class_sums<T: Real>(
    probabilities: &[T],
    classes: usize,
    codes: &[u32],
    weights: Option<&[f64]>,
    scale: BrierScale,
) -> Result<[f64; 2]> {
    let parts = blocks::map(codes.len(), |rows| {
        let cells = &probabilities[rows.start * classes..rows.end * classes];
        let (mut sum, mut total) = (0.0, 0.0);
        for ((row, &code), i) in cells.chunks_exact(classes).zip(&codes[rows.clone()]).zip(rows) {
            let w = weight(weights, i);
            if w == 0.0 {
                continue;
            }
            // Σ (p − y)² = Σ p² − 2·p(y) + 1, so that the loop over classes need not look at the label.
            let mut squares = 0.0;
            let mut valid = true;
            for p in row {
                let p = p.f64();
                valid &= (0.0..=1.0).contains(&p);
                squares += p * p;
            }
            if !valid {
                return None;
            }
            let p = row[code as usize].f64();
            sum += w * (squares - p * p + (1.0 - p) * (1.0 - p));
            total += w;
        }
        Some([sum, total])
    });
    let halve = scale == BrierScale::Half || (scale == BrierScale::Auto && classes == 2);
    let sums = parts.into_iter().try_fold([0.0; 2], |[a, b], part| part.map(|[c, d]| [a + c, b + d]));
    match sums {
        Some([sum, total]) => Ok([if halve { 0.5 * sum } else { sum }, total]),
        None => Err(first_bad(probabilities, classes, weights)),
    }
}

fn label_sums<T: Real>(probabilities: &[T], rows: &LabelRows<'_>) -> Result<[f64; 2]> {
    let labels = rows.labels;
    let parts = blocks::map(rows.truth.len() / labels.max(1), |block| {
        let (mut sum, mut total) = (0.0, 0.0);
        for i in block.filter(|&i| weight(rows.weights, i) != 0.0) {
            let w = weight(rows.weights, i);
            let cells = i * labels..(i + 1) * labels;
            for (p, &y) in probabilities[cells.clone()].iter().zip(&rows.truth[cells]) {
                let p = p.f64();
                if !(0.0..=1.0).contains(&p) {
                    return None;
                }
                let error = p - f64::from(u8::from(y));
                sum += w * error * error;
            }
            total += w * labels as f64;
        }
        Some([sum, total])
    });
    let sums = parts.into_iter().try_fold([0.0; 2], |[a, b], part| part.map(|[c, d]| [a + c, b + d]));
    sums.ok_or_else(|| first_bad(probabilities, labels, rows.weights))
}

fn first_bad<T: Real>(probabilities: &[T], columns: usize, weights: Option<&[f64]>) -> consort_core::Error {
    let bad = |i: &usize| weight(weights, i / columns) != 0.0 && !(0.0..=1.0).contains(&probabilities[*i].f64());
    let i = (0..probabilities.len()).find(bad).unwrap_or(0);
    not_probability("brier", i / columns.max(1), probabilities[i].f64())
}

impl MeanOverRows for Brier {
    fn range(&self) -> (f64, f64) {
        (0.0, if self.scale == BrierScale::Half { 1.0 } else { 2.0 })
    }

    fn sums(&self, estimates: &Estimates<'_>, truth: &Truth<'_>) -> Result<[f64; 2]> {
        if let Target::Labels { .. } = truth.target() {
            let rows = LabelRows::of(estimates, truth, Reads::Probability, "brier")?;
            return match estimates.values() {
                Values::F32(values) => label_sums(values, &rows),
                Values::F64(values) => label_sums(values, &rows),
            };
        }
        let rows = ClassRows::of(estimates, truth, Reads::Probability, "brier")?;
        let classes = rows.classes.len();
        match estimates.values() {
            Values::F32(values) => class_sums(values, classes, rows.codes, rows.weights, self.scale),
            Values::F64(values) => class_sums(values, classes, rows.codes, rows.weights, self.scale),
        }
    }
}

mean_metric!(
    Brier,
    |metric| match metric.scale {
        BrierScale::Auto => "brier",
        BrierScale::Half => "brier_half",
        BrierScale::Sum => "brier_sum",
    }
    .into(),
    Lower,
    Probability,
    |task| task.is_classification() || task == Task::Multilabel
);
