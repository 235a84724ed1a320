use consort_core::{Error, Matrix, Result, Samples, blocks};
use faer::{Accum, MatMut, MatRef, Par, linalg::matmul::matmul};

use super::{CHUNK, Schema, Table, chunks, whole};

/// The scores `b_k + Σ_j w_kj x_j` of some rows; `finish` turns those of a row into its predictions, and gets the number
/// of the row.
///
/// # Errors
/// As [`Table::known`]; [`Error::Damaged`] if the coefficients of a loaded model are not those of its features.
pub(crate) fn linear_scores(
    by: &str,
    schema: &Schema,
    coefficients: &[f64],
    intercepts: &[f64],
    rows: &Samples<'_>,
    predicted: &mut Matrix,
    finish: impl Fn(&mut [f64], &mut [f32], usize) -> Result<()> + Sync,
) -> Result<()> {
    let (width, outputs, columns) = (schema.len(), intercepts.len(), predicted.columns());
    whole(by, "coefficients", coefficients.len(), width * outputs)?;
    let table = Table::known(by, schema, rows)?;
    let weights = MatRef::from_column_major_slice(coefficients, width, outputs);
    blocks::fill(predicted.values_mut(), columns, |block, out| {
        let mut x = vec![0.0; CHUNK.min(block.len()) * width];
        let mut z = vec![0.0; CHUNK.min(block.len()) * outputs];
        let mut row = vec![0.0; outputs];
        for (rows, out) in chunks(block).zip(out.chunks_mut(CHUNK * columns)) {
            let height = rows.len();
            let (x, z) = (&mut x[..height * width], &mut z[..height * outputs]);
            table.columns(rows.clone(), x);
            z.chunks_exact_mut(height).zip(intercepts).for_each(|(z, b)| z.fill(*b));
            let x = MatRef::from_column_major_slice(&*x, height, width);
            matmul(MatMut::from_column_major_slice_mut(z, height, outputs), Accum::Add, x, weights, 1.0, Par::Seq);
            for ((n, i), out) in rows.enumerate().zip(out.chunks_exact_mut(columns)) {
                row.iter_mut().enumerate().for_each(|(k, to)| *to = z[k * height + n]);
                finish(&mut row, out, i)?;
            }
        }
        Ok::<(), Error>(())
    })
}
