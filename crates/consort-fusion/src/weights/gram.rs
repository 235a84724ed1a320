use std::ops::Range;

use faer::{
    Accum, MatMut, MatRef, Par,
    linalg::matmul::triangular::{self, BlockStructure},
};

use super::ordered_sum::ordered_sum;

/// Rows that are gathered and multiplied at once, so that they stay in a core's cache.
pub(crate) const CHUNK: usize = 512;

/// `XᵀX`, full and symmetric, row after row, of a matrix that is never stored: `fill` writes the given rows of it,
/// column after column, each row as `per_row` entries, into the buffer (`width` columns).
///
/// One pass over the rows, in fixed blocks added in order, so the number of threads changes no digit. Costs
/// `rows · per_row · width²` multiplications.
pub(crate) fn gram(
    rows: usize,
    per_row: usize,
    width: usize,
    fill: impl Fn(Range<usize>, &mut [f64]) + Sync,
) -> Vec<f64> {
    let mut total = ordered_sum(rows, width * width, |block| block_gram(block, per_row, width, &fill));
    for a in 0..width {
        for b in 0..a {
            // The lower triangle was computed, in column order: entry (a, b) lies at b · width + a.
            total[a * width + b] = total[b * width + a];
        }
    }
    total
}

fn block_gram(rows: Range<usize>, per_row: usize, width: usize, fill: &impl Fn(Range<usize>, &mut [f64])) -> Vec<f64> {
    let mut sum = vec![0.0; width * width];
    let mut buffer = vec![0.0; CHUNK.min(rows.len()) * per_row * width];
    let mut start = rows.start;
    while start < rows.end {
        let end = (start + CHUNK).min(rows.end);
        let height = (end - start) * per_row;
        let buffer = &mut buffer[..height * width];
        fill(start..end, buffer);
        let x = MatRef::from_column_major_slice(&*buffer, height, width);
        triangular::matmul(
            MatMut::from_column_major_slice_mut(&mut sum, width, width),
            BlockStructure::TriangularLower,
            Accum::Add,
            x.transpose(),
            BlockStructure::Rectangular,
            x,
            BlockStructure::Rectangular,
            1.0,
            Par::Seq,
        );
        start = end;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_blocks_add_up_to_the_plain_product() {
        let x = |i: usize, j: usize| ((i * 7 + j * 13) % 17) as f64 - 8.0;
        let (rows, width) = (9000, 5);
        let blocked = gram(rows, 1, width, |rows, buffer| {
            for (n, i) in rows.clone().enumerate() {
                (0..width).for_each(|j| buffer[j * rows.len() + n] = x(i, j));
            }
        });
        for a in 0..width {
            for b in 0..width {
                let plain: f64 = (0..rows).map(|i| x(i, a) * x(i, b)).sum();
                assert_eq!(blocked[a * width + b], plain);
            }
        }
    }
}
