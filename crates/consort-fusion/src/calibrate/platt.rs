use consort_core::{Matrix, Result, Truth};
use serde::{Deserialize, Serialize};

use super::{
    Calibration, Calibrator,
    columns::{Columns, Curve},
    logistic_curve::logistic_curve,
};
use crate::stack::{MetaInputs, sigmoid};

/// A sigmoid of the probability (or of its log-odds): `P = σ(a x + b)`.
///
/// Fitted by log loss against the smoothed targets `(N₊ + 1) / (N₊ + 2)` and `1 / (N₋ + 2)`, with `N` the weights of
/// hits and misses, so that few rows do not make it sure. Two numbers a class; it can mend a constant over- or
/// under-confidence, and little else. More than two classes: one against the rest, then divided by the sum.
///
/// Some ten passes over the rows for each class.
///
/// Source: Platt (1999), "Probabilistic outputs for support vector machines"; Lin, Lin, Weng (2007).
///
/// ```
/// use consort_core::{Classes, Matrix, Target, Truth};
/// use consort_fusion::calibrate::{Calibrator, Platt};
/// let classes = Classes::new(["no", "yes"])?;
/// let p = Matrix::new(4, 2, vec![0.5, 0.5, 0.4, 0.6, 0.6, 0.4, 0.3, 0.7])?;
/// let target = Target::from_labels(["no", "yes", "no", "yes"], &classes, "y")?;
/// let calibration = Platt::default().fit(&p, &Truth::new(&target))?;
/// assert!(calibration.apply(&p)?.at(3, 1) > 0.6);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Platt {
    /// Whether the sigmoid is of the probability, as in scikit-learn, or of its log-odds.
    pub inputs: MetaInputs,
}

impl Platt {
    /// With these inputs.
    pub fn inputs(mut self, inputs: MetaInputs) -> Self {
        self.inputs = inputs;
        self
    }

    /// The fit, with its own type.
    ///
    /// # Errors
    /// As [`Calibrator::fit`].
    pub fn curves(&self, probabilities: &Matrix, truth: &Truth<'_>) -> Result<PlattCurves> {
        let columns = Columns::fit("Platt scaling", probabilities, truth, |column| {
            let x: Vec<f64> = column.p.iter().map(|&p| self.inputs.feature(p as f32, 1)).collect();
            let weight = |hit: bool| -> f64 {
                column.hit.iter().zip(&column.weight).filter(|(h, _)| **h == hit).map(|(_, w)| w).sum()
            };
            let (high, low) = ((weight(true) + 1.0) / (weight(true) + 2.0), 1.0 / (weight(false) + 2.0));
            let t: Vec<f64> = column.hit.iter().map(|&hit| if hit { high } else { low }).collect();
            let c = logistic_curve("Platt scaling", [&x], &t, &column.weight, 0.0)?;
            Ok(Sigmoid { slope: c[0], intercept: c[1], inputs: self.inputs })
        })?;
        Ok(PlattCurves { columns })
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Sigmoid {
    slope: f64,
    intercept: f64,
    inputs: MetaInputs,
}

impl Curve for Sigmoid {
    fn at(&self, p: f64) -> f64 {
        sigmoid(self.slope * self.inputs.feature(p as f32, 1) + self.intercept)
    }
}

/// Fitted [`Platt`].
///
/// ```
/// # use consort_core::{Classes, Matrix, Target, Truth};
/// # use consort_fusion::calibrate::Platt;
/// # let classes = Classes::new(["no", "yes"])?;
/// # let p = Matrix::new(2, 2, vec![0.2, 0.8, 0.7, 0.3])?;
/// # let target = Target::from_labels(["yes", "no"], &classes, "y")?;
/// let fitted = Platt::default().curves(&p, &Truth::new(&target))?;
/// assert!(fitted.slope(0).unwrap() > 0.0);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlattCurves {
    columns: Columns<Sigmoid>,
}

impl PlattCurves {
    /// The slope of curve `k`: the only one for two classes, one a class or label else. Platt's `A` is its negative.
    pub fn slope(&self, k: usize) -> Option<f64> {
        self.columns.curves.get(k).map(|curve| curve.slope)
    }

    /// The intercept of curve `k`. Platt's `B` is its negative.
    pub fn intercept(&self, k: usize) -> Option<f64> {
        self.columns.curves.get(k).map(|curve| curve.intercept)
    }
}

#[typetag::serde(name = "platt")]
impl Calibration for PlattCurves {
    fn name(&self) -> String {
        "platt".into()
    }

    fn apply(&self, probabilities: &Matrix) -> Result<Matrix> {
        self.columns.apply("Platt scaling", probabilities)
    }
}

#[typetag::serde(name = "platt")]
impl Calibrator for Platt {
    fn name(&self) -> String {
        "platt".into()
    }

    fn fit(&self, probabilities: &Matrix, truth: &Truth<'_>) -> Result<Box<dyn Calibration>> {
        Ok(Box::new(self.curves(probabilities, truth)?))
    }
}
