use consort_core::{Fusion, Gives, Matrix, Outputs, Predictions, Result};
use serde::{Deserialize, Serialize};

use super::{
    geometric::gives_unless_raw,
    normalise::normalise,
    panel::{Panel, Rows},
    sorting_network::{LANES, Lane, Sorted, Sorter, SortingNetwork},
};

/// The median of the members in each row and column, weighted or not.
///
/// Half of the weight lies on either side; where the halves meet between two numbers it is the middle of the two, so
/// that equal weights give the ordinary median. Over classes it is scaled to a sum of 1 (a row of zeros becomes
/// uniform).
///
/// One pass over the cube, O(members · log² members) comparisons a number.
///
/// Source: Edgeworth 1888; as a fusion Kittler et al. 1998.
///
/// ```
/// use consort_core::{Fusion, Gives, Ids, Outputs, Predictions};
/// use consort_fusion::rule::Median;
/// let predictions = Predictions::builder(Outputs::target("y"), Ids::positions(1))
///     .member("a", Gives::Values, &[1.0])?
///     .member("b", Gives::Values, &[3.0])?
///     .member("c", Gives::Values, &[90.0])?
///     .build()?;
/// assert_eq!(Median::new().fuse(&predictions)?.at(0, 0), 3.0);
/// assert_eq!(Median::new().with_weights(vec![2.0, 1.0, 1.0]).fuse(&predictions)?.at(0, 0), 2.0);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Median {
    /// One weight a member, at least 0; a member of weight 0 is not read. `None`: all count the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights: Option<Vec<f64>>,
    /// Whether rows are left as the formula gives them, not scaled to a sum of 1.
    #[serde(default)]
    pub raw: bool,
}

impl Median {
    /// All members count the same, rows sum to 1.
    pub fn new() -> Self {
        Self::default()
    }

    with_weights!();
    raw!();
}

/// Sums of weights that differ by less than this share of all weight are equal.
pub(super) const EVEN: f64 = 1e-12;

#[typetag::serde]
impl Fusion for Median {
    fn name(&self) -> String {
        named!("median", self.raw)
    }

    fn fuse(&self, predictions: &Predictions) -> Result<Matrix> {
        let accepts = [Gives::Probabilities, Gives::Logits, Gives::Values];
        let panel = Panel::new("median", predictions, self.weights.as_deref(), &accepts)?;
        let scale = matches!(predictions.outputs(), Outputs::Classes(_)) && !self.raw;
        let equal = panel.shares().windows(2).all(|pair| pair[0] == pair[1]);
        let wanted = |rank: usize, n: usize| !equal || rank == (n - 1) / 2 || rank == n / 2;
        let members = panel.shares().len();
        let network = SortingNetwork::new(members, |rank| wanted(rank, members));
        panel.fuse(|rows: &Rows<'_>, sorter: &mut Sorter, out: &mut [f32]| {
            let n = rows.members();
            sorter.each(rows.values, &network, wanted, !equal, out, |sorted, out| {
                if equal {
                    middle(&sorted.numbers[(n - 1) / 2], &sorted.numbers[n / 2], out);
                } else {
                    (0..LANES).for_each(|i| out[i] = weighted_middle(sorted, rows.shares, i));
                }
            });
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

fn middle(low: &Lane, high: &Lane, out: &mut Lane) {
    for i in 0..LANES {
        out[i] = low[i] + (high[i] - low[i]) * 0.5;
    }
}

fn weighted_middle(sorted: &Sorted<'_>, shares: &[f64], i: usize) -> f32 {
    let (who, sorted) = (sorted.who, sorted.numbers);
    let mut sum = 0.0;
    for rank in 0..sorted.len() {
        sum += shares[who[rank][i] as usize];
        if sum > 0.5 + EVEN {
            return sorted[rank][i];
        }
        if sum >= 0.5 - EVEN && rank + 1 < sorted.len() {
            return sorted[rank][i] + (sorted[rank + 1][i] - sorted[rank][i]) * 0.5;
        }
    }
    sorted[sorted.len() - 1][i]
}
