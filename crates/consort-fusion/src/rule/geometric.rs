use consort_core::{Fusion, Gives, Matrix, Outputs, Predictions, Result};
use serde::{Deserialize, Serialize};

use super::{
    log_pool::{LogPool, MULTIPLIED},
    panel::Panel,
};

/// The weighted geometric mean: the logarithmic opinion pool.
///
/// out ∝ Πₘ xₘ^(wₘ/Σw), scaled to a sum of 1 over the classes; a yes-or-no label is scaled with its complement.
/// Logits are averaged as logits, which is the same. A class that one member gives 0 gets 0; if that leaves no
/// class, the row is uniform. Values must be at least 0.
///
/// One pass over the cube; one logarithm a row and class where members count the same, else one a number.
///
/// Source: Bacharach 1975; Genest and Zidek 1986.
///
/// ```
/// use consort_core::{Classes, Fusion, Gives, Ids, Outputs, Predictions};
/// use consort_fusion::rule::Geometric;
/// let predictions = Predictions::builder(Outputs::Classes(Classes::new(["a", "b"])?), Ids::positions(1))
///     .member("m1", Gives::Probabilities, &[0.9, 0.1])?
///     .member("m2", Gives::Probabilities, &[0.5, 0.5])?
///     .build()?;
/// let fused = Geometric::new().fuse(&predictions)?;
/// assert!((fused.at(0, 0) - 0.75).abs() < 1e-6); // odds √(9 · 1) = 3
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Geometric {
    /// One weight a member, at least 0; a member of weight 0 is not read. `None`: all count the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights: Option<Vec<f64>>,
    /// Whether rows are left as the formula gives them, not scaled to a sum of 1.
    #[serde(default)]
    pub raw: bool,
}

impl Geometric {
    /// All members count the same, rows sum to 1.
    pub fn new() -> Self {
        Self::default()
    }

    with_weights!();
    raw!();
}

#[typetag::serde]
impl Fusion for Geometric {
    fn name(&self) -> String {
        named!("geometric", self.raw)
    }

    fn fuse(&self, predictions: &Predictions) -> Result<Matrix> {
        let accepts = [MULTIPLIED[0], MULTIPLIED[1], Gives::Values];
        let panel = Panel::new("geometric", predictions, self.weights.as_deref(), &accepts)?;
        if matches!(predictions.outputs(), Outputs::Targets(_) | Outputs::Quantiles(_)) {
            panel.refuse_negative("geometric")?;
        }
        LogPool { floor: 0.0, mean: true, raw: self.raw }.fuse(panel)
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

/// What a rule gives that scales its rows unless told not to.
pub(super) fn gives_unless_raw(outputs: &Outputs, raw: bool) -> Gives {
    match outputs {
        Outputs::Targets(_) | Outputs::Quantiles(_) => Gives::Values,
        _ if raw => Gives::Scores,
        _ => Gives::Probabilities,
    }
}
