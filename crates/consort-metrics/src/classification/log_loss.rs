use consort_core::{Error, Estimates, Reads, Real, Result, Score, Target, Task, Truth, Values, blocks};
use serde::{Deserialize, Serialize};

use crate::mean_over_rows::{MeanOverRows, mean_metric};
use crate::rows::{ClassRows, LabelRows, check_codes, check_weights, parallel, weight};

/// Log loss (cross-entropy): how surprised the probabilities are by the truth, in nats.
///
/// −Σᵢ wᵢ·ln p(yᵢ) / Σᵢ wᵢ, with p clipped to \[ε, 1 − ε\]. Of several labels a row, the mean over labels of the
/// loss of each yes or no. The clipped row is not scaled to sum to 1 again, as in scikit-learn 1.9.
///
/// Reads `[rows][classes]`; 0 is best. Classes that the truth lacks are no problem. O(rows).
///
/// Source: Good (1952), Rational decisions.
///
/// ```
/// use consort_core::{Classes, Estimates, Gives, Metric, Target, Truth};
/// use consort_metrics::LogLoss;
/// let classes = Classes::new(["no", "yes"])?;
/// let target = Target::from_labels(["yes", "yes", "yes"], &classes, "y")?;
/// let estimates = Estimates::f64(&[0.1, 0.9, 0.2, 0.8, 0.4, 0.6], 2, Gives::Probabilities)?;
/// let loss = LogLoss::default().score(&estimates, &Truth::new(&target))?;
/// assert!((loss.value().unwrap() - 0.2797765635793423).abs() < 1e-12);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogLoss {
    /// The least probability that is believed, in (0, 0.5). The default is 2.220446049250313e-16, whatever
    /// the precision in which the estimates are kept.
    pub eps: f64,
}

impl Default for LogLoss {
    fn default() -> Self {
        Self { eps: f64::EPSILON }
    }
}

impl LogLoss {
    /// The same with another least probability.
    pub fn eps(mut self, eps: f64) -> Self {
        self.eps = eps;
        self
    }

    /// Checks the parameters.
    ///
    /// # Errors
    /// [`Error::Parameter`] unless `eps` is above 0 and below 0.5.
    pub fn check(&self) -> Result<()> {
        if self.eps > 0.0 && self.eps < 0.5 {
            return Ok(());
        }
        Err(Error::parameter("eps", self.eps, "above 0 and below 0.5"))
    }
}

/// [`LogLoss`] of slices: `[rows][classes]` probabilities against class codes. Undefined if no row has weight.
///
/// ```
/// use consort_metrics::classification::log_loss;
/// let loss = log_loss(&[0.25f32, 0.75], 2, &[1], None, f64::EPSILON)?;
/// assert_eq!(loss.value(), Some(-(0.75f64.ln())));
/// # Ok::<(), consort_core::Error>(())
/// ```
///
/// # Errors
/// If lengths differ, a code is not below `classes`, or the probability of a weighted row's class is not in \[0, 1\].
pub fn log_loss<T: Real>(
    probabilities: &[T],
    classes: usize,
    codes: &[u32],
    weights: Option<&[f64]>,
    eps: f64,
) -> Result<Score> {
    LogLoss { eps }.check()?;
    parallel("the probabilities", probabilities.len(), codes.len() * classes, "numbers")?;
    check_weights(weights, codes.len())?;
    check_codes(codes, classes, "log_loss")?;
    let [sum, total] = class_sums(probabilities, classes, codes, weights, eps)?;
    Ok(Score::ratio(sum, total, "no row has weight"))
}

/// How many probabilities are multiplied before one logarithm is taken. Each is at least 2⁻⁵², so that 16 stay
/// above the least normal number, 2⁻¹⁰²²; the error is 16 roundings in 16 logarithms.
const FACTORS: usize = 16;
/// The least epsilon for which that holds.
const FACTOR_EPS: f64 = f64::EPSILON;

fn class_sums<T: Real>(
    probabilities: &[T],
    classes: usize,
    codes: &[u32],
    weights: Option<&[f64]>,
    eps: f64,
) -> Result<[f64; 2]> {
    let top = 1.0 - eps;
    let parts = blocks::map(codes.len(), |rows| {
        let start = rows.start;
        let of_row = |(i, &code): (usize, &u32)| probabilities[(start + i) * classes + code as usize].f64();
        let codes = &codes[rows.clone()];
        match weights {
            None if eps >= FACTOR_EPS => {
                let (mut sum, mut valid) = (0.0, true);
                for (chunk, codes) in codes.chunks(FACTORS).enumerate() {
                    let mut product = 1.0;
                    for (i, code) in codes.iter().enumerate() {
                        let p = of_row((chunk * FACTORS + i, code));
                        valid &= (0.0..=1.0).contains(&p);
                        product *= p.max(eps).min(top);
                    }
                    sum -= product.ln();
                }
                valid.then_some([sum, codes.len() as f64])
            }
            _ => {
                let (mut sum, mut total) = (0.0, 0.0);
                for (i, code) in codes.iter().enumerate() {
                    let w = weight(weights, start + i);
                    if w != 0.0 {
                        let p = of_row((i, code));
                        if !(0.0..=1.0).contains(&p) {
                            return None;
                        }
                        sum -= w * p.max(eps).min(top).ln();
                        total += w;
                    }
                }
                Some([sum, total])
            }
        }
    });
    add(parts).ok_or_else(|| {
        let of_row = |i: usize| probabilities[i * classes + codes[i] as usize].f64();
        let row = (0..codes.len()).find(|&i| weight(weights, i) != 0.0 && !(0.0..=1.0).contains(&of_row(i)));
        not_probability("log_loss", row.unwrap_or(0), row.map_or(f64::NAN, of_row))
    })
}

