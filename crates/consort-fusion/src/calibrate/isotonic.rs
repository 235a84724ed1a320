use consort_core::{Matrix, Result, Truth};
use serde::{Deserialize, Serialize};

use super::{
    Calibration, Calibrator,
    columns::{Column, Columns, Curve},
};

/// The non-decreasing step function that is nearest to the truth in squared error, joined by straight lines.
///
/// Pool adjacent violators: rows in the order of their probability, equal ones taken together at their weighted mean;
/// neighbours that fall are replaced by their weighted mean until none falls. Between the steps it is linear, beyond
/// the ends constant. It can mend any monotone fault and wants some thousand rows. More than two classes: one against
/// the rest, then divided by the sum.
///
/// One sort for each class.
///
/// Source: Ayer, Brunk, Ewing, Reid, Silverman (1955); as a calibration: Zadrozny, Elkan (2002).
///
/// ```
/// use consort_core::{Classes, Matrix, Target, Truth};
/// use consort_fusion::calibrate::Isotonic;
/// let classes = Classes::new(["no", "yes"])?;
/// let p = Matrix::new(4, 2, vec![0.9, 0.1, 0.8, 0.2, 0.7, 0.3, 0.6, 0.4])?;
/// let target = Target::from_labels(["no", "yes", "no", "yes"], &classes, "y")?;
/// let fitted = Isotonic.curves(&p, &Truth::new(&target))?;
/// let curve = fitted.curve(0).unwrap();
/// assert_eq!(curve.at(0.25), 0.5); // the pair at 0.2 and 0.3 fell, and was pooled
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Isotonic;

impl Isotonic {
    /// The fit, with its own type.
    ///
    /// # Errors
    /// As [`Calibrator::fit`].
    pub fn curves(&self, probabilities: &Matrix, truth: &Truth<'_>) -> Result<IsotonicCurves> {
        let columns = Columns::fit("isotonic regression", probabilities, truth, |column| Ok(pool(column)))?;
        Ok(IsotonicCurves { columns })
    }
}

/// A non-decreasing, piecewise linear curve.
///
/// ```
/// # use consort_core::{Classes, Matrix, Target, Truth};
/// # use consort_fusion::calibrate::Isotonic;
/// # let classes = Classes::new(["no", "yes"])?;
/// # let p = Matrix::new(2, 2, vec![0.75, 0.25, 0.25, 0.75])?;
/// # let target = Target::from_labels(["no", "yes"], &classes, "y")?;
/// let fitted = Isotonic.curves(&p, &Truth::new(&target))?;
/// let curve = fitted.curve(0).unwrap();
/// assert_eq!((curve.at(0.0), curve.at(0.5), curve.at(1.0)), (0.0, 0.5, 1.0));
/// assert_eq!(curve.x(), [0.25, 0.75]);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IsotonicCurve {
    x: Vec<f64>,
    y: Vec<f64>,
}

impl IsotonicCurve {
    /// Where the knots are, ascending.
    pub fn x(&self) -> &[f64] {
        &self.x
    }

    /// The height of each knot, not descending.
    pub fn y(&self) -> &[f64] {
        &self.y
    }

    /// The height at `p`.
    pub fn at(&self, p: f64) -> f64 {
        let right = self.x.partition_point(|&x| x < p);
        if right == 0 {
            return self.y.first().copied().unwrap_or(p);
        }
        if right == self.x.len() {
            return self.y[right - 1];
        }
        let (x0, x1, y0, y1) = (self.x[right - 1], self.x[right], self.y[right - 1], self.y[right]);
        y0 + (y1 - y0) * ((p - x0) / (x1 - x0))
    }
}

impl Curve for IsotonicCurve {
    fn at(&self, p: f64) -> f64 {
        IsotonicCurve::at(self, p)
    }
}

/// Rows at the same height: where they begin and end, and their weighted mean.
struct Pool {
    first: usize,
    last: usize,
    mean: f64,
    weight: f64,
}

/// Pools adjacent violators.
fn pool(column: &Column) -> IsotonicCurve {
    let mut order: Vec<usize> = (0..column.p.len()).collect();
    order.sort_by(|&a, &b| column.p[a].total_cmp(&column.p[b]));
    // Equal probabilities first become one point, at their weighted mean.
    let (mut x, mut points): (Vec<f64>, Vec<(f64, f64)>) = (Vec::new(), Vec::new());
    for i in order {
        let (weight, hit) = (column.weight[i], if column.hit[i] { column.weight[i] } else { 0.0 });
        if x.last() == Some(&column.p[i]) {
            if let Some(point) = points.last_mut() {
                *point = (point.0 + hit, point.1 + weight);
            }
        } else {
            x.push(column.p[i]);
            points.push((hit, weight));
        }
    }
    let mut pools: Vec<Pool> = Vec::with_capacity(points.len());
    for (place, (hit, weight)) in points.into_iter().enumerate() {
        let mut new = Pool { first: place, last: place, mean: hit / weight, weight };
        while let Some(last) = pools.pop_if(|last| last.mean >= new.mean) {
            let weight = last.weight + new.weight;
            let mean = (last.mean * last.weight + new.mean * new.weight) / weight;
            new = Pool { first: last.first, last: new.last, mean, weight };
        }
        pools.push(new);
    }
    let mut curve = IsotonicCurve { x: Vec::new(), y: Vec::new() };
    for pool in &pools {
        // Inside a step nothing changes, so its ends are enough.
        curve.x.push(x[pool.first]);
        curve.y.push(pool.mean.clamp(0.0, 1.0));
        if pool.last > pool.first {
            curve.x.push(x[pool.last]);
            curve.y.push(pool.mean.clamp(0.0, 1.0));
        }
    }
    curve
}

/// Fitted [`Isotonic`].
///
/// ```
/// # use consort_core::{Classes, Matrix, Target, Truth};
/// # use consort_fusion::calibrate::{Calibration, Isotonic};
/// # let classes = Classes::new(["no", "yes"])?;
/// # let p = Matrix::new(2, 2, vec![0.75, 0.25, 0.25, 0.75])?;
/// # let target = Target::from_labels(["no", "yes"], &classes, "y")?;
/// let fitted = Isotonic.curves(&p, &Truth::new(&target))?;
/// assert_eq!(fitted.apply(&p)?.values(), [1.0, 0.0, 0.0, 1.0]);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IsotonicCurves {
    columns: Columns<IsotonicCurve>,
}

impl IsotonicCurves {
    /// Curve `k`: the only one for two classes, one a class or label else.
    pub fn curve(&self, k: usize) -> Option<&IsotonicCurve> {
        self.columns.curves.get(k)
    }
}

#[typetag::serde(name = "isotonic")]
impl Calibration for IsotonicCurves {
    fn name(&self) -> String {
        "isotonic".into()
    }

    fn apply(&self, probabilities: &Matrix) -> Result<Matrix> {
        self.columns.apply("isotonic regression", probabilities)
    }
}

#[typetag::serde(name = "isotonic")]
impl Calibrator for Isotonic {
    fn name(&self) -> String {
        "isotonic".into()
    }

    fn fit(&self, probabilities: &Matrix, truth: &Truth<'_>) -> Result<Box<dyn Calibration>> {
        Ok(Box::new(self.curves(probabilities, truth)?))
    }
}
