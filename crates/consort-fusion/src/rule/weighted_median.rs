use consort_core::{Fusion, Gives, Matrix, Outputs, Predictions, Result};
use serde::{Deserialize, Serialize};

use super::{
    geometric::gives_unless_raw,
    median::EVEN,
    normalise::normalise,
    panel::{Panel, Rows},
    sorting_network::{Sorter, SortingNetwork},
};

/// The lower weighted median: the least number at which half of all weight is reached.
///
/// out = the least xₘ with Σ {wⱼ : xⱼ ≤ xₘ} ≥ Σw / 2. It is always a number that a member gave, unlike
/// [`Median`](super::Median), which takes the middle of two. Over classes it is scaled to a sum of 1.
///
/// One pass over the cube, O(members · log² members) comparisons a number.
///
/// Source: the rule of AdaBoost.R2, Drucker 1997.
///
/// ```
/// use consort_core::{Fusion, Gives, Ids, Outputs, Predictions};
/// use consort_fusion::rule::WeightedMedian;
/// let predictions = Predictions::builder(Outputs::target("y"), Ids::positions(1))
///     .member("a", Gives::Values, &[1.0])?
///     .member("b", Gives::Values, &[3.0])?
///     .build()?;
/// assert_eq!(WeightedMedian::new().fuse(&predictions)?.at(0, 0), 1.0);
/// assert_eq!(WeightedMedian::new().with_weights(vec![1.0, 2.0]).fuse(&predictions)?.at(0, 0), 3.0);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeightedMedian {
    /// One weight a member, at least 0; a member of weight 0 is not read. `None`: all count the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights: Option<Vec<f64>>,
    /// Whether rows are left as the formula gives them, not scaled to a sum of 1.
    #[serde(default)]
    pub raw: bool,
}

impl WeightedMedian {
    /// All members count the same, rows sum to 1.
    pub fn new() -> Self {
        Self::default()
    }

    with_weights!();
    raw!();
}

#[typetag::serde]
impl Fusion for WeightedMedian {
    fn name(&self) -> String {
        named!("weighted-median", self.raw)
    }

    fn fuse(&self, predictions: &Predictions) -> Result<Matrix> {
        let accepts = [Gives::Probabilities, Gives::Logits, Gives::Values];
        let panel = Panel::new("weighted-median", predictions, self.weights.as_deref(), &accepts)?;
        let scale = matches!(predictions.outputs(), Outputs::Classes(_)) && !self.raw;
        let network = SortingNetwork::new(panel.shares().len(), |_| true);
        panel.fuse(|rows: &Rows<'_>, sorter: &mut Sorter, out: &mut [f32]| {
            sorter.each(
                rows.values,
                &network,
                |_, _| true,
                true,
                out,
                |sorted, out| {
                    for (i, out) in out.iter_mut().enumerate() {
                        let mut sum = 0.0;
                        let half = (0..rows.members()).find(|&rank| {
                            sum += rows.shares[sorted.who[rank][i] as usize];
                            sum >= 0.5 - EVEN
                        });
                        *out = sorted.numbers[half.unwrap_or(rows.members() - 1)][i];
                    }
                },
            );
            if scale {
                normalise(out, rows.columns);
            }
        })
    }

    fn row_by_row(&self) -> bool {
        true
    }

    fn gives(&self, outputs: &Outputs) -> Gives {
        gives_unless_raw(outputs, self.raw)
    }

    fn weights(&self) -> Option<Vec<f64>> {
        shares!(self)
    }
}
