use std::sync::Arc;

use consort_core::{Error, Ids, Result, Target, Truth, blocks};
use rayon::prelude::*;

use super::{Derivatives, LogLoss, Loss, Softmax, Squared};

/// The loss of a target where none is named: log loss for two classes, softmax for more, squared error for numbers.
pub fn usual(target: &Target) -> Arc<dyn Loss> {
    match target {
        Target::Classes { classes, .. } if classes.len() == 2 => Arc::new(LogLoss),
        Target::Classes { .. } => Arc::new(Softmax),
        _ => Arc::new(Squared),
    }
}

/// Gradients and Hessians of all rows and outputs, each `[outputs][rows]` as the scores are, block by block, so that
/// threads change no bit.
///
/// # Errors
/// If the target is not what the loss is for.
pub fn derive(
    loss: &dyn Loss,
    truth: &Truth<'_>,
    outputs: usize,
    scores: &[f64],
    gradients: &mut [f32],
    hessians: &mut [f32],
) -> Result<()> {
    let rows = truth.rows();
    let blocks_of = rows.div_ceil(blocks::ROWS);
    let mut parts: Vec<Derivatives<'_>> = (0..blocks_of)
        .map(|_| Derivatives { gradients: Vec::with_capacity(outputs), hessians: Vec::with_capacity(outputs) })
        .collect();
    for (g, h) in gradients.chunks_mut(rows).zip(hessians.chunks_mut(rows)) {
        for ((part, g), h) in parts.iter_mut().zip(g.chunks_mut(blocks::ROWS)).zip(h.chunks_mut(blocks::ROWS)) {
            part.gradients.push(g);
            part.hessians.push(h);
        }
    }
    let results: Vec<Result<()>> = parts
        .into_par_iter()
        .enumerate()
        .map(|(block, mut part)| {
            let own = block * blocks::ROWS..((block + 1) * blocks::ROWS).min(rows);
            let scores: Vec<&[f64]> = scores.chunks(rows).map(|scores| &scores[own.clone()]).collect();
            loss.gradients(own, &scores, truth, &mut part)
        })
        .collect();
    results.into_iter().collect()
}

/// Refuses a target that is not finite in a row that counts.
///
/// # Errors
/// [`Error::NotFinite`] with the row and its id.
pub fn expect_finite(truth: &Truth<'_>, ids: &Ids) -> Result<()> {
    let Target::Values { values, names } = truth.target() else { return Ok(()) };
    let bad = values.iter().enumerate().find(|(i, x)| !x.is_finite() && truth.weight(i / names.len()) > 0.0);
    match bad {
        None => Ok(()),
        Some((i, &value)) => {
            let (row, what) = (i / names.len(), names[i % names.len()].clone());
            Err(Error::NotFinite { place: "the target".into(), row: row + 1, id: ids.label(row), what, value })
        }
    }
}

/// The best constant scores of a loss, one an output.
///
/// # Errors
/// If the target is not what the loss is for, or the scores are beyond single precision.
pub fn best_constant(loss: &dyn Loss, truth: &Truth<'_>) -> Result<Vec<f64>> {
    let base = loss.base(truth)?;
    expect_in_range(&base)?;
    Ok(base)
}

/// Refuses scores that single precision cannot hold.
pub(crate) fn expect_in_range(base: &[f64]) -> Result<()> {
    match base.iter().find(|score| score.is_nan() || score.abs() > f64::from(f32::MAX)) {
        None => Ok(()),
        Some(score) => Err(Error::Unsupported {
            by: "gradient boosting".into(),
            what: format!("a target whose best constant is {score}"),
            hint: "predictions have single precision: divide the target by its size".into(),
        }),
    }
}
