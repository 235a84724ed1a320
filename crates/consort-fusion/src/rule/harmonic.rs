use consort_core::{Fusion, Gives, Matrix, Outputs, Predictions, Result};
use serde::{Deserialize, Serialize};

use super::{geometric::gives_unless_raw, power::power_mean};

/// The weighted harmonic mean: the smallest number weighs most.
///
/// out = Σₘ wₘ / Σₘ (wₘ/xₘ), scaled to a sum of 1 over the classes; 0 where a member gives 0. Values must be at least 0.
///
/// One pass over the cube, one division a number.
///
/// Source: the power mean with p = −1, Hardy, Littlewood and Pólya 1934.
///
/// ```
/// use consort_core::{Fusion, Gives, Ids, Outputs, Predictions};
/// use consort_fusion::rule::Harmonic;
/// let predictions = Predictions::builder(Outputs::target("y"), Ids::positions(1))
///     .member("a", Gives::Values, &[2.0])?
///     .member("b", Gives::Values, &[6.0])?
///     .build()?;
/// assert_eq!(Harmonic::new().fuse(&predictions)?.at(0, 0), 3.0);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Harmonic {
    /// One weight a member, at least 0; a member of weight 0 is not read. `None`: all count the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights: Option<Vec<f64>>,
    /// Whether rows are left as the formula gives them, not scaled to a sum of 1.
    #[serde(default)]
    pub raw: bool,
}

impl Harmonic {
    /// All members count the same, rows sum to 1.
    pub fn new() -> Self {
        Self::default()
    }

    with_weights!();
    raw!();
}

#[typetag::serde]
impl Fusion for Harmonic {
    fn name(&self) -> String {
        named!("harmonic", self.raw)
    }

    fn fuse(&self, predictions: &Predictions) -> Result<Matrix> {
        power_mean("harmonic", -1.0, predictions, self.weights.as_deref(), self.raw)
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
