use consort_core::{Matrix, Result, Truth};
use serde::{Deserialize, Serialize};

use super::{
    Calibration, Calibrator,
    columns::{Column, Columns, Curve},
    logistic_curve::logistic_curve,
};
use crate::stack::sigmoid;

/// The map between two beta distributions: `log-odds P = a ln p − b ln(1 − p) + c`, with `a, b ≥ 0`.
///
/// A logistic regression on `ln p` and `−ln(1 − p)`; a coefficient that comes out negative is put to 0 and the rest is
/// fitted again, so the curve never falls. It holds the identity (`a = b = 1, c = 0`), which a sigmoid of `p` does not.
/// Probabilities are cut at 10⁻¹² first. More than two classes: one against the rest, then divided by the sum.
///
/// Some ten passes over the rows for each class.
///
/// Source: Kull, Silva Filho, Flach (2017), "Beta calibration".
///
/// ```
/// use consort_core::{Classes, Matrix, Target, Truth};
/// use consort_fusion::calibrate::Beta;
/// let classes = Classes::new(["no", "yes"])?;
/// let p = Matrix::new(4, 2, vec![0.5, 0.5, 0.4, 0.6, 0.6, 0.4, 0.3, 0.7])?;
/// let target = Target::from_labels(["no", "no", "yes", "yes"], &classes, "y")?;
/// let [a, b, _] = Beta.curves(&p, &Truth::new(&target))?.parameters(0).unwrap();
/// assert!(a >= 0.0 && b >= 0.0);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Beta;

const CUT: f64 = 1e-12;

/// Keeps the curve finite where the rows can be told apart without error; below any effect elsewhere.
const PENALTY: f64 = 1e-7;

impl Beta {
    /// The fit, with its own type.
    ///
    /// # Errors
    /// As [`Calibrator::fit`].
    pub fn curves(&self, probabilities: &Matrix, truth: &Truth<'_>) -> Result<BetaCurves> {
        Ok(BetaCurves { columns: Columns::fit("beta calibration", probabilities, truth, curve)? })
    }
}

fn curve(column: &Column) -> Result<BetaCurve> {
    const BY: &str = "beta calibration";
    let x: Vec<f64> = column.p.iter().map(|p| p.clamp(CUT, 1.0 - CUT).ln()).collect();
    let y: Vec<f64> = column.p.iter().map(|p| -(1.0 - p.clamp(CUT, 1.0 - CUT)).ln()).collect();
    let t: Vec<f64> = column.hit.iter().map(|&hit| f64::from(u8::from(hit))).collect();
    let both = logistic_curve(BY, [&x, &y], &t, &column.weight, PENALTY)?;
    if both[0] >= 0.0 && both[1] >= 0.0 {
        return Ok(BetaCurve { a: both[0], b: both[1], c: both[2] });
    }
    if both[0] < 0.0 && both[1] >= 0.0 {
        let one = logistic_curve(BY, [&y], &t, &column.weight, PENALTY)?;
        if one[0] >= 0.0 {
            return Ok(BetaCurve { a: 0.0, b: one[0], c: one[1] });
        }
    } else if both[1] < 0.0 && both[0] >= 0.0 {
        let one = logistic_curve(BY, [&x], &t, &column.weight, PENALTY)?;
        if one[0] >= 0.0 {
            return Ok(BetaCurve { a: one[0], b: 0.0, c: one[1] });
        }
    }
    let none = logistic_curve::<0>(BY, [], &t, &column.weight, PENALTY)?;
    Ok(BetaCurve { a: 0.0, b: 0.0, c: none[0] })
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct BetaCurve {
    a: f64,
    b: f64,
    c: f64,
}

impl Curve for BetaCurve {
    fn at(&self, p: f64) -> f64 {
        let p = p.clamp(CUT, 1.0 - CUT);
        sigmoid(self.a * p.ln() - self.b * (1.0 - p).ln() + self.c)
    }
}

/// Fitted [`Beta`].
///
/// ```
/// # use consort_core::{Classes, Matrix, Target, Truth};
/// # use consort_fusion::calibrate::{Beta, Calibration};
/// # let classes = Classes::new(["no", "yes"])?;
/// # let p = Matrix::new(4, 2, vec![0.5, 0.5, 0.4, 0.6, 0.6, 0.4, 0.3, 0.7])?;
/// # let target = Target::from_labels(["no", "no", "yes", "yes"], &classes, "y")?;
/// let fitted = Beta.curves(&p, &Truth::new(&target))?;
/// assert!(fitted.apply(&p)?.at(3, 1) >= fitted.apply(&p)?.at(2, 1)); // it never falls
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BetaCurves {
    columns: Columns<BetaCurve>,
}

impl BetaCurves {
    /// `[a, b, c]` of curve `k`: the only one for two classes, one a class or label else.
    pub fn parameters(&self, k: usize) -> Option<[f64; 3]> {
        self.columns.curves.get(k).map(|curve| [curve.a, curve.b, curve.c])
    }
}

#[typetag::serde(name = "beta")]
impl Calibration for BetaCurves {
    fn name(&self) -> String {
        "beta".into()
    }

    fn apply(&self, probabilities: &Matrix) -> Result<Matrix> {
        self.columns.apply("beta calibration", probabilities)
    }
}

#[typetag::serde(name = "beta")]
impl Calibrator for Beta {
    fn name(&self) -> String {
        "beta".into()
    }

    fn fit(&self, probabilities: &Matrix, truth: &Truth<'_>) -> Result<Box<dyn Calibration>> {
        Ok(Box::new(self.curves(probabilities, truth)?))
    }
}
