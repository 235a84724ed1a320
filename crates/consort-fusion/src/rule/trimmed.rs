use consort_core::{Fusion, Gives, Matrix, Outputs, Predictions, Result};
use serde::{Deserialize, Serialize};

use super::{
    Trim,
    geometric::gives_unless_raw,
    normalise::normalise,
    panel::{Panel, Rows},
    sorting_network::{LANES, Sorter, SortingNetwork},
};

/// The trimmed mean: in each row and column the k smallest and the k greatest numbers are left out.
///
/// out = Σ wₘ·xₘ / Σ wₘ over the members between rank k + 1 and rank n − k. Over classes it is scaled to a sum of 1.
///
/// One pass over the cube, O(members · log² members) comparisons a number.
///
/// Source: Tukey 1948; as a pool of forecasts Jose and Winkler 2008.
///
/// ```
/// use consort_core::{Fusion, Gives, Ids, Outputs, Predictions};
/// use consort_fusion::rule::{Trim, Trimmed};
/// let predictions = Predictions::builder(Outputs::target("y"), Ids::positions(1))
///     .member("a", Gives::Values, &[1.0])?
///     .member("b", Gives::Values, &[3.0])?
///     .member("c", Gives::Values, &[5.0])?
///     .member("d", Gives::Values, &[90.0])?
///     .build()?;
/// assert_eq!(Trimmed::new(Trim::Count(1)).fuse(&predictions)?.at(0, 0), 4.0);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trimmed {
    /// How many members count as outlying at each end.
    #[serde(default)]
    pub trim: Trim,
    /// One weight a member, at least 0; a member of weight 0 is not read. `None`: all count the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights: Option<Vec<f64>>,
    /// Whether rows are left as the formula gives them, not scaled to a sum of 1.
    #[serde(default)]
    pub raw: bool,
}

impl Trimmed {
    /// All members count the same, rows sum to 1.
    pub fn new(trim: Trim) -> Self {
        Self { trim, ..Self::default() }
    }

    with_weights!();
    raw!();
}

#[typetag::serde]
impl Fusion for Trimmed {
    fn name(&self) -> String {
        named!(format!("trimmed:{}", self.trim), self.raw)
    }

    fn fuse(&self, predictions: &Predictions) -> Result<Matrix> {
        let accepts = [Gives::Probabilities, Gives::Logits, Gives::Values];
        let panel = Panel::new("trimmed", predictions, self.weights.as_deref(), &accepts)?;
        let members = panel.shares().len();
        self.trim.count(members)?;
        let scale = matches!(predictions.outputs(), Outputs::Classes(_)) && !self.raw;
        let equal = panel.shares().windows(2).all(|pair| pair[0] == pair[1]);
        let inner = |n: usize| self.trim.held(n)..n - self.trim.held(n);
        let wanted = |rank: usize, n: usize| inner(n).contains(&rank);
        let network = SortingNetwork::new(members, |rank| wanted(rank, members));
        panel.fuse(|rows: &Rows<'_>, sorter: &mut Sorter, out: &mut [f32]| {
            let inner = inner(rows.members());
            sorter.each(rows.values, &network, wanted, !equal, out, |sorted, out| {
                let (mut sums, mut weights) = ([0.0f64; LANES], [0.0f64; LANES]);
                for rank in inner.clone() {
                    for i in 0..LANES {
                        let weight = if equal { 1.0 } else { rows.shares[sorted.who[rank][i] as usize] };
                        sums[i] += weight * f64::from(sorted.numbers[rank][i]);
                        weights[i] += weight;
                    }
                }
                (0..LANES).for_each(|i| out[i] = (sums[i] / weights[i]) as f32);
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
