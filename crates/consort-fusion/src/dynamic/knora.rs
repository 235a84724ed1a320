use consort_core::Result;
use serde::{Deserialize, Serialize};

use super::{Case, Competence, Judge, Training, competence::keep_greatest};

/// K nearest oracles, eliminate (KNORA-E): asks the members that are right on all near rows.
///
/// The region shrinks from its far end until some member is right on all that is left; if none is right even on the
/// nearest row, all are asked. So the competence of a member is how many of the nearest rows in a row it got right, which is also the
/// classifier rank of Sabourin et al. 1993.
///
/// Source: Ko, Sabourin and Britto 2008.
///
/// ```
/// use consort_fusion::dynamic::{Competence, KnoraEliminate};
/// assert_eq!(KnoraEliminate.name(), "knora-e");
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnoraEliminate;

#[typetag::serde(name = "knora_eliminate")]
impl Competence for KnoraEliminate {
    fn name(&self) -> String {
        "knora-e".into()
    }

    fn fit(&self, training: &Training<'_>) -> Result<Box<dyn Judge>> {
        training.expect_classes()?;
        Ok(Box::new(*self))
    }
}

#[typetag::serde(name = "knora_eliminate")]
impl Judge for KnoraEliminate {
    fn competence(&self, case: &Case<'_>, competences: &mut [f64]) {
        for (m, competence) in competences.iter_mut().enumerate() {
            let streak = case.region().iter().take_while(|n| case.known().is_right(n.row, m));
            *competence = streak.map(|n| n.weight).sum();
        }
    }

    fn select(&self, _case: &Case<'_>, competences: &mut [f64]) {
        keep_greatest(competences);
    }
}

/// K nearest oracles, union (KNORA-U): a member has a vote for each near row that it got right.
///
/// Source: Ko, Sabourin and Britto 2008.
///
/// ```
/// use consort_fusion::dynamic::{Competence, KnoraUnion};
/// assert_eq!(KnoraUnion.name(), "knora-u");
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnoraUnion;

#[typetag::serde(name = "knora_union")]
impl Competence for KnoraUnion {
    fn name(&self) -> String {
        "knora-u".into()
    }

    fn fit(&self, training: &Training<'_>) -> Result<Box<dyn Judge>> {
        training.expect_classes()?;
        Ok(Box::new(*self))
    }
}

#[typetag::serde(name = "knora_union")]
impl Judge for KnoraUnion {
    fn competence(&self, case: &Case<'_>, competences: &mut [f64]) {
        competences.iter_mut().enumerate().for_each(|(m, x)| *x = case.right(case.region(), m));
    }
}
