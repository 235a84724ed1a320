//! What the losses of numbers share: each target of a row has a score of its own.

use std::ops::Range;

use consort_core::{Error, Result, Truth};

use super::Derivatives;
use crate::tree::single;

/// Fills in the derivatives that `of` gives for a score and the true value.
pub(super) fn gradients(
    name: &str,
    rows: Range<usize>,
    scores: &[&[f64]],
    truth: &Truth<'_>,
    out: &mut Derivatives<'_>,
    of: impl Fn(f64, f64) -> (f64, f64),
) -> Result<()> {
    let (values, targets) = truth.values(name)?;
    for (k, scores) in scores.iter().enumerate() {
        let values = values[rows.start * targets..].iter().skip(k).step_by(targets);
        let (gradients, hessians) = (&mut *out.gradients[k], &mut *out.hessians[k]);
        for (((&score, &value), g), h) in scores.iter().zip(values).zip(gradients.iter_mut()).zip(hessians.iter_mut()) {
            let (first, second) = of(score, value);
            (*g, *h) = (first as f32, second as f32);
        }
        if let Some(weights) = truth.weights() {
            for ((g, h), &weight) in gradients.iter_mut().zip(hessians).zip(&weights[rows.clone()]) {
                *g *= weight as f32;
                *h *= weight as f32;
            }
        }
    }
    Ok(())
}

/// The weighted mean of each target.
pub(super) fn means(name: &str, truth: &Truth<'_>) -> Result<Vec<f64>> {
    let (values, targets) = truth.values(name)?;
    let total = truth.total_weight();
    Ok((0..targets)
        .map(|k| {
            let present = (0..truth.rows()).filter(|&i| truth.weight(i) > 0.0);
            present.map(|i| truth.weight(i) * values[i * targets + k]).sum::<f64>() / total
        })
        .collect())
}

/// The logarithms of the weighted means, kept finite: where scores start that have the logarithm as link.
pub(super) fn log_means(name: &str, truth: &Truth<'_>) -> Result<Vec<f64>> {
    Ok(means(name, truth)?.into_iter().map(|mean| mean.max(1e-9).ln()).collect())
}

/// The predictions of scores that have the logarithm as link.
pub(super) fn exponentials(scores: &[f64], out: &mut [f32]) {
    for (out, &score) in out.iter_mut().zip(scores) {
        *out = single(score.exp());
    }
}

/// The weighted quantile of each target.
pub(super) fn quantiles(name: &str, truth: &Truth<'_>, share: f64) -> Result<Vec<f64>> {
    let (values, targets) = truth.values(name)?;
    Ok((0..targets)
        .map(|k| {
            let present = (0..truth.rows()).filter(|&i| truth.weight(i) > 0.0);
            quantile(present.map(|i| (values[i * targets + k], truth.weight(i))).collect(), share)
        })
        .collect())
}

/// The weighted quantile of the sizes of each target's errors from a constant.
pub(super) fn size_quantiles(name: &str, truth: &Truth<'_>, constants: &[f64], share: f64) -> Result<Vec<f64>> {
    let (values, targets) = truth.values(name)?;
    let size = |i: usize, k: usize| (values[i * targets + k] - constants[k]).abs();
    Ok((0..targets)
        .map(|k| {
            let present = (0..truth.rows()).filter(|&i| truth.weight(i) > 0.0);
            quantile(present.map(|i| (size(i, k), truth.weight(i))).collect(), share)
        })
        .collect())
}

/// The weighted quantile of the errors `y − score` of some rows.
pub(super) fn error_quantile(
    name: &str,
    rows: &[u32],
    output: usize,
    scores: &[f64],
    truth: &Truth<'_>,
    share: f64,
) -> Result<f64> {
    let (values, targets) = truth.values(name)?;
    let error = |row: usize| (values[row * targets + output] - scores[row], truth.weight(row));
    Ok(quantile(rows.iter().map(|&row| error(row as usize)).collect(), share))
}

/// The smallest value at which the weight of all that is no greater reaches the share; 0 for no value.
fn quantile(mut values: Vec<(f64, f64)>, share: f64) -> f64 {
    values.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let goal = share * values.iter().map(|(_, weight)| weight).sum::<f64>();
    let mut reached = 0.0;
    for &(value, weight) in &values {
        reached += weight;
        // A goal that is met but for rounding is met.
        if reached >= goal * (1.0 - 1e-12) {
            return value;
        }
    }
    values.last().map_or(0.0, |(value, _)| *value)
}

/// Refuses a target that the loss is not for.
pub(super) fn expect(name: &str, truth: &Truth<'_>, needed: &str, suits: impl Fn(f64) -> bool) -> Result<()> {
    let (values, targets) = truth.values(name)?;
    let wrong = (0..truth.rows())
        .filter(|&i| truth.weight(i) > 0.0)
        .find(|&i| values[i * targets..(i + 1) * targets].iter().any(|&value| !suits(value)));
    match wrong {
        None => Ok(()),
        Some(i) => Err(Error::Unsupported {
            by: name.into(),
            what: format!("the target {:?} in row {}", &values[i * targets..(i + 1) * targets], i + 1),
            hint: format!("it needs {needed}; take another loss, such as `squared`"),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_counts_a_weight_of_2_as_two_values() {
        let weighted = vec![(3.0, 1.0), (1.0, 2.0), (2.0, 1.0)];
        let copies = vec![(1.0, 1.0), (1.0, 1.0), (2.0, 1.0), (3.0, 1.0)];
        for share in [0.01, 0.25, 0.5, 0.51, 0.75, 0.99] {
            assert_eq!(quantile(weighted.clone(), share), quantile(copies.clone(), share));
        }
        assert_eq!(quantile(copies, 0.5), 1.0);
        assert_eq!(quantile(vec![], 0.5), 0.0);
    }
}
