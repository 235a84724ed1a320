use consort_core::{Error, Result};
use serde::{Deserialize, Serialize};

use super::{Case, Competence, Judge, Training};

/// K nearest output profiles (KNOP): a member has a vote for each row of like outputs that it got right.
///
/// The profile of a row is all that all members give for it. So rows are near that the members see alike, whatever their features are.
///
/// Source: Cavalin, Sabourin and Suen 2012.
///
/// ```
/// use consort_fusion::dynamic::{Competence, OutputProfiles};
/// assert_eq!((OutputProfiles::default().name(), OutputProfiles::default().alike), ("knop".into(), 7));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutputProfiles {
    /// How many rows of like outputs are looked at.
    pub alike: usize,
}

impl Default for OutputProfiles {
    fn default() -> Self {
        Self { alike: 7 }
    }
}

#[typetag::serde(name = "output_profiles")]
impl Competence for OutputProfiles {
    fn name(&self) -> String {
        "knop".into()
    }

    fn fit(&self, training: &Training<'_>) -> Result<Box<dyn Judge>> {
        training.expect_classes()?;
        if self.alike == 0 {
            return Err(Error::parameter("alike", self.alike, "at least 1"));
        }
        Ok(Box::new(*self))
    }
}

#[typetag::serde(name = "output_profiles")]
impl Judge for OutputProfiles {
    fn alike(&self) -> usize {
        self.alike
    }

    fn competence(&self, case: &Case<'_>, competences: &mut [f64]) {
        competences.iter_mut().enumerate().for_each(|(m, x)| *x = case.right(case.alike(), m));
    }
}
