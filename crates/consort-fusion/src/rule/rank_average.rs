use consort_core::{Fusion, Gives, Matrix, Missing, Outputs, Predictions, Result};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::panel::Panel;

/// How a rank becomes a number.
///
/// ```
/// use consort_core::{Fusion, Gives, Ids, Outputs, Predictions};
/// use consort_fusion::rule::{RankAverage, RankScale};
/// let predictions = Predictions::builder(Outputs::Labels(vec!["spam".into()]), Ids::positions(3))
///     .member("a", Gives::Scores, &[5.0, 7.0, 100.0])?
///     .build()?;
/// assert_eq!(RankAverage::new().with_scale(RankScale::MinMax).fuse(&predictions)?.values(), [0.0, 0.5, 1.0]);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RankScale {
    /// rank / n: in (0, 1].
    #[default]
    OverN,
    /// (rank − 1) / (n − 1): the least is 0 and the greatest 1 (½ for a single row).
    MinMax,
}

/// The weighted mean of ranks: each member's numbers count only by their order among all rows.
///
/// In each column, a member's rank of a row is the average rank of all equal numbers, from 1 for the least. What comes
/// out are scores, good for ROC AUC and for picking the top rows; no column sums to anything. A row's score depends on the
/// other rows in the same call.
///
/// One sort of each member's column, O(members · columns · rows · log rows), 24 bytes a row beside the cube for each column, and the
/// probabilities of one member that gives logits at a time.
///
/// Source: average ranks, Wilcoxon 1945.
///
/// ```
/// use consort_core::{Fusion, Gives, Ids, Outputs, Predictions};
/// use consort_fusion::rule::RankAverage;
/// let predictions = Predictions::builder(Outputs::Labels(vec!["spam".into()]), Ids::positions(4))
///     .member("a", Gives::Scores, &[-3.0, 0.0, 8.0, 9.0])?
///     .member("b", Gives::Probabilities, &[0.1, 0.7, 0.2, 0.7])?
///     .build()?;
/// assert_eq!(RankAverage::new().fuse(&predictions)?.values(), [0.25, 0.6875, 0.625, 0.9375]);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RankAverage {
    /// How a rank becomes a number.
    #[serde(default)]
    pub scale: RankScale,
    /// One weight a member, at least 0; a member of weight 0 is not read. `None`: all count the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights: Option<Vec<f64>>,
}

impl RankAverage {
    /// Ranks over n; all members count the same.
    pub fn new() -> Self {
        Self::default()
    }

    /// With another scale.
    pub fn with_scale(mut self, scale: RankScale) -> Self {
        self.scale = scale;
        self
    }

    with_weights!();

    /// Adds the weighted ranks of one member's column to the sums; a missing row gets nothing.
    fn add(&self, numbers: impl Iterator<Item = f32>, weight: f64, sums: &mut [Sum], keys: &mut Vec<u64>) {
        keys.clear();
        let present = numbers.enumerate().filter(|(_, x)| !x.is_nan());
        keys.extend(present.map(|(i, x)| u64::from(ascending(x)) << 32 | i as u64));
        keys.sort_unstable();
        let n = keys.len();
        let mut first = 0;
        for group in keys.chunk_by(|a, b| a >> 32 == b >> 32) {
            // The average of the ranks first + 1 ..= first + group.len().
            let rank = first as f64 + (group.len() as f64 + 1.0) / 2.0;
            let number = match self.scale {
                RankScale::OverN => rank / n as f64,
                RankScale::MinMax if n == 1 => 0.5,
                RankScale::MinMax => (rank - 1.0) / (n as f64 - 1.0),
            };
            for &key in group {
                let sum = &mut sums[(key & 0xffff_ffff) as usize];
                sum.ranks += weight * number;
                sum.weight += weight;
            }
            first += group.len();
        }
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    ranks: f64,
    weight: f64,
}

/// A number whose order as an integer is that of the float; −0 and 0 are equal.
fn ascending(x: f32) -> u32 {
    let bits = (x + 0.0).to_bits();
    if bits >> 31 == 1 { !bits } else { bits | 1 << 31 }
}

#[typetag::serde]
impl Fusion for RankAverage {
    fn name(&self) -> String {
        match self.scale {
            RankScale::OverN => "rank".into(),
            RankScale::MinMax => "rank:minmax".into(),
        }
    }

    fn fuse(&self, predictions: &Predictions) -> Result<Matrix> {
        let accepts = [Gives::Probabilities, Gives::Logits, Gives::Scores];
        let panel = Panel::new("rank", predictions, self.weights.as_deref(), &accepts)?;
        let (rows, columns) = (predictions.rows(), predictions.columns());
        let propagate = predictions.missing() == Missing::Propagate;
        let mut ranked: Vec<(Vec<Sum>, Vec<u64>)> =
            (0..columns).map(|_| (vec![Sum::default(); rows], Vec::with_capacity(rows))).collect();
        for (&m, &share) in panel.places().iter().zip(panel.shares()) {
            // The softmax of logits would change the order within a column, so probabilities are ranked: made once a member.
            let numbers = panel.probabilities(m);
            ranked.par_iter_mut().enumerate().for_each(|(k, (sums, keys))| {
                self.add(numbers.iter().skip(k).step_by(columns).copied(), share, sums, keys);
            });
        }
        let complete = |sum: &Sum| !propagate || sum.weight > 1.0 - 1e-9;
        let score = |sum: &Sum| if sum.weight > 0.0 && complete(sum) { sum.ranks / sum.weight } else { f64::NAN };
        let mut out = Matrix::zeros(rows, columns);
        for (i, row) in out.values_mut().chunks_exact_mut(columns).enumerate() {
            row.iter_mut().zip(&ranked).for_each(|(out, (sums, _))| *out = score(&sums[i]) as f32);
        }
        Ok(out)
    }

    fn gives(&self, outputs: &Outputs) -> Gives {
        match outputs {
            Outputs::Targets(_) | Outputs::Quantiles(_) => Gives::Values,
            _ => Gives::Scores,
        }
    }

    fn weights(&self) -> Option<Vec<f64>> {
        shares!(self)
    }
}

#[cfg(test)]
mod tests {
    use super::ascending;

    #[test]
    fn keys_keep_the_order_of_floats() {
        let numbers = [f32::NEG_INFINITY, -2.0, -1e-40, 0.0, 1e-40, 0.5, 1e30, f32::INFINITY];
        assert!(numbers.windows(2).all(|pair| ascending(pair[0]) < ascending(pair[1])));
        assert_eq!(ascending(-0.0), ascending(0.0));
    }
}
