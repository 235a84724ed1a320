use consort_core::{Fusion, Gives, Matrix, Outputs, Predictions, Result};
use serde::{Deserialize, Serialize};

use super::{
    Trim,
    geometric::gives_unless_raw,
    normalise::normalise,
    panel::{Panel, Rows},
    sorting_network::{LANES, Sorter, SortingNetwork},
};

/// The winsorised mean: in each row and column the k smallest numbers become the next one, and so do the k greatest.
///
/// out = Σ wₘ·min(max(xₘ, x₍k₊₁₎), x₍n₋k₎) / Σ wₘ. An outlier keeps its voice but not its size. Over classes it is
/// scaled to a sum of 1.
///
/// One pass over the cube, O(members · log² members) comparisons a number.
///
/// Source: Dixon 1960; as a pool of forecasts Jose and Winkler 2008.
///
/// ```
/// use consort_core::{Fusion, Gives, Ids, Outputs, Predictions};
/// use consort_fusion::rule::{Trim, Winsorised};
/// let predictions = Predictions::builder(Outputs::target("y"), Ids::positions(1))
///     .member("a", Gives::Values, &[1.0])?
///     .member("b", Gives::Values, &[3.0])?
///     .member("c", Gives::Values, &[90.0])?
///     .build()?;
/// assert_eq!(Winsorised::new(Trim::Count(1)).fuse(&predictions)?.at(0, 0), 3.0);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Winsorised {
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

impl Winsorised {
    /// All members count the same, rows sum to 1.
    pub fn new(trim: Trim) -> Self {
        Self { trim, ..Self::default() }
    }

    with_weights!();
    raw!();
}

#[typetag::serde]
impl Fusion for Winsorised {
    fn name(&self) -> String {
        named!(format!("winsorised:{}", self.trim), self.raw)
    }

    fn fuse(&self, predictions: &Predictions) -> Result<Matrix> {
        let accepts = [Gives::Probabilities, Gives::Logits, Gives::Values];
        let panel = Panel::new("winsorised", predictions, self.weights.as_deref(), &accepts)?;
        let members = panel.shares().len();
        self.trim.count(members)?;
        let scale = matches!(predictions.outputs(), Outputs::Classes(_)) && !self.raw;
        let ends = |n: usize| (self.trim.held(n), n - 1 - self.trim.held(n));
        let wanted = |rank: usize, n: usize| rank == ends(n).0 || rank == ends(n).1;
        let network = SortingNetwork::new(members, |rank| wanted(rank, members));
        panel.fuse(|rows: &Rows<'_>, sorter: &mut Sorter, out: &mut [f32]| {
            let (first, last) = ends(rows.members());
            sorter.each(rows.values, &network, wanted, false, out, |sorted, out| {
                let (low, high) = (&sorted.numbers[first], &sorted.numbers[last]);
                let mut sums = [0.0f64; LANES];
                for (values, &w) in rows.values.iter().zip(rows.shares) {
                    for (i, &x) in values[sorted.places.clone()].iter().enumerate() {
                        let x = if x < low[i] { low[i] } else { x };
                        sums[i] += w * f64::from(if x > high[i] { high[i] } else { x });
                    }
                }
                (0..LANES).for_each(|i| out[i] = sums[i] as f32);
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
