use faer::{
    Accum, Mat, MatMut, MatRef, Par,
    linalg::matmul::triangular::{self, BlockStructure},
};

use super::{CHUNK, Standard, Training, ValueTarget, chunks, ordered_sum};

/// `Zᵀ Ω Z` of `Z = [X Y]`, standardised features beside centred targets: full and symmetric.
///
/// One pass over the rows, in fixed blocks added in order, so the number of threads changes no digit; `n (p + m)²`
/// multiplications, and no copy of the rows.
pub(crate) fn products(train: &Training<'_>, standard: &Standard, target: Option<(&ValueTarget, &[f64])>) -> Mat<f64> {
    let width = train.width();
    let outputs = target.map_or(0, |(_, means)| means.len());
    let all = width + outputs;
    let total = ordered_sum(train.len(), all * all, |block| {
        let mut sum = vec![0.0; all * all];
        let mut buffer = vec![0.0; CHUNK.min(block.len()) * all];
        for rows in chunks(block) {
            let buffer = &mut buffer[..rows.len() * all];
            rows_of(train, standard, target, rows.clone(), buffer);
            let z = MatRef::from_column_major_slice(&*buffer, rows.len(), all);
            triangular::matmul(
                MatMut::from_column_major_slice_mut(&mut sum, all, all),
                BlockStructure::TriangularLower,
                Accum::Add,
                z.transpose(),
                BlockStructure::Rectangular,
                z,
                BlockStructure::Rectangular,
                1.0,
                Par::Seq,
            );
        }
        sum
    });
    Mat::from_fn(all, all, |a, b| if a >= b { total[b * all + a] } else { total[a * all + b] })
}

/// Some rows of `Ω^½ [X Y]`, standardised and centred, column after column.
pub(crate) fn rows_of(
    train: &Training<'_>,
    standard: &Standard,
    target: Option<(&ValueTarget, &[f64])>,
    rows: std::ops::Range<usize>,
    out: &mut [f64],
) {
    let (height, width) = (rows.len(), train.width());
    let (x, y) = out.split_at_mut(height * width);
    train.table.columns(rows.clone(), x);
    for (j, column) in x.chunks_exact_mut(height).enumerate() {
        let (mean, factor) = (standard.means[j], 1.0 / standard.scales[j]);
        column.iter_mut().for_each(|x| *x = (*x - mean) * factor);
    }
    if let Some((target, means)) = target {
        for ((k, column), mean) in y.chunks_exact_mut(height).enumerate().zip(means) {
            column.iter_mut().zip(&target.of(k)[rows.clone()]).for_each(|(to, y)| *to = y - mean);
        }
    }
    if let Some(weights) = &train.weights {
        let roots: Vec<f64> = weights[rows].iter().map(|w| w.sqrt()).collect();
        for column in out.chunks_exact_mut(height) {
            column.iter_mut().zip(&roots).for_each(|(x, root)| *x *= root);
        }
    }
}
