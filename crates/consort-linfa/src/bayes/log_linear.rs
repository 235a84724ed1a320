use consort_core::{Error, Matrix, Result, Samples, blocks};
use serde::{Deserialize, Serialize};

use super::class_sums::class_sums;
use crate::{
    classes::Present,
    dense::{CHUNK, ClassTarget, Schema, Table, Training, chunks, whole},
};

/// `ln p(c, x) = b_c + Σ_j w_cj x_j`: what naive Bayes of counts comes to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LogLinear {
    pub(super) features: Schema,
    pub(super) present: Present,
    /// `b_c`, one a class present.
    pub(super) constants: Vec<f64>,
    /// `w_cj`, `[class present][feature]`
    pub(super) slopes: Vec<f64>,
}

impl LogLinear {
    /// The probabilities of some rows, each number first seen through `see`.
    pub(super) fn predict(&self, by: &str, rows: &Samples<'_>, see: impl Fn(f64) -> f64 + Sync) -> Result<Matrix> {
        let (width, classes) = (self.features.len(), self.present.places().len());
        whole(by, "constants", self.constants.len(), classes)?;
        whole(by, "slopes", self.slopes.len(), classes * width)?;
        let table = Table::known(by, &self.features, rows)?;
        let mut predicted = Matrix::zeros(table.len(), self.present.len());
        blocks::fill(predicted.values_mut(), self.present.len(), |block, out| {
            let mut column = vec![0.0; CHUNK.min(block.len())];
            let mut logs = vec![0.0; CHUNK.min(block.len()) * classes];
            for (rows, out) in chunks(block).zip(out.chunks_mut(CHUNK * self.present.len())) {
                let height = rows.len();
                let (column, logs) = (&mut column[..height], &mut logs[..height * classes]);
                logs.chunks_exact_mut(height).zip(&self.constants).for_each(|(logs, b)| logs.fill(*b));
                for j in 0..width {
                    table.column(j, rows.clone(), column);
                    column.iter_mut().for_each(|x| *x = see(*x));
                    for (c, logs) in logs.chunks_exact_mut(height).enumerate() {
                        let slope = self.slopes[c * width + j];
                        logs.iter_mut().zip(&*column).for_each(|(log, x)| *log += slope * x);
                    }
                }
                self.present.probabilities(logs, out);
            }
            Ok::<(), Error>(())
        })?;
        Ok(predicted)
    }
}

/// `Σ ω see(x_j)` over the rows of each class: `[class present][feature]`.
pub(super) fn counts(train: &Training<'_>, target: &ClassTarget, see: impl Fn(f64) -> f64 + Sync) -> Vec<f64> {
    class_sums(train, target, &vec![0.0; target.present.len() * train.width()], see)
}
