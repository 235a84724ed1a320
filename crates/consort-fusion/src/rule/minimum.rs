use consort_core::{Fusion, Gives, Matrix, Outputs, Predictions, Result};
use serde::{Deserialize, Serialize};

use super::{extreme::extreme, geometric::gives_unless_raw};

/// The smallest number: the least that any member gives. One doubter is enough to sink a class.
///
/// out = the smallest xₘ, scaled to a sum of 1 over the classes (a row of zeros becomes uniform).
/// Weights only say who is heard: a member of weight 0 is not.
///
/// One pass over the cube.
///
/// Source: Kittler et al. 1998.
///
/// ```
/// use consort_core::{Fusion, Gives, Ids, Outputs, Predictions};
/// use consort_fusion::rule::Minimum;
/// let predictions = Predictions::builder(Outputs::target("y"), Ids::positions(1))
///     .member("a", Gives::Values, &[1.0])?
///     .member("b", Gives::Values, &[6.0])?
///     .build()?;
/// assert_eq!(Minimum::new().fuse(&predictions)?.at(0, 0), 1.0);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Minimum {
    /// One weight a member, at least 0; a member of weight 0 is not read. `None`: all are heard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights: Option<Vec<f64>>,
    /// Whether rows are left as the formula gives them, not scaled to a sum of 1.
    #[serde(default)]
    pub raw: bool,
}

impl Minimum {
    /// All members are heard, rows sum to 1.
    pub fn new() -> Self {
        Self::default()
    }

    with_weights!();
    raw!();
}

#[typetag::serde]
impl Fusion for Minimum {
    fn name(&self) -> String {
        named!("minimum", self.raw)
    }

    fn fuse(&self, predictions: &Predictions) -> Result<Matrix> {
        extreme("minimum", predictions, self.weights.as_deref(), self.raw, |a, b| if a < b { a } else { b })
    }

    fn row_by_row(&self) -> bool {
        true
    }

    fn gives(&self, outputs: &Outputs) -> Gives {
        gives_unless_raw(outputs, self.raw)
    }
}
