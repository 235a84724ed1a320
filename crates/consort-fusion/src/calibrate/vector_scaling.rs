use consort_core::{Error, Matrix, Outputs, Result, Truth, blocks};
use serde::{Deserialize, Serialize};

use super::{
    Calibration, Calibrator,
    calibrator::{came_true, check, expect_columns},
    temperature::{log, softmax_of},
};
use crate::stack::lbfgs;

/// A scale and a shift for each class: `P = softmax(a_k ln p_k + b_k)`.
///
/// Between temperature scaling (one number) and a full matrix (too many): it can also mend classes that are predicted
/// too often or too seldom. Fitted by log loss with a weak pull towards the identity (`½ penalty Σ (a − 1)² + b²`, as a
/// part of one row), which also makes the answer unique. L-BFGS, some tens of passes over the rows. Probabilities are
/// cut at 10⁻¹² first.
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
        let total: f64 = truth.total_weight();
        let value = |moved: &[f64]| {
            // The unknowns are what differs from the identity: scales, then shifts.
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
        };
        let moved = lbfgs::minimise(vec![0.0; 2 * n], value, |_| {}, 1e-8, 2000).within(BY, 1e-8)?.x;
        Ok(VectorScale { scale: moved[..n].iter().map(|a| 1.0 + a).collect(), shift: moved[n..].to_vec() })
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
