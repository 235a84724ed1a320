use consort_core::{Error, Result};
use serde::{Deserialize, Serialize};

/// How well weights were optimised, and the proof of it.
///
/// For a convex loss `f` over the simplex, the duality gap of Frank and Wolfe (1956; Jaggi 2013)
/// `max_m ⟨∇f(w), w − e_m⟩` bounds how far the loss is from the best possible: `f(w) − f* ≤ gap`. It is computed
/// over all members at the weights found, so it holds whatever way the search took.
///
/// ```
/// let certificate = consort_fusion::weights::Certificate { loss: 0.3, gap: 1e-12, steps: 5 };
/// assert!(certificate.least_loss() <= certificate.loss);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Certificate {
    /// The loss of the weighted mean on the rows fitted on (in-sample): nats, a Brier score, or squared units.
    pub loss: f64,
    /// The duality gap, in the unit of the loss.
    pub gap: f64,
    /// Steps of Newton's method or changes of the set of members, by which the search came here.
    pub steps: usize,
}

impl Certificate {
    /// A loss that no weights can be below.
    pub fn least_loss(&self) -> f64 {
        self.loss - self.gap
    }

    /// Refuses a gap above `tolerance` times the loss of equal weights.
    pub(crate) fn check(self, method: &'static str, tolerance: f64, equal: f64) -> Result<Self> {
        // Below a few units in the last place of the losses compared, a gap is rounding.
        let allowed = (tolerance * equal).max(64.0 * f64::EPSILON * equal);
        if self.gap <= allowed {
            return Ok(self);
        }
        Err(Error::NotConverged {
            method,
            problem: format!(
                "after {} steps the loss {:e} may still be {:e} above the least, but {allowed:e} is allowed: allow more steps or a greater tolerance",
                self.steps, self.loss, self.gap
            ),
        })
    }
}
