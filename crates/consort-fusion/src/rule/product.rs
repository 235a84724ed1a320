use consort_core::{Fusion, Matrix, Predictions, Result};
use serde::{Deserialize, Serialize};

use super::{
    log_pool::{LogPool, MULTIPLIED},
    panel::Panel,
};

/// The product of the members' probabilities, scaled to a sum of 1.
///
/// out ∝ Πₘ xₘ^wₘ, summed as logarithms, so that no number of members underflows. It is Bayes' rule for members that are
/// independent given the class, with even priors; members that agree make it very sure. A weight is an exponent as it stands: 2 is the
/// member twice. A class that one member gives 0 gets 0; if that leaves no class, the row is uniform.
///
/// One pass over the cube.
///
/// Source: Kittler et al. 1998.
///
/// ```
/// use consort_core::{Classes, Fusion, Gives, Ids, Outputs, Predictions};
/// use consort_fusion::rule::Product;
/// let predictions = Predictions::builder(Outputs::Classes(Classes::new(["a", "b"])?), Ids::positions(1))
///     .member("m1", Gives::Probabilities, &[0.75, 0.25])?
///     .member("m2", Gives::Probabilities, &[0.75, 0.25])?
///     .build()?;
/// assert!((Product::new().fuse(&predictions)?.at(0, 0) - 0.9).abs() < 1e-6);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Product {
    /// One exponent a member, at least 0; a member of exponent 0 is not read. `None`: 1 for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights: Option<Vec<f64>>,
}

impl Product {
    /// Every member once.
    pub fn new() -> Self {
        Self::default()
    }

    with_weights!();
}

#[typetag::serde]
impl Fusion for Product {
    fn name(&self) -> String {
        "product".into()
    }

    fn fuse(&self, predictions: &Predictions) -> Result<Matrix> {
        let panel = Panel::new("product", predictions, self.weights.as_deref(), &MULTIPLIED)?;
        LogPool { floor: 0.0, mean: false, raw: false }.fuse(panel)
    }

    fn row_by_row(&self) -> bool {
        true
    }

    fn weights(&self) -> Option<Vec<f64>> {
        shares!(self)
    }
}