fn label_sums<T: Real>(probabilities: &[T], rows: &LabelRows<'_>, eps: f64) -> Result<[f64; 2]> {
    let labels = rows.labels;
    let parts = blocks::map(rows.truth.len() / labels.max(1), |block| {
        let (mut sum, mut total) = (0.0, 0.0);
        for i in block {
            let w = weight(rows.weights, i);
            if w == 0.0 {
                continue;
            }
            let (p, y) = (&probabilities[i * labels..(i + 1) * labels], &rows.truth[i * labels..(i + 1) * labels]);
            for (p, &y) in p.iter().zip(y) {
                let p = p.f64();
                if !(0.0..=1.0).contains(&p) {
                    return None;
                }
                let p = if y { p } else { 1.0 - p };
                sum -= w * p.max(eps).min(1.0 - eps).ln();
            }
            total += w * labels as f64;
        }
        Some([sum, total])
    });
    add(parts).ok_or_else(|| {
        let bad =
            |i: &usize| weight(rows.weights, i / labels) != 0.0 && !(0.0..=1.0).contains(&probabilities[*i].f64());
        let i = (0..probabilities.len()).find(bad).unwrap_or(0);
        not_probability("log_loss", i / labels, probabilities[i].f64())
    })
}

fn add(parts: Vec<Option<[f64; 2]>>) -> Option<[f64; 2]> {
    parts.into_iter().try_fold([0.0; 2], |[a, b], part| part.map(|[c, d]| [a + c, b + d]))
}

/// The error of a number that is no probability; `row` counts from 0.
pub(crate) fn not_probability(by: &str, row: usize, value: f64) -> Error {
    if !value.is_finite() {
        return Error::NotFinite {
            place: by.into(),
            row: row + 1,
            id: String::new(),
            what: "a probability".into(),
            value,
        };
    }
    Error::NotProbabilities {
        place: by.into(),
        row: row + 1,
        id: String::new(),
        problem: format!("{value} is not in [0, 1]"),
    }
}

impl MeanOverRows for LogLoss {
    fn sums(&self, estimates: &Estimates<'_>, truth: &Truth<'_>) -> Result<[f64; 2]> {
        self.check()?;
        if let Target::Labels { .. } = truth.target() {
            let rows = LabelRows::of(estimates, truth, Reads::Probability, "log_loss")?;
            return match estimates.values() {
                Values::F32(values) => label_sums(values, &rows, self.eps),
                Values::F64(values) => label_sums(values, &rows, self.eps),
            };
        }
        let rows = ClassRows::of(estimates, truth, Reads::Probability, "log_loss")?;
        let classes = rows.classes.len();
        match estimates.values() {
            Values::F32(values) => class_sums(values, classes, rows.codes, rows.weights, self.eps),
            Values::F64(values) => class_sums(values, classes, rows.codes, rows.weights, self.eps),
        }
    }
}

mean_metric!(LogLoss, |_metric| "log_loss".into(), Lower, Probability, |task| task.is_classification()
    || task == Task::Multilabel);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_logarithm_for_many_rows_gives_the_sum_of_their_logarithms() {
        let p: Vec<f64> = (0..1000).map(|i| [0.0, 1e-300, 1e-16, 0.3, 0.999, 1.0][i % 6]).collect();
        let codes = vec![0; p.len()];
        let ones = vec![1.0; p.len()];
        let fast = log_loss(&p, 1, &codes, None, f64::EPSILON).unwrap().value().unwrap();
        let plain = log_loss(&p, 1, &codes, Some(&ones), f64::EPSILON).unwrap().value().unwrap();
        assert!((fast - plain).abs() < 1e-13 * plain, "{fast} {plain}");
    }

    #[test]
    fn a_probability_above_one_is_refused_with_its_row() {
        let error = log_loss(&[0.5, 0.5, -0.5, 1.5], 2, &[0, 1], None, 1e-15).unwrap_err();
        assert!(error.to_string().contains("row 2: 1.5"), "{error}");
    }
}
