use consort_core::{Fusion, Gives, Matrix, Outputs, Predictions, Result};
use serde::{Deserialize, Serialize};

use super::{extreme::extreme, geometric::gives_unless_raw};

/// The greatest number: the most that any member gives. One member that is sure is enough.
///
/// out = the greatest xₘ, scaled to a sum of 1 over the classes (a row of zeros becomes uniform).
/// Weights only say who is heard: a member of weight 0 is not.
///
/// One pass over the cube.
///
/// Source: Kittler et al. 1998.
///
/// ```
/// use consort_core::{Fusion, Gives, Ids, Outputs, Predictions};
/// use consort_fusion::rule::Maximum;
/// let predictions = Predictions::builder(Outputs::target("y"), Ids::positions(1))
///     .member("a", Gives::Values, &[1.0])?
///     .member("b", Gives::Values, &[6.0])?
///     .build()?;
/// assert_eq!(Maximum::new().fuse(&predictions)?.at(0, 0), 6.0);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Maximum {
    /// One weight a member, at least 0; a member of weight 0 is not read. `None`: all are heard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights: Option<Vec<f64>>,
    /// Whether rows are left as the formula gives them, not scaled to a sum of 1.
    #[serde(default)]
    pub raw: bool,
}

impl Maximum {
    /// All members are heard, rows sum to 1.
    pub fn new() -> Self {
        Self::default()
    }

    with_weights!();
    raw!();
}

#[typetag::serde]
impl Fusion for Maximum {
    fn name(&self) -> String {
        named!("maximum", self.raw)
    }

    fn fuse(&self, predictions: &Predictions) -> Result<Matrix> {
        extreme("maximum", predictions, self.weights.as_deref(), self.raw, |a, b| if a > b { a } else { b })
    }

    fn row_by_row(&self) -> bool {
        true
    }

    fn gives(&self, outputs: &Outputs) -> Gives {
        gives_unless_raw(outputs, self.raw)
    }
}
