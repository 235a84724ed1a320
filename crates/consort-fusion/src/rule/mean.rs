use consort_core::{Fusion, Gives, Matrix, Predictions, Result};
use serde::{Deserialize, Serialize};

use super::{
    panel::{Panel, Rows},
    power::add,
};

/// The weighted arithmetic mean: soft vote for probabilities, the average for values.
///
/// out = Σₘ wₘ·xₘ / Σₘ wₘ, for each row and column. Labels count as 0 and 1, so their mean is the share of votes.
/// Logits are made into probabilities first. Quantiles are averaged level by level (Vincent 1912).
///
/// One pass over the cube, O(members × rows × columns).
///
/// Source: the *linear opinion pool*, Stone 1961.
///
/// ```
/// use consort_core::{Fusion, Gives, Ids, Outputs, Predictions};
/// use consort_fusion::rule::Mean;
/// let predictions = Predictions::builder(Outputs::target("y"), Ids::positions(2))
///     .member("a", Gives::Values, &[1.0, 2.0])?
///     .member("b", Gives::Values, &[3.0, 6.0])?
///     .build()?;
/// assert_eq!(Mean::new().fuse(&predictions)?.values(), [2.0, 4.0]);
/// assert_eq!(Mean::new().with_weights(vec![3.0, 1.0]).fuse(&predictions)?.values(), [1.5, 3.0]);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mean {
    /// One weight a member, at least 0; a member of weight 0 is not read. `None`: all count the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights: Option<Vec<f64>>,
}

impl Mean {
    /// All members count the same.
    pub fn new() -> Self {
        Self::default()
    }

    with_weights!();
}

#[typetag::serde]
impl Fusion for Mean {
    fn name(&self) -> String {
        "mean".into()
    }

    fn fuse(&self, predictions: &Predictions) -> Result<Matrix> {
        let accepts = [Gives::Probabilities, Gives::Logits, Gives::Labels, Gives::Values];
        let panel = Panel::new("mean", predictions, self.weights.as_deref(), &accepts)?;
        panel.fuse(|rows: &Rows<'_>, sums: &mut Vec<f64>, out: &mut [f32]| {
            sums.resize(out.len(), 0.0);
            weighted_sum(rows.values, rows.shares, sums);
            for (out, sum) in out.iter_mut().zip(sums.iter()) {
                *out = *sum as f32;
            }
        })
    }

    fn row_by_row(&self) -> bool {
        true
    }

    fn weights(&self) -> Option<Vec<f64>> {
        shares!(self)
    }
}

/// Σₘ wₘ·xₘ.
pub(super) fn weighted_sum(values: &[&[f32]], weights: &[f64], sums: &mut [f64]) {
    sums.fill(0.0);
    add(values, weights, sums, |x| x);
}
