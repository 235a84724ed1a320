use consort_core::{Error, Matrix, Outputs, Result, Truth, blocks};
use serde::{Deserialize, Serialize};

use super::{
    Calibration, Calibrator,
    calibrator::{came_true, check, expect_columns},
    temperature::{log, softmax_of},
};
use crate::stack::{lbfgs, newton};

/// A scale and a shift for each class: `P = softmax(a_k ln p_k + b_k)`.
///
/// Between temperature scaling (one number) and a full matrix (too many): it can also mend classes that are predicted
/// too often or too seldom. Fitted by log loss with a weak pull towards the identity (`½ penalty Σ (a − 1)² + b²`, as a
/// part of one row), which also makes the answer unique. Newton's steps, some tens of passes over the rows that cost
/// O(classes²) a row; L-BFGS for more than 100 classes. Probabilities are cut at 10⁻¹² first.
///
/// # Errors
/// [`Error::Unsupported`] for labels: Platt scaling of log-odds is the same for them.
///
/// Source: Guo, Pleiss, Sun, Weinberger (2017), "On calibration of modern neural networks".
///
/// ```
/// use consort_core::{Classes, Matrix, Target, Truth};
/// use consort_fusion::calibrate::{Calibration, VectorScaling};
/// let classes = Classes::new(["a", "b", "c"])?;
/// let p = Matrix::new(3, 3, vec![0.4, 0.3, 0.3, 0.4, 0.3, 0.3, 0.4, 0.3, 0.3])?;
/// let target = Target::from_labels(["a", "b", "b"], &classes, "y")?;
/// let fitted = VectorScaling::default().scale(&p, &Truth::new(&target))?;
/// assert!((fitted.apply(&p)?.at(0, 1) - 0.667).abs() < 0.01); // as often as `b` came true
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VectorScaling {
    /// The pull towards the identity, in rows.
    pub penalty: f64,
}

impl Default for VectorScaling {
    fn default() -> Self {
        Self { penalty: 1e-3 }
    }
}

const BY: &str = "vector scaling";
/// How long the gradient of the mean loss may be at the end.
const TOLERANCE: f64 = 1e-8;
/// Up to so many classes the second derivatives are held.
const DIRECT: usize = 100;

impl VectorScaling {
    /// With this pull towards the identity, in rows.
    pub fn penalty(mut self, penalty: f64) -> Self {
        self.penalty = penalty;
        self
    }

    /// # Errors
    /// [`Error::Parameter`] for a penalty that is not above 0.
    pub fn check(&self) -> Result<()> {
        if !(self.penalty.is_finite() && self.penalty > 0.0) {
            return Err(Error::parameter("penalty", self.penalty, "finite and above 0"));
        }
        Ok(())
    }

    /// The fit, with its own type.
    ///
    /// # Errors
    /// As [`Calibrator::fit`].
    pub fn scale(&self, probabilities: &Matrix, truth: &Truth<'_>) -> Result<VectorScale> {
        self.check()?;
        check(BY, probabilities, truth)?;
        if !matches!(truth.target().outputs(), Outputs::Classes(_)) {
            return Err(Error::Unsupported {
                by: BY.into(),
                what: "labels".into(),
                hint: "use Platt scaling of log-odds".into(),
            });
        }
        let n = probabilities.columns();
        let value = |moved: &[f64]| self.loss(probabilities, truth, moved);
        let start = vec![0.0; 2 * n];
        let found = if n <= DIRECT {
            let hessian = |moved: &[f64]| self.hessian(probabilities, truth, moved);
            newton::minimise(start, value, hessian, TOLERANCE, 200)
        } else {
            lbfgs::minimise(start, value, |_| {}, TOLERANCE, 2000)
        };
        let moved = found.within(BY, TOLERANCE)?.x;
        Ok(VectorScale { scale: moved[..n].iter().map(|a| 1.0 + a).collect(), shift: moved[n..].to_vec() })
    }

