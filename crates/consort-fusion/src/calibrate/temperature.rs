use consort_core::{Error, Matrix, Outputs, Result, Truth, blocks};
use serde::{Deserialize, Serialize};

use super::{
    Calibration, Calibrator,
    calibrator::{came_true, check, expect_columns},
};

/// One number for all classes: `P = softmax(ln p / T)`.
///
/// `T > 1` makes the probabilities less sure, `T < 1` surer; the most probable class never changes, so accuracy and
/// the order within a row stay. Fitted by log loss, which is convex in `1 / T`: Newton's method kept inside a bracket,
/// some ten passes over the rows. `T` is kept within 0.01 and 100. Probabilities are cut at 10⁻¹² first. Labels share
/// one temperature too.
///
/// Source: Guo, Pleiss, Sun, Weinberger (2017), "On calibration of modern neural networks".
///
/// ```
/// use consort_core::{Classes, Matrix, Target, Truth};
/// use consort_fusion::calibrate::Temperature;
/// let classes = Classes::new(["a", "b", "c"])?;
/// let p = Matrix::new(3, 3, vec![0.98, 0.01, 0.01, 0.98, 0.01, 0.01, 0.01, 0.98, 0.01])?;
/// let target = Target::from_labels(["a", "b", "b"], &classes, "y")?;
/// assert!(Temperature.scale(&p, &Truth::new(&target))?.temperature() > 1.0); // it was too sure
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Temperature;

const BY: &str = "temperature scaling";
const LEAST: f64 = 0.01;
const MOST: f64 = 100.0;

/// The logarithm of a probability, cut at 10⁻¹².
pub(super) fn log(p: f64) -> f64 {
    p.clamp(1e-12, 1.0).ln()
}

impl Temperature {
    /// The fit, with its own type.
    ///
    /// # Errors
    /// As [`Calibrator::fit`].
    pub fn scale(&self, probabilities: &Matrix, truth: &Truth<'_>) -> Result<TemperatureScale> {
        scale(probabilities, truth, 0.0)
    }
}

/// [`Temperature`] fitted to targets that leave some room for doubt: of `n` rows, each true class counts `1 − 1/(n + 2)`, and the
/// rest is spread over all classes evenly.
///
/// Where no row is wrong, plain temperature scaling makes all probabilities 0 or 1, and the first row that is wrong later costs
/// without end. This one stays as sure as `n` rows allow, and is the same for many rows.
///
/// Source: the targets of Platt (1999, §2.2), for a temperature.
///
/// ```
/// use consort_core::{Classes, Matrix, Target, Truth};
/// use consort_fusion::calibrate::{SmoothedTemperature, Temperature};
/// let classes = Classes::new(["a", "b"])?;
/// let p = Matrix::new(4, 2, vec![0.6, 0.4, 0.7, 0.3, 0.2, 0.8, 0.4, 0.6])?;
/// let target = Target::from_labels(["a", "a", "b", "b"], &classes, "y")?;
/// let truth = Truth::new(&target);
/// assert!(Temperature.scale(&p, &truth)?.temperature() < 0.011); // as sure as may be
/// assert!(SmoothedTemperature.scale(&p, &truth)?.temperature() > 0.2); // after four rows
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmoothedTemperature;

impl SmoothedTemperature {
    /// The fit, with its own type.
    ///
    /// # Errors
    /// As [`Calibrator::fit`].
    pub fn scale(&self, probabilities: &Matrix, truth: &Truth<'_>) -> Result<TemperatureScale> {
        scale(probabilities, truth, 1.0 / (truth.total_weight() + 2.0))
    }
}

