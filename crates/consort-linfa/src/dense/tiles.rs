use std::ops::Range;

use rayon::prelude::*;

use super::{CHUNK, Standard, Training, ordered_sum};

/// Standardised features kept for a method that passes over them many times: chunk after chunk of rows, each column after
/// column, so that a pass reads memory from one end to the other.
#[derive(Debug)]
pub(crate) struct Tiles {
    values: Vec<f64>,
    rows: usize,
    width: usize,
}

impl Tiles {
    /// All rows of a fit.
    pub(crate) fn new(train: &Training<'_>, standard: &Standard) -> Self {
        let (rows, width) = (train.len(), train.width());
        let mut values = vec![0.0; rows * width];
        values.par_chunks_mut((CHUNK * width).max(1)).enumerate().for_each(|(n, tile)| {
            let rows = n * CHUNK..n * CHUNK + tile.len() / width;
            train.table.columns(rows.clone(), tile);
            for (j, column) in tile.chunks_exact_mut(rows.len()).enumerate() {
                let (mean, factor) = (standard.means[j], 1.0 / standard.scales[j]);
                column.iter_mut().for_each(|x| *x = (*x - mean) * factor);
            }
        });
        Self { values, rows, width }
    }

    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// The chunk of these rows, `[feature][row]`; they must be one of [`super::chunks`] of a block.
    pub(crate) fn chunk(&self, rows: Range<usize>) -> &[f64] {
        &self.values[rows.start * self.width..rows.end * self.width]
    }

    /// Sums of `size` numbers over the chunks: `work` adds a chunk to its block's sum, with a scratch of its own.
    pub(crate) fn sum<S>(
        &self,
        size: usize,
        scratch: impl Fn() -> S + Sync,
        work: impl Fn(Range<usize>, &[f64], &mut S, &mut [f64]) + Sync,
    ) -> Vec<f64> {
        ordered_sum(self.rows, size, |block| {
            let mut sum = vec![0.0; size];
            let mut own = scratch();
            for rows in super::chunks(block) {
                work(rows.clone(), self.chunk(rows), &mut own, &mut sum);
            }
            sum
        })
    }
}
