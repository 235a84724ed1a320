use consort_core::{Error, Missing, Predictions, Result, Truth, blocks};

use super::{SymmetricMatrix, symmetric::upper};
use crate::dot::dot;

/// The correlation between the members' residuals, estimate minus truth, for each pair: low is diverse.
///
/// Pearson's correlation over the rows, weighted; with several targets, over rows and targets. Undefined for a
/// member whose residual is the same in every row. O(members² × rows); residuals of 4096 rows at a time.
///
/// ```
/// use consort_core::{Gives, Ids, Outputs, Predictions, Target, Truth};
/// use consort_metrics::diversity::residual_correlation;
/// let predictions = Predictions::builder(Outputs::target("y"), Ids::positions(3))
///     .member("a", Gives::Values, &[1.0, 3.0, 2.0])?
///     .member("b", Gives::Values, &[3.0, 1.0, 2.0])?
///     .build()?;
/// let target = Target::from_values(vec![2.0, 2.0, 2.0], "y")?;
/// let correlation = residual_correlation(&predictions, &Truth::new(&target))?;
/// assert!((correlation.at(0, 1).unwrap() + 1.0).abs() < 1e-12);
/// # Ok::<(), consort_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::Unsupported`] unless the predictions are of numbers and complete, [`Error::Length`] unless the truth
/// is parallel.
pub fn residual_correlation(predictions: &Predictions, truth: &Truth<'_>) -> Result<SymmetricMatrix> {
    let residuals = Residuals::new(predictions, truth)?;
    let covariance = residuals.covariance();
    let members = predictions.members().len();
    let at = |i, j| covariance[upper(members, i, j)];
    SymmetricMatrix::from_fn(predictions.names(), |i, j| {
        let scale = at(i, i).sqrt() * at(j, j).sqrt();
        (scale > 0.0).then(|| (at(i, j) / scale).clamp(-1.0, 1.0))
    })
}

/// The members' residuals, estimate minus truth, of the rows that have weight.
pub(super) struct Residuals<'a> {
    predictions: &'a Predictions,
    values: &'a [f64],
    truth: Truth<'a>,
    columns: usize,
}

impl<'a> Residuals<'a> {
    pub(super) fn new(predictions: &'a Predictions, truth: &Truth<'a>) -> Result<Self> {
        const BY: &str = "diversity of residuals";
        let (values, columns) = truth.values(BY)?;
        if predictions.has_missing() && predictions.missing() != Missing::Error {
            return Err(Error::Unsupported {
                by: BY.into(),
                what: "missing predictions".into(),
                hint: "leave out the rows, or the members, that are not complete".into(),
            });
        }
        if predictions.columns() != columns {
            return Err(Error::Unsupported {
                by: BY.into(),
                what: format!("{} outputs for {columns} targets", predictions.columns()),
                hint: "predictions must have one number a target".into(),
            });
        }
        truth.check_rows(predictions.rows())?;
        Ok(Self { predictions, values, truth: *truth, columns })
    }

    pub(super) fn members(&self) -> usize {
        self.predictions.members().len()
    }

    /// Sums over the cells (row and target) that have weight, in blocks of rows: `work` gets the weight of each cell
    /// and the residuals `[member][cell]`, and adds to `sums`.
    pub(super) fn sums(&self, sums: usize, work: impl Fn(&[f64], &[Vec<f64>], &mut [f64]) + Sync) -> Vec<f64> {
        let parts = blocks::map(self.truth.rows(), |rows| {
            let cells: Vec<usize> = rows
                .filter(|&i| self.truth.weight(i) > 0.0)
                .flat_map(|i| i * self.columns..(i + 1) * self.columns)
                .collect();
            let weights: Vec<f64> = cells.iter().map(|&cell| self.truth.weight(cell / self.columns)).collect();
            let residuals: Vec<Vec<f64>> = (0..self.members())
                .map(|m| {
                    let member = self.predictions.member(m);
                    cells.iter().map(|&cell| f64::from(member[cell]) - self.values[cell]).collect()
                })
                .collect();
            let mut part = vec![0.0; sums];
            work(&weights, &residuals, &mut part);
            part
        });
        let mut total = vec![0.0; sums];
        for part in parts {
            for (total, part) in total.iter_mut().zip(part) {
                *total += part;
            }
        }
        total
    }

    /// The total weight of the cells and each member's mean residual.
    pub(super) fn means(&self) -> (f64, Vec<f64>) {
        let mut sums = self.sums(self.members() + 1, |weights, residuals, sums| {
            sums[0] += weights.iter().sum::<f64>();
            for (sum, residuals) in sums[1..].iter_mut().zip(residuals) {
                *sum += dot(weights, residuals);
            }
        });
        let total = sums.remove(0);
        sums.iter_mut().for_each(|sum| *sum /= total);
        (total, sums)
    }

    /// The covariances of all pairs, upper triangle by rows, with the total weight as divisor.
    pub(super) fn covariance(&self) -> Vec<f64> {
        let members = self.members();
        let (total, means) = self.means();
        let mut sums = self.sums(members * (members + 1) / 2, |weights, residuals, sums| {
            let centred: Vec<Vec<f64>> =
                residuals.iter().zip(&means).map(|(r, mean)| r.iter().map(|r| r - mean).collect()).collect();
            for i in 0..members {
                let weighted: Vec<f64> = centred[i].iter().zip(weights).map(|(r, w)| r * w).collect();
                for (j, sum) in (i..members).zip(&mut sums[upper(members, i, i)..]) {
                    *sum += dot(&weighted, &centred[j]);
                }
            }
        });
        sums.iter_mut().for_each(|sum| *sum /= total);
        sums
    }
}
