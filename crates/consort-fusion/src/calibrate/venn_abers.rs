use consort_core::{Matrix, Result, Truth};
use serde::{Deserialize, Serialize};

use super::{
    Calibration, Calibrator,
    columns::{Column, Columns, Curve},
};

/// Two probabilities for each row, of which one is perfectly calibrated, and the one that is made of both.
///
/// For a probability s, [`Isotonic`](super::Isotonic) regression is fitted twice: with one row more, at s, that did not
/// come true, and with one that did. What the curves say at s is p₀ and p₁; whichever way the row turns out, one of the
/// two is calibrated without any assumption but that rows are exchangeable. Merged: p = p₁ / (1 − p₀ + p₁), which makes the
/// greatest regret in log loss least. It never says 0 or 1, and p₁ − p₀ says how much the calibration rows leave open.
/// More than two classes: one against the rest, then divided by the sum.
///
/// The added row weighs 1. Both curves are made for all s at once: a sort, and for each distinct probability the steps
/// that one row pools, which are few. Memory: the steps of both curves.
///
/// Source: Vovk, Petej (2014), Venn–Abers predictors, the inductive one; Vovk, Petej, Fedorova (2015).
///
/// ```
/// use consort_core::{Classes, Matrix, Target, Truth};
/// use consort_fusion::calibrate::VennAbers;
/// let classes = Classes::new(["no", "yes"])?;
/// let p = Matrix::new(4, 2, vec![0.9, 0.1, 0.8, 0.2, 0.3, 0.7, 0.2, 0.8])?;
/// let target = Target::from_labels(["no", "no", "yes", "yes"], &classes, "y")?;
/// let fitted = VennAbers.curves(&p, &Truth::new(&target))?;
/// // With a `no` at 0.7 the two rows there share one half; with a `yes` nothing changes.
/// assert_eq!(fitted.curve(0).unwrap().pair(0.7), (0.5, 1.0));
/// assert_eq!(fitted.curve(0).unwrap().at(0.7), 1.0 / 1.5);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VennAbers;

impl VennAbers {
    /// The fit, with its own type.
    ///
    /// # Errors
    /// As [`Calibrator::fit`].
    pub fn curves(&self, probabilities: &Matrix, truth: &Truth<'_>) -> Result<VennAbersCurves> {
        let columns = Columns::fit("Venn-Abers calibration", probabilities, truth, |column| Ok(both(column)))?;
        Ok(VennAbersCurves { columns })
    }
}

