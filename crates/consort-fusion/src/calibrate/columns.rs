use consort_core::{Error, Matrix, Outputs, Result, Truth, blocks};
use serde::{Deserialize, Serialize};

use super::calibrator::{came_true, check, expect_columns};
use crate::weights::linear_pool::renormalise;

/// A map of one probability to another.
pub(super) trait Curve: Send + Sync {
    /// The calibrated probability of `p`.
    fn at(&self, p: f64) -> f64;
}

/// What one column says, and what came true: the rows that have weight.
pub(super) struct Column {
    pub(super) p: Vec<f64>,
    pub(super) hit: Vec<bool>,
    pub(super) weight: Vec<f64>,
}

/// One curve a column: two classes share that of the last class, more classes go one against the rest and are divided
/// by their sum (Zadrozny, Elkan 2002), labels stand alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Columns<C> {
    pub(super) curves: Vec<C>,
    pub(super) columns: usize,
    /// Whether the columns are classes, so that a row sums to 1.
    pub(super) classes: bool,
}

impl<C: Curve> Columns<C> {
    /// Fits a curve to each column that needs one.
    pub(super) fn fit(
        by: &str,
        probabilities: &Matrix,
        truth: &Truth<'_>,
        fit: impl Fn(&Column) -> Result<C>,
    ) -> Result<Self> {
        check(by, probabilities, truth)?;
        let columns = probabilities.columns();
        let classes = matches!(truth.target().outputs(), Outputs::Classes(_));
        let first = if classes && columns == 2 { 1 } else { 0 };
        let rows: Vec<usize> = (0..truth.rows()).filter(|&i| truth.weight(i) > 0.0).collect();
        let curves: Result<Vec<C>> = (first..columns)
            .map(|k| {
                fit(&Column {
                    p: rows.iter().map(|&i| f64::from(probabilities.at(i, k)).min(1.0)).collect(),
                    hit: rows.iter().map(|&i| came_true(truth.target(), i, k)).collect(),
                    weight: rows.iter().map(|&i| truth.weight(i)).collect(),
                })
            })
            .collect();
        Ok(Self { curves: curves?, columns, classes })
    }

    /// The calibrated probabilities.
    pub(super) fn apply(&self, by: &str, probabilities: &Matrix) -> Result<Matrix> {
        expect_columns(by, probabilities, self.columns)?;
        let mut calibrated = Matrix::zeros(probabilities.rows(), self.columns);
        blocks::fill(calibrated.values_mut(), self.columns, |rows, out| {
            let mut numbers = vec![0.0; self.columns];
            for (i, out) in rows.zip(out.chunks_exact_mut(self.columns)) {
                let row = probabilities.row(i);
                if row.iter().any(|x| x.is_nan()) {
                    out.fill(f32::NAN);
                    continue;
                }
                if let (2, true, [curve]) = (self.columns, self.classes, &self.curves[..]) {
                    let p = curve.at(f64::from(row[1]));
                    numbers.copy_from_slice(&[1.0 - p, p]);
                } else {
                    let curves = numbers.iter_mut().zip(row).zip(&self.curves);
                    curves.for_each(|((x, &p), curve)| *x = curve.at(f64::from(p)));
                    if self.classes {
                        renormalise(&mut numbers);
                    }
                }
                out.iter_mut().zip(&numbers).for_each(|(out, &x)| *out = x as f32);
            }
            Ok::<(), Error>(())
        })?;
        Ok(calibrated)
    }
}