    /// The mean loss and its gradient, where the unknowns are what differs from the identity: scales, then shifts.
    fn loss(&self, probabilities: &Matrix, truth: &Truth<'_>, moved: &[f64]) -> (f64, Vec<f64>) {
        let (n, total) = (probabilities.columns(), truth.total_weight());
        let mut sum = crate::weights::ordered_sum::ordered_sum(truth.rows(), 2 * n + 1, |rows| {
            let mut sum = vec![0.0; 2 * n + 1];
            let mut p = vec![0.0; n];
            for i in rows.filter(|&i| truth.weight(i) > 0.0) {
                let (row, weight) = (probabilities.row(i), truth.weight(i));
                let logit = |k: usize| (1.0 + moved[k]) * log(f64::from(row[k])) + moved[n + k];
                p.iter_mut().enumerate().for_each(|(k, p)| *p = logit(k));
                let top = p.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let own = (0..n).find(|&k| came_true(truth.target(), i, k)).unwrap_or(0);
                let own_logit = p[own] - top;
                p.iter_mut().for_each(|p| *p = (*p - top).exp());
                let all: f64 = p.iter().sum();
                sum[2 * n] += weight * (all.ln() - own_logit);
                for k in 0..n {
                    let residual = weight * (p[k] / all - if k == own { 1.0 } else { 0.0 });
                    sum[k] += residual * log(f64::from(row[k]));
                    sum[n + k] += residual;
                }
            }
            sum
        });
        let mut f = sum.pop().unwrap_or(0.0);
        sum.iter_mut().zip(moved).for_each(|(g, x)| {
            f += 0.5 * self.penalty * x * x;
            *g = (*g + self.penalty * x) / total;
        });
        (f / total, sum)
    }

    /// The second derivatives of the mean loss, row after row.
    fn hessian(&self, probabilities: &Matrix, truth: &Truth<'_>, moved: &[f64]) -> Vec<f64> {
        let (n, total) = (probabilities.columns(), truth.total_weight());
        let wide = 2 * n;
        let mut sum = crate::weights::ordered_sum::ordered_sum(truth.rows(), wide * wide, |rows| {
            let mut sum = vec![0.0; wide * wide];
            let (mut x, mut p) = (vec![0.0; n], vec![0.0; n]);
            for i in rows.filter(|&i| truth.weight(i) > 0.0) {
                x.iter_mut().zip(probabilities.row(i)).for_each(|(x, p)| *x = log(f64::from(*p)));
                (0..n).for_each(|k| p[k] = (1.0 + moved[k]) * x[k] + moved[n + k]);
                let top = p.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                p.iter_mut().for_each(|p| *p = (*p - top).exp());
                let all: f64 = p.iter().sum();
                p.iter_mut().for_each(|p| *p /= all);
                for k in 0..n {
                    for l in 0..=k {
                        let both = truth.weight(i) * if k == l { p[k] * (1.0 - p[k]) } else { -p[k] * p[l] };
                        sum[k * wide + l] += both * x[k] * x[l];
                        sum[(n + k) * wide + n + l] += both;
                        sum[(n + k) * wide + l] += both * x[l];
                        if l < k {
                            sum[(n + l) * wide + k] += both * x[k];
                        }
                    }
                }
            }
            sum
        });
        for k in 0..wide {
            sum[k * wide + k] += self.penalty;
            for l in 0..k {
                sum[l * wide + k] = sum[k * wide + l];
            }
        }
        sum.iter_mut().for_each(|x| *x /= total);
        sum
    }
}

/// Fitted [`VectorScaling`].
///
/// ```
/// # use consort_core::{Classes, Matrix, Target, Truth};
/// # use consort_fusion::calibrate::VectorScaling;
/// # let classes = Classes::new(["a", "b"])?;
/// # let p = Matrix::new(3, 2, vec![0.9, 0.1, 0.9, 0.1, 0.1, 0.9])?;
/// # let target = Target::from_labels(["a", "b", "b"], &classes, "y")?;
/// let fitted = VectorScaling::default().scale(&p, &Truth::new(&target))?;
/// assert_eq!((fitted.scale().len(), fitted.shift().len()), (2, 2));
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VectorScale {
    scale: Vec<f64>,
    shift: Vec<f64>,
}

impl VectorScale {
    /// What the log-probability of each class is multiplied by.
    pub fn scale(&self) -> &[f64] {
        &self.scale
    }

