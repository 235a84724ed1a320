use consort_core::blocks;
use serde::{Deserialize, Serialize};

use super::{Training, chunks, ordered_sum};

/// The weighted mean of each feature, about the first row, so that a constant feature has itself for mean, to the bit.
pub(crate) fn means(train: &Training<'_>) -> Vec<f64> {
    let width = train.width();
    let first: Vec<f64> = (0..width).map(|f| f64::from(train.table.at(0, f))).collect();
    let sums = sums(train, &first, |d| d);
    let total = train.total();
    first.iter().zip(sums).map(|(first, sum)| first + sum / total).collect()
}

/// `Σ ω f(x − c)` of each feature.
fn sums(train: &Training<'_>, centre: &[f64], f: impl Fn(f64) -> f64 + Sync) -> Vec<f64> {
    let width = centre.len();
    ordered_sum(train.len(), width, |block| {
        let mut sums = vec![0.0; width];
        let mut buffer = vec![0.0; blocks::ROWS.min(block.len())];
        for rows in chunks(block) {
            let buffer = &mut buffer[..rows.len()];
            for (j, sum) in sums.iter_mut().enumerate() {
                train.table.column(j, rows.clone(), buffer);
                *sum += match &train.weights {
                    None => buffer.iter().map(|x| f(x - centre[j])).sum::<f64>(),
                    Some(weights) => buffer.iter().zip(&weights[rows.clone()]).map(|(x, w)| w * f(x - centre[j])).sum(),
                };
            }
        }
        sums
    })
}

/// Where each feature lies and how far it spreads: `z = (x − mean) / scale`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Standard {
    pub(crate) means: Vec<f64>,
    pub(crate) scales: Vec<f64>,
}

impl Standard {
    /// Means 0 and scales 1: features as they are.
    pub(crate) fn identity(width: usize) -> Self {
        Self { means: vec![0.0; width], scales: vec![1.0; width] }
    }

    /// Rows of raw features, standardised: `[row][feature]`.
    pub(crate) fn apply(&self, rows: &[f32]) -> Vec<f64> {
        let steps = self.means.iter().zip(&self.scales).cycle();
        rows.iter().zip(steps).map(|(&x, (mean, scale))| (f64::from(x) - mean) / scale).collect()
    }

    /// Weighted means and scales 1.
    pub(crate) fn centred(train: &Training<'_>) -> Self {
        Self { means: means(train), scales: vec![1.0; train.width()] }
    }

    /// Weighted means and standard deviations (of the population, divisor `Σ ω`); a constant feature has scale 1.
    pub(crate) fn of(train: &Training<'_>) -> Self {
        let means = means(train);
        let total = train.total();
        let scale = |sum: f64| if sum > 0.0 { (sum / total).sqrt() } else { 1.0 };
        let scales = sums(train, &means, |d| d * d).into_iter().map(scale).collect();
        Self { means, scales }
    }
}