/// The temperature of least log loss where a share `doubt` of each row's target is spread evenly.
fn scale(probabilities: &Matrix, truth: &Truth<'_>, doubt: f64) -> Result<TemperatureScale> {
    check(BY, probabilities, truth)?;
    let columns = probabilities.columns();
    let classes = matches!(truth.target().outputs(), Outputs::Classes(_));
    // Slope and curvature of the log loss along β = 1 / T.
    let slope_and_curvature = |beta: f64| {
        blocks::sum(truth.rows(), |rows| {
            let (mut sums, mut logits) = ([0.0; 2], vec![0.0; columns]);
            for i in rows.filter(|&i| truth.weight(i) > 0.0) {
                let weight = truth.weight(i);
                let mut add = |logits: &[f64], own: f64| {
                    let [slope, curvature] = moments(beta, logits, own);
                    sums[0] += weight * slope;
                    sums[1] += weight * curvature;
                };
                let row = probabilities.row(i);
                let hit = |k: usize| came_true(truth.target(), i, k);
                if classes {
                    logits.iter_mut().zip(row).for_each(|(logit, &p)| *logit = log(f64::from(p)));
                    let own = (0..columns).find(|&k| hit(k)).map_or(0.0, |k| logits[k]);
                    let even = logits.iter().sum::<f64>() / columns as f64;
                    add(&logits, (1.0 - doubt) * own + doubt * even);
                } else {
                    for (k, &p) in row.iter().enumerate() {
                        let (no, yes) = (log(1.0 - f64::from(p)), log(f64::from(p)));
                        let own = if hit(k) { yes } else { no };
                        add(&[no, yes], (1.0 - doubt) * own + doubt * 0.5 * (no + yes));
                    }
                }
            }
            sums
        })
    };
    let (mut low, mut high) = (1.0 / MOST, 1.0 / LEAST);
    let mut beta = 1.0;
    for _ in 0..200 {
        let [slope, curvature] = slope_and_curvature(beta);
        if slope > 0.0 {
            high = beta;
        } else {
            low = beta;
        }
        let step = slope / curvature;
        if slope == 0.0 || step.abs() <= 1e-12 * beta {
            break;
        }
        let newton = beta - step;
        // Outside the bracket, or not a number: halve it in the logarithm.
        beta = if newton > low && newton < high { newton } else { (low * high).sqrt() };
        if high - low <= 1e-13 * high {
            break;
        }
    }
    Ok(TemperatureScale { temperature: 1.0 / beta, columns, classes })
}

/// The mean and the variance of the logits under `softmax(β logits)`, the mean less the logit that the target wants.
fn moments(beta: f64, logits: &[f64], own: f64) -> [f64; 2] {
    let (mut weight, mut first, mut second) = (0.0, 0.0, 0.0);
    for &logit in logits {
        // The cut logits are within [−28, 0] and β ≤ 100; the shift by the wanted logit keeps the moments exact.
        let x = logit - own;
        let e = (beta * logit).exp();
        weight += e;
        first += e * x;
        second += e * x * x;
    }
    let mean = first / weight;
    [mean, second / weight - mean * mean]
}

/// Fitted [`Temperature`].
///
/// ```
/// # use consort_core::{Classes, Matrix, Target, Truth};
/// # use consort_fusion::calibrate::{Calibration, Temperature};
/// # let classes = Classes::new(["a", "b"])?;
/// # let p = Matrix::new(3, 2, vec![0.9, 0.1, 0.9, 0.1, 0.1, 0.9])?;
/// # let target = Target::from_labels(["a", "b", "b"], &classes, "y")?;
/// let fitted = Temperature.scale(&p, &Truth::new(&target))?;
/// assert!((fitted.apply(&p)?.at(0, 0) - 2.0 / 3.0).abs() < 1e-6); // right two times in three
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TemperatureScale {
    temperature: f64,
    columns: usize,
    classes: bool,
}

impl TemperatureScale {
    /// What the log-probabilities are divided by.
    pub fn temperature(&self) -> f64 {
        self.temperature
    }
}

#[typetag::serde(name = "temperature")]
impl Calibration for TemperatureScale {
    fn name(&self) -> String {
        "temperature".into()
    }