    /// What is added to it.
    pub fn shift(&self) -> &[f64] {
        &self.shift
    }
}

#[typetag::serde(name = "vector_scaling")]
impl Calibration for VectorScale {
    fn name(&self) -> String {
        "vector_scaling".into()
    }

    fn apply(&self, probabilities: &Matrix) -> Result<Matrix> {
        expect_columns(BY, probabilities, self.scale.len())?;
        let mut calibrated = probabilities.clone();
        blocks::fill(calibrated.values_mut(), self.scale.len(), |_, out| {
            for row in out.chunks_exact_mut(self.scale.len()) {
                if row.iter().any(|x| x.is_nan()) {
                    row.fill(f32::NAN);
                } else {
                    softmax_of(row, |k, p| self.scale[k] * log(p) + self.shift[k]);
                }
            }
            Ok::<(), Error>(())
        })?;
        Ok(calibrated)
    }
}

#[typetag::serde(name = "vector_scaling")]
impl Calibrator for VectorScaling {
    fn name(&self) -> String {
        "vector_scaling".into()
    }

    fn fit(&self, probabilities: &Matrix, truth: &Truth<'_>) -> Result<Box<dyn Calibration>> {
        Ok(Box::new(self.scale(probabilities, truth)?))
    }
}

#[cfg(test)]
mod tests {
    use consort_core::{Classes, Target};

    use super::*;

    /// Shares of the trees of a forest that is nearly always right: hundredths, most of them 0, and a row of 500 wrong.
    fn forest(rows: usize) -> (Matrix, Target) {
        const CLASSES: usize = 10;
        let mut state = 12_345u64;
        let mut unit = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as f64 / f64::from(1u32 << 31)
        };
        let mut values = vec![0.0; rows * CLASSES];
        for (i, row) in values.chunks_exact_mut(CLASSES).enumerate() {
            let own = 60 + (41.0 * unit()) as usize;
            let is_wrong = unit() < 0.002;
            let seen = if is_wrong { i + 1 + (9.0 * unit()) as usize } else { i };
            row[seen % CLASSES] = own as f32;
            let mut left = 100 - own;
            while left > 0 {
                let k = (unit() * unit() * CLASSES as f64) as usize;
                let part = left.min(1 + (8.0 * unit()) as usize);
                row[(i + k) % CLASSES] += part as f32;
                left -= part;
            }
            row.iter_mut().for_each(|p| *p /= 100.0);
        }
        let classes = Classes::new((0..CLASSES).map(|k| k.to_string())).unwrap();
        let codes = (0..rows).map(|i| (i % CLASSES) as u32).collect();
        (Matrix::new(rows, CLASSES, values).unwrap(), Target::Classes { codes, classes })
    }

    #[test]
    fn probabilities_that_are_nearly_always_right_are_scaled() {
        let (p, target) = forest(1800);
        for rows in [0..1440, 360..1800, 0..1800] {
            let weights: Vec<f64> = (0..1800).map(|i| f64::from(u8::from(rows.contains(&i)))).collect();
            let fitted = VectorScaling::default().scale(&p, &Truth::weighted(&target, &weights).unwrap()).unwrap();
            assert!(fitted.scale().iter().chain(fitted.shift()).all(|x| x.is_finite()), "{fitted:?}");
        }
    }

    #[test]
    fn the_second_derivatives_are_those_of_the_gradient() {
        let (p, target) = forest(60);
        let truth = Truth::new(&target);
        let (fit, at) = (VectorScaling::default(), (0..20).map(|k| 0.01 * f64::from(k % 7)).collect::<Vec<_>>());
        let hessian = fit.hessian(&p, &truth, &at);
        let step = 1e-5;
        for l in 0..20 {
            let moved = |by: f64| {
                let mut at = at.clone();
                at[l] += by;
                fit.loss(&p, &truth, &at).1
            };
            let (up, down) = (moved(step), moved(-step));
            for k in 0..20 {
                let slope = (up[k] - down[k]) / (2.0 * step);
                assert!((hessian[k * 20 + l] - slope).abs() < 1e-6 * (1.0 + slope.abs()), "{k}, {l}");
            }
        }
    }
}
