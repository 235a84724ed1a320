use consort_core::blocks;

use super::{gram::gram, sample::Sample};

/// The normal equations of a least-squares fit of one column on the members' predictions of it.
///
/// `gram · w = right` minimises `Σ_i ω_i (b + Σ_m w_m x_mi − y_i)²`. With an intercept both sides are taken about
/// their weighted means first, which also keeps digits where all numbers are far from 0.
#[derive(Debug, Clone)]
pub(crate) struct NormalEquations {
    /// `[member][member]`
    pub(crate) gram: Vec<f64>,
    /// `[member]`
    pub(crate) right: Vec<f64>,
    /// The weighted mean of each member, or 0 without an intercept.
    centre: Vec<f64>,
    /// The weighted mean of the truth, or 0 without an intercept.
    level: f64,
}

impl NormalEquations {
    /// The equations of column `k`: one or two passes over the cube.
    pub(crate) fn of_column(sample: &Sample<'_>, k: usize, intercept: bool) -> Self {
        let (members, width) = (sample.members(), sample.predictions.columns());
        let means = if intercept { means(sample, k) } else { vec![0.0; members + 1] };
        // One more column than members: the truth, so that a single product gives both sides.
        let full = gram(sample.rows(), 1, members + 1, |rows, buffer| {
            let height = rows.len();
            for (m, (buffer, mean)) in buffer.chunks_exact_mut(height).zip(&means).enumerate() {
                let values = (m < members).then(|| sample.predictions.member_rows(m, rows.clone()));
                for (n, (x, i)) in buffer.iter_mut().zip(rows.clone()).enumerate() {
                    let weight = sample.weights[i];
                    *x = if weight == 0.0 {
                        0.0
                    } else {
                        let value =
                            values.map_or_else(|| sample.truth(i, k), |values| f64::from(values[n * width + k]));
                        weight.sqrt() * (value - mean)
                    };
                }
            }
        });
        let row = |a: usize| &full[a * (members + 1)..(a + 1) * (members + 1)];
        Self {
            gram: (0..members).flat_map(|a| row(a)[..members].iter().copied()).collect(),
            right: row(members)[..members].to_vec(),
            level: means[members],
            centre: means[..members].to_vec(),
        }
    }

    /// Adds the equations of another column, so that both share the weights.
    pub(crate) fn add(&mut self, other: &Self) {
        self.gram.iter_mut().zip(&other.gram).for_each(|(sum, x)| *sum += x);
        self.right.iter_mut().zip(&other.right).for_each(|(sum, x)| *sum += x);
    }

    /// Adds `penalty` to the diagonal: ridge regression.
    pub(crate) fn add_ridge(&mut self, penalty: f64) {
        let n = self.right.len();
        (0..n).for_each(|i| self.gram[i * n + i] += penalty);
    }

    /// The constant that belongs to these weights.
    pub(crate) fn intercept(&self, weights: &[f64]) -> f64 {
        self.level - self.centre.iter().zip(weights).map(|(mean, w)| mean * w).sum::<f64>()
    }
}

/// The weighted mean of column `k` of each member, and last of the truth.
fn means(sample: &Sample<'_>, k: usize) -> Vec<f64> {
    let (members, width) = (sample.members(), sample.predictions.columns());
    let parts = blocks::map(sample.rows(), |rows| {
        let mut sums = vec![0.0; members + 1];
        for (m, sum) in sums.iter_mut().enumerate() {
            let values = (m < members).then(|| sample.predictions.member_rows(m, rows.clone()));
            for (n, i) in rows.clone().enumerate().filter(|(_, i)| sample.weights[*i] > 0.0) {
                let value = values.map_or_else(|| sample.truth(i, k), |values| f64::from(values[n * width + k]));
                *sum += sample.weights[i] * value;
            }
        }
        sums
    });
    let mut means = vec![0.0; members + 1];
    for part in parts {
        means.iter_mut().zip(part).for_each(|(mean, part)| *mean += part);
    }
    means.iter_mut().for_each(|mean| *mean /= sample.total);
    means
}