    fn apply(&self, probabilities: &Matrix) -> Result<Matrix> {
        expect_columns(BY, probabilities, self.columns)?;
        let mut calibrated = probabilities.clone();
        blocks::fill(calibrated.values_mut(), self.columns, |_, out| {
            for row in out.chunks_exact_mut(self.columns) {
                if row.iter().any(|x| x.is_nan()) {
                    row.fill(f32::NAN);
                } else if self.classes {
                    softmax_of(row, |_, p| log(p) / self.temperature);
                } else {
                    for x in row {
                        let p = f64::from(*x);
                        *x = crate::stack::sigmoid((log(p) - log(1.0 - p)) / self.temperature) as f32;
                    }
                }
            }
            Ok::<(), Error>(())
        })?;
        Ok(calibrated)
    }
}

/// Replaces a row by the softmax of a function of its probabilities.
pub(super) fn softmax_of(row: &mut [f32], logit: impl Fn(usize, f64) -> f64) {
    let logits: Vec<f64> = row.iter().enumerate().map(|(k, &p)| logit(k, f64::from(p))).collect();
    let top = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = logits.iter().map(|z| (z - top).exp()).sum();
    row.iter_mut().zip(logits).for_each(|(out, z)| *out = ((z - top).exp() / sum) as f32);
}

#[typetag::serde(name = "temperature")]
impl Calibrator for Temperature {
    fn name(&self) -> String {
        "temperature".into()
    }

    fn fit(&self, probabilities: &Matrix, truth: &Truth<'_>) -> Result<Box<dyn Calibration>> {
        Ok(Box::new(self.scale(probabilities, truth)?))
    }
}

#[typetag::serde(name = "smoothed_temperature")]
impl Calibrator for SmoothedTemperature {
    fn name(&self) -> String {
        "smoothed_temperature".into()
    }

    fn fit(&self, probabilities: &Matrix, truth: &Truth<'_>) -> Result<Box<dyn Calibration>> {
        Ok(Box::new(self.scale(probabilities, truth)?))
    }
}

#[cfg(test)]
mod tests {
    use consort_core::{Classes, Target};

    use super::*;

    /// `n` rows of two classes told at 0.7, of which every tenth, or none, is wrong.
    fn both(n: usize, wrong: bool) -> (f64, f64) {
        let classes = Classes::new(["a", "b"]).unwrap();
        let p = Matrix::new(n, 2, (0..n).flat_map(|_| [0.7, 0.3]).collect()).unwrap();
        let codes = (0..n).map(|i| u32::from(wrong && i % 10 == 0)).collect();
        let target = Target::Classes { codes, classes };
        let truth = Truth::new(&target);
        let sure = |fitted: TemperatureScale| f64::from(fitted.apply(&p).unwrap().at(0, 0));
        (sure(Temperature.scale(&p, &truth).unwrap()), sure(SmoothedTemperature.scale(&p, &truth).unwrap()))
    }

    #[test]
    fn no_more_is_sure_than_so_many_rows_allow() {
        // All right: plain scaling is sure, the other as sure as the smoothed target says, 1 − 1/(2 (n + 2)).
        for n in [4, 40, 400] {
            let (plain, smoothed) = both(n, false);
            let want = 1.0 - 0.5 / (n as f64 + 2.0);
            assert!(plain > 1.0 - 1e-6 && (smoothed - want).abs() < 1e-5, "{n}: {plain} {smoothed} {want}");
        }
        // One of ten wrong: both say so, the more alike the more rows there are.
        let (plain, smoothed) = both(40, true);
        assert!((plain - 0.9).abs() < 1e-5 && (smoothed - (0.9 - 0.4 / 42.0)).abs() < 1e-5, "{plain} {smoothed}");
        let (plain, smoothed) = both(40_000, true);
        assert!((plain - smoothed).abs() < 2e-5, "{plain} {smoothed}");
    }
}
