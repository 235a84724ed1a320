use std::ops::Range;

use consort_core::Result;

use super::{
    Certificate,
    active_set::{Sum, minimise},
    gram::gram,
    sample::Sample,
};

/// Minimises the weighted squared error of the weighted mean over the simplex.
///
/// Since the weights sum to 1, the error of the mean is the mean of the errors, and the loss is `wᵀ E w` where `E` is
/// the Gram matrix of the members' errors: one pass over the cube, then a quadratic programme of as many variables as
/// there are members. Working on errors, not predictions, keeps the digits where targets are large.
///
/// `columns` are the columns whose errors count. The loss is the mean over rows of `scale` times the sum over columns.
pub(crate) fn simplex_squared_loss(
    sample: &Sample<'_>,
    columns: Range<usize>,
    scale: f64,
) -> Result<(Vec<f64>, Certificate, f64)> {
    let members = sample.members();
    let errors = error_gram(sample, columns, scale);
    let weights = minimise(&errors, &vec![0.0; members], Sum::One, None)?;
    let value = |w: &[f64]| -> (f64, Vec<f64>) {
        let half: Vec<f64> =
            errors.chunks_exact(members).map(|row| row.iter().zip(w).map(|(e, w)| e * w).sum()).collect();
        (half.iter().zip(w).map(|(h, w)| h * w).sum(), half)
    };
    let (loss, half) = value(&weights);
    let (equal, _) = value(&vec![1.0 / members as f64; members]);
    let least = half.iter().copied().fold(f64::INFINITY, f64::min);
    let steps = weights.iter().filter(|w| **w > 0.0).count();
    Ok((weights, Certificate { loss, gap: (2.0 * (loss - least)).max(0.0), steps }, equal))
}

/// `E[a][b]`: the weighted mean over rows of the products of the errors of members `a` and `b`.
fn error_gram(sample: &Sample<'_>, columns: Range<usize>, scale: f64) -> Vec<f64> {
    let width = sample.predictions.columns();
    gram(sample.rows(), columns.len(), sample.members(), |rows, buffer| {
        let height = rows.len() * columns.len();
        for (m, buffer) in buffer.chunks_exact_mut(height).enumerate() {
            let values = sample.predictions.member_rows(m, rows.clone());
            let entries = buffer.chunks_exact_mut(columns.len()).zip(values.chunks_exact(width));
            for (i, (buffer, values)) in rows.clone().zip(entries) {
                let weight = sample.weights[i];
                if weight == 0.0 {
                    buffer.fill(0.0);
                    continue;
                }
                let factor = (weight * scale / sample.total).sqrt();
                for (x, k) in buffer.iter_mut().zip(columns.clone()) {
                    *x = factor * (f64::from(values[k]) - sample.truth(i, k));
                }
            }
        }
    })
}
