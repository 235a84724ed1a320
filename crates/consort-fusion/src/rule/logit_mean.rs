use consort_core::{Fusion, Matrix, Predictions, Result};
use serde::{Deserialize, Serialize};

use super::{
    log_pool::{LogPool, MULTIPLIED},
    panel::Panel,
};

/// The weighted mean of logits, made into probabilities.
///
/// out = softmax(Σₘ wₘ·zₘ / Σₘ wₘ), where zₘ is the member's logits, or ln max(p, 1e-15) of its probabilities. It is the
/// [`Geometric`](super::Geometric) mean but for the floor of 1e-15, which lets a member be outvoted that is sure.
///
/// One pass over the cube.
///
/// Source: Satopää et al. 2014 (without the extremising power).
///
/// ```
/// use consort_core::{Classes, Fusion, Gives, Ids, Outputs, Predictions};
/// use consort_fusion::rule::LogitMean;
/// let predictions = Predictions::builder(Outputs::Classes(Classes::new(["a", "b"])?), Ids::positions(1))
///     .member("m1", Gives::Logits, &[0.0, 3.0])?
///     .member("m2", Gives::Logits, &[0.0, -1.0])?
///     .build()?;
/// let fused = LogitMean::new().fuse(&predictions)?;
/// assert!((fused.at(0, 1) - 1.0 / (1.0 + (-1f32).exp())).abs() < 1e-6);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogitMean {
    /// One weight a member, at least 0; a member of weight 0 is not read. `None`: all count the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights: Option<Vec<f64>>,
}

impl LogitMean {
    /// Probabilities below this count as this.
    pub const FLOOR: f32 = 1e-15;

    /// All members count the same.
    pub fn new() -> Self {
        Self::default()
    }

    with_weights!();
}

#[typetag::serde]
impl Fusion for LogitMean {
    fn name(&self) -> String {
        "logit-mean".into()
    }

    fn fuse(&self, predictions: &Predictions) -> Result<Matrix> {
        let panel = Panel::new("logit-mean", predictions, self.weights.as_deref(), &MULTIPLIED)?;
        LogPool { floor: Self::FLOOR, mean: true, raw: false }.fuse(panel)
    }

    fn row_by_row(&self) -> bool {
        true
    }

    fn weights(&self) -> Option<Vec<f64>> {
        shares!(self)
    }
}
