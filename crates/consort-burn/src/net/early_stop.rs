use std::sync::Arc;

use consort_core::{Error, Metric, Result};
use serde::{Deserialize, Serialize};

/// When training ends before its last epoch: once the validation rows have not become better for a while.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EarlyStop {
    /// After how many epochs without a better one.
    pub epochs: usize,
    /// By how much one must be better to count.
    pub least_gain: f64,
    /// What is watched; `None` for the loss.
    pub metric: Option<Arc<dyn Metric>>,
}

impl Default for EarlyStop {
    fn default() -> Self {
        Self { epochs: 10, least_gain: 0.0, metric: None }
    }
}

impl EarlyStop {
    /// Refuses what is out of range.
    ///
    /// # Errors
    /// [`Error::Parameter`].
    pub fn check(&self) -> Result<()> {
        if self.epochs == 0 {
            return Err(Error::parameter("early_stop.epochs", 0, "at least 1"));
        }
        if !(self.least_gain.is_finite() && self.least_gain >= 0.0) {
            return Err(Error::parameter("early_stop.least_gain", self.least_gain, "finite and at least 0"));
        }
        Ok(())
    }
}