/// The two probabilities by the probability that is to be calibrated: steps that do not fall.
///
/// ```
/// # use consort_core::{Classes, Matrix, Target, Truth};
/// # use consort_fusion::calibrate::VennAbers;
/// # let classes = Classes::new(["no", "yes"])?;
/// # let p = Matrix::new(2, 2, vec![0.75, 0.25, 0.25, 0.75])?;
/// # let target = Target::from_labels(["no", "yes"], &classes, "y")?;
/// let fitted = VennAbers.curves(&p, &Truth::new(&target))?;
/// let curve = fitted.curve(0).unwrap();
/// assert_eq!((curve.pair(0.1), curve.pair(0.5), curve.pair(0.9)), ((0.0, 0.5), (0.0, 1.0), (0.5, 1.0)));
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct VennAbersCurve {
    /// p₀ from `x` on: 0 before the first.
    lower: Steps,
    /// p₁ up to `x`: 1 beyond the last.
    upper: Steps,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Steps {
    x: Vec<f64>,
    y: Vec<f64>,
}

impl VennAbersCurve {
    /// p₀ and p₁ at `p`.
    pub fn pair(&self, p: f64) -> (f64, f64) {
        let before = self.lower.x.partition_point(|&x| x <= p);
        let p0 = if before == 0 { 0.0 } else { self.lower.y[before - 1] };
        (p0, self.upper.y.get(self.upper.x.partition_point(|&x| x < p)).copied().unwrap_or(1.0))
    }

    /// The one probability made of both.
    pub fn at(&self, p: f64) -> f64 {
        let (p0, p1) = self.pair(p);
        p1 / (1.0 - p0 + p1)
    }
}

impl Curve for VennAbersCurve {
    fn at(&self, p: f64) -> f64 {
        VennAbersCurve::at(self, p)
    }
}

/// Rows that isotonic regression puts at one height: the weight that came true, and all weight.
#[derive(Debug, Clone, Copy)]
struct Pool {
    hit: f64,
    weight: f64,
}

impl Pool {
    fn with(self, other: Pool) -> Pool {
        Pool { hit: self.hit + other.hit, weight: self.weight + other.weight }
    }

    fn mean(self) -> f64 {
        self.hit / self.weight
    }

    /// Whether the heights fall, or stay, from this to `next`, so that the two are one.
    fn joins(self, next: Pool) -> bool {
        self.hit * next.weight >= next.hit * self.weight
    }
}

/// Both curves.
fn both(column: &Column) -> VennAbersCurve {
    let (x, points) = distinct(column);
    let right = pools_from_each(&points);
    let mut left: Vec<Pool> = Vec::new();
    let mut curve = VennAbersCurve::default();
    for (i, (&x, &point)) in x.iter().zip(&points).enumerate() {
        // A row that came true, at x or anywhere above the probability before: left of the row are the points before x.
        let y = between(&left, Pool { hit: 1.0, weight: 1.0 }, &right, i);
        // The last x of each step of the upper curve is kept, the first one of the lower.
        if curve.upper.y.last() == Some(&y) {
            if let Some(last) = curve.upper.x.last_mut() {
                *last = x;
            }
        } else {
            curve.upper.x.push(x);
            curve.upper.y.push(y);
        }
        let mut pool = point;
        while let Some(last) = left.pop_if(|last| last.joins(pool)) {
            pool = last.with(pool);
        }
        left.push(pool);
        // One that did not, at x or anywhere below the next probability: left of it are the points up to x.
        let y = between(&left, Pool { hit: 0.0, weight: 1.0 }, &right, i + 1);
        if curve.lower.y.last() != Some(&y) {
            curve.lower.x.push(x);
            curve.lower.y.push(y);
        }
    }
    curve
}

/// The height of a row between the pools of the points left of it and those from `at` on, once neighbours that fall
/// are pooled.
fn between(left: &[Pool], row: Pool, right: &[(Pool, usize)], at: usize) -> f64 {
    let (mut pool, mut left, mut at) = (row, left, at);
    loop {
        match (left.split_last(), right.get(at)) {
            (Some((last, rest)), _) if last.joins(pool) => {
                pool = last.with(pool);
                left = rest;
            }
            (_, Some(&(next, after))) if pool.joins(next) => {
                pool = pool.with(next);
                at = after;
            }
            _ => return pool.mean(),
        }
    }
}

/// For each point the first pool of the isotonic regression of it and all points after it, and where the next begins.
fn pools_from_each(points: &[Pool]) -> Vec<(Pool, usize)> {
    let mut pools = vec![(Pool { hit: 0.0, weight: 0.0 }, 0); points.len()];
    for i in (0..points.len()).rev() {
        let (mut pool, mut after) = (points[i], i + 1);
        while let Some(&(next, end)) = pools.get(after).filter(|(next, _)| pool.joins(*next)) {
            (pool, after) = (pool.with(next), end);
        }
        pools[i] = (pool, after);
    }
    pools
}

/// The distinct probabilities, ascending, and the rows at each.
fn distinct(column: &Column) -> (Vec<f64>, Vec<Pool>) {
    let mut order: Vec<u32> = (0..column.p.len() as u32).collect();
    order.sort_unstable_by(|&a, &b| column.p[a as usize].total_cmp(&column.p[b as usize]).then(a.cmp(&b)));
    let (mut x, mut points): (Vec<f64>, Vec<Pool>) = (Vec::new(), Vec::new());
    for i in order {
        let (p, weight) = (column.p[i as usize], column.weight[i as usize]);
        let point = Pool { hit: if column.hit[i as usize] { weight } else { 0.0 }, weight };
        match points.last_mut() {
            Some(last) if x.last() == Some(&p) => *last = last.with(point),
            _ => {
                x.push(p);
                points.push(point);
            }
        }
    }
    (x, points)
}

/// Fitted [`VennAbers`].
///
/// ```
/// # use consort_core::{Classes, Matrix, Target, Truth};
/// # use consort_fusion::calibrate::{Calibration, VennAbers};
/// # let classes = Classes::new(["no", "yes"])?;
/// # let p = Matrix::new(2, 2, vec![0.75, 0.25, 0.25, 0.75])?;
/// # let target = Target::from_labels(["no", "yes"], &classes, "y")?;
/// let fitted = VennAbers.curves(&p, &Truth::new(&target))?;
/// // Two rows say little: p₀ and p₁ of the first are 0 and ½.
/// assert_eq!(fitted.apply(&p)?.at(0, 1), (0.5 / 1.5) as f32);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VennAbersCurves {
    columns: Columns<VennAbersCurve>,
}

impl VennAbersCurves {
    /// Curve `k`: the only one for two classes, one a class or label else.
    pub fn curve(&self, k: usize) -> Option<&VennAbersCurve> {
        self.columns.curves.get(k)
    }
}

#[typetag::serde(name = "venn_abers")]
impl Calibration for VennAbersCurves {
    fn name(&self) -> String {
        "venn-abers".into()
    }

    fn apply(&self, probabilities: &Matrix) -> Result<Matrix> {
        self.columns.apply("Venn-Abers calibration", probabilities)
    }
}

#[typetag::serde(name = "venn_abers")]
impl Calibrator for VennAbers {
    fn name(&self) -> String {
        "venn-abers".into()
    }

    fn fit(&self, probabilities: &Matrix, truth: &Truth<'_>) -> Result<Box<dyn Calibration>> {
        Ok(Box::new(self.curves(probabilities, truth)?))
    }
}
