use consort_core::{Error, Matrix, Result, Samples, blocks};
use serde::{Deserialize, Serialize};

use crate::{
    classes::{Present, log_softmax},
    dense::{CHUNK, ClassTarget, Schema, Table, Training, chunks, ordered_sum, whole},
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
        let (width, places) = (self.features.len(), self.present.places());
        let classes = places.len();
        whole(by, "constants", self.constants.len(), classes)?;
        whole(by, "slopes", self.slopes.len(), classes * width)?;
        let table = Table::known(by, &self.features, rows)?;
        let mut predicted = Matrix::zeros(table.len(), self.present.len());
        blocks::fill(predicted.values_mut(), self.present.len(), |block, out| {
            let mut column = vec![0.0; CHUNK.min(block.len())];
            let mut logs = vec![0.0; CHUNK.min(block.len()) * classes];
            let mut row = vec![0.0; classes];
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
                for (n, out) in out.chunks_exact_mut(self.present.len()).enumerate() {
                    row.iter_mut().enumerate().for_each(|(c, to)| *to = logs[c * height + n]);
                    log_softmax(&mut row);
                    places.iter().zip(&row).for_each(|(&k, log)| out[k] = log.exp() as f32);
                }
            }
            Ok::<(), Error>(())
        })?;
        Ok(predicted)
    }
}

/// `Σ ω see(x_j)` over the rows of each class: `[class present][feature]`.
pub(super) fn counts(train: &Training<'_>, target: &ClassTarget, see: impl Fn(f64) -> f64 + Sync) -> Vec<f64> {
    let (width, classes) = (train.width(), target.present.len());
    ordered_sum(train.len(), classes * width, |block| {
        let mut sums = vec![0.0; classes * width];
        let mut column = vec![0.0; CHUNK.min(block.len())];
        for rows in chunks(block) {
            let column = &mut column[..rows.len()];
            for j in 0..width {
                train.table.column(j, rows.clone(), column);
                for (x, i) in column.iter().zip(rows.clone()) {
                    sums[target.codes[i] as usize * width + j] += train.weight(i) * see(*x);
                }
            }
        }
        sums
    })
}
