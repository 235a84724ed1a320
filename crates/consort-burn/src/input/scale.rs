use consort_core::{Error, Result};
use serde::{Deserialize, Serialize};

/// How numbers are scaled before a net sees them. What it needs is learnt from the training rows alone.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Scale {
    /// To mean 0 and standard deviation 1, cut off at 20 of them: each column of a table by itself, each channel of
    /// images, each position of other blocks.
    #[default]
    Standard,
    /// Not at all; a missing number is filled with the mean.
    None,
    /// `(x − mean) / deviation`, a pair for each channel of images or one for all: as weights from elsewhere expect it.
    Given {
        /// The means.
        means: Vec<f32>,
        /// The deviations, above 0.
        deviations: Vec<f32>,
    },
}

impl Scale {
    /// Refuses what is out of range.
    ///
    /// # Errors
    /// [`Error::Parameter`].
    pub fn check(&self) -> Result<()> {
        let Scale::Given { means, deviations } = self else { return Ok(()) };
        if means.len() != deviations.len() || means.is_empty() {
            let value = format!("{} means and {} deviations", means.len(), deviations.len());
            return Err(Error::parameter("scale", value, "as many deviations as means, at least one"));
        }
        match means.iter().chain(deviations).find(|x| !x.is_finite()) {
            Some(bad) => Err(Error::parameter("scale", bad, "finite")),
            None if deviations.iter().any(|&x| x <= 0.0) => {
                Err(Error::parameter("scale.deviations", format!("{deviations:?}"), "above 0"))
            }
            None => Ok(()),
        }
    }
}
