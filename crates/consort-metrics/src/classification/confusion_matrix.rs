use consort_core::{Error, Estimates, Reads, Result, Truth};

use crate::classification::{Counts, decide};
use crate::mean_over_rows::wrong_state;
use crate::rows::{ClassRows, check_codes, check_weights, parallel};

/// Who was taken for whom: the weight of the rows of each true class (rows) given each class (columns).
///
/// It takes rows in parts ([`update`](Self::update), [`merge`](Self::merge)), and all scores of labels follow from
/// it, in O(classes²): [`accuracy`](Self::accuracy), [`balanced_accuracy`](Self::balanced_accuracy),
/// [`mcc`](Self::mcc), [`cohen_kappa`](Self::cohen_kappa), and those of each class through
/// [`counts`](Self::counts). Weights are kept in `f64`; products of them never overflow.
///
/// ```
/// use consort_metrics::classification::ConfusionMatrix;
/// let mut matrix = ConfusionMatrix::new(2);
/// matrix.update(&[0, 0, 1], &[0, 1, 1], None)?;
/// matrix.merge(&ConfusionMatrix::from_cells(2, vec![5.0, 0.0, 0.0, 1.5])?)?;
/// assert_eq!(matrix.at(0, 0), 6.0);
/// assert_eq!(matrix.cells(), [6.0, 1.0, 0.0, 2.5]);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ConfusionMatrix {
    classes: usize,
    cells: Vec<f64>,
}

impl ConfusionMatrix {
    /// No row yet.
    pub fn new(classes: usize) -> Self {
        Self { classes, cells: vec![0.0; classes * classes] }
    }

    /// The matrix with these cells, one true class after the other.
    ///
    /// # Errors
    /// [`Error::Length`] unless there are `classes²` cells; [`Error::Parameter`] if one is negative or not finite.
    pub fn from_cells(classes: usize, cells: Vec<f64>) -> Result<Self> {
        parallel("the confusion matrix", cells.len(), classes * classes, "cells")?;
        match cells.iter().find(|cell| !(cell.is_finite() && **cell >= 0.0)) {
            None => Ok(Self { classes, cells }),
            Some(cell) => Err(Error::parameter("cells", cell, "finite and at least 0")),
        }
    }

    /// The matrix of the labels that the estimates [`decide`].
    ///
    /// # Errors
    /// If the estimates are not parallel to the truth, not finite in a weighted row, or not over its classes.
    pub fn of(estimates: &Estimates<'_>, truth: &Truth<'_>) -> Result<Self> {
        let rows = ClassRows::of(estimates, truth, Reads::Label, "confusion matrix")?;
        let mut matrix = Self::new(rows.classes.len());
        matrix.add(rows.codes, &decide(estimates, rows.positive()), rows.weights);
        Ok(matrix)
    }

    /// Takes more rows: true and predicted class codes, and perhaps weights.
    ///
    /// # Errors
    /// If lengths differ, a code is not a class, or a weight is negative or not finite.
    pub fn update(&mut self, truth: &[u32], predicted: &[u32], weights: Option<&[f64]>) -> Result<()> {
        parallel("the predicted codes", predicted.len(), truth.len(), "rows")?;
        check_codes(truth, self.classes, "truth")?;
        check_codes(predicted, self.classes, "prediction")?;
        check_weights(weights, truth.len())?;
        self.add(truth, predicted, weights);
        Ok(())
    }

    /// Adds rows whose codes are known to be classes. One row after the other, so that the sums do not depend on
    /// threads; this is memory-bound, and deciding the labels is the longer part.
    pub(crate) fn add(&mut self, truth: &[u32], predicted: &[u32], weights: Option<&[f64]>) {
        let classes = self.classes;
        match weights {
            // Counts first: integers may be added in several tables, which hides the wait for a cell's last write.
            None => {
                let mut tables = vec![[0u64; 4]; classes * classes];
                for (i, (&t, &p)) in truth.iter().zip(predicted).enumerate() {
                    tables[t as usize * classes + p as usize][i & 3] += 1;
                }
                for (cell, counts) in self.cells.iter_mut().zip(tables) {
                    *cell += counts.iter().sum::<u64>() as f64;
                }
            }
            Some(weights) => {
                for ((&t, &p), &w) in truth.iter().zip(predicted).zip(weights) {
                    self.cells[t as usize * classes + p as usize] += w;
                }
            }
        }
    }

    /// Adds the rows that another matrix took.
    ///
    /// # Errors
    /// [`Error::Length`] if it has another number of classes.
    pub fn merge(&mut self, other: &ConfusionMatrix) -> Result<()> {
        if self.classes != other.classes {
            return Err(wrong_state(other.cells.len(), self.cells.len()));
        }
        for (cell, more) in self.cells.iter_mut().zip(&other.cells) {
            *cell += more;
        }
        Ok(())
    }

    /// How many classes there are.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// The weight of the rows of class `truth` that were given class `predicted`.
    pub fn at(&self, truth: usize, predicted: usize) -> f64 {
        self.cells[truth * self.classes + predicted]
    }

    /// All cells, one true class after the other.
    pub fn cells(&self) -> &[f64] {
        &self.cells
    }

    /// The weight of the rows of each true class.
    pub fn truths(&self) -> Vec<f64> {
        self.cells.chunks_exact(self.classes.max(1)).map(|row| row.iter().sum()).collect()
    }

    /// The weight of the rows given each class.
    pub fn predicted(&self) -> Vec<f64> {
        (0..self.classes).map(|p| (0..self.classes).map(|t| self.at(t, p)).sum()).collect()
    }

    /// The weight of all rows.
    pub fn total(&self) -> f64 {
        self.truths().iter().sum()
    }

    /// The weight of the rows whose label is right.
    pub fn hits(&self) -> f64 {
        (0..self.classes).map(|k| self.at(k, k)).sum()
    }

    /// Each class against all others.
    pub fn counts(&self) -> Vec<Counts> {
        let (truths, predicted) = (self.truths(), self.predicted());
        (0..self.classes)
            .map(|k| {
                let hit = self.at(k, k);
                // Differences from row sums are exactly 0 where nothing was added, so that 0 / 0 stays visible.
                let rest = (0..self.classes).filter(|&t| t != k).map(|t| truths[t] - self.at(t, k)).sum();
                Counts::new(hit, predicted[k] - hit, truths[k] - hit, rest)
            })
            .collect()
    }
}
