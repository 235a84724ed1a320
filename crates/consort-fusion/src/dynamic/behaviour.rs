use consort_core::{Error, Result};
use serde::{Deserialize, Serialize};

use super::{Case, Competence, Judge, Training, competence::keep_greatest};

/// Multiple classifier behaviour (MCB): asks the members most accurate on the near rows that all members see as they see this one.
///
/// A neighbour counts if more than the share `similarity` of the members choose the same class for it as for the row; if
/// there is none, all neighbours count. Members that share the first place are all asked.
///
/// Source: Giacinto and Roli 2001.
///
/// ```
/// use consort_fusion::dynamic::{Behaviour, Competence};
/// assert_eq!(Behaviour::default().similarity, 0.7);
/// assert_eq!(Behaviour::default().name(), "mcb");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Behaviour {
    /// The share of members, from 0 to below 1.
    pub similarity: f64,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self { similarity: 0.7 }
    }
}

#[typetag::serde(name = "behaviour")]
impl Competence for Behaviour {
    fn name(&self) -> String {
        "mcb".into()
    }

    fn fit(&self, training: &Training<'_>) -> Result<Box<dyn Judge>> {
        training.expect_classes()?;
        if !(0.0..1.0).contains(&self.similarity) {
            return Err(Error::parameter("similarity", self.similarity, "from 0 to below 1"));
        }
        Ok(Box::new(*self))
    }
}

#[typetag::serde(name = "behaviour")]
impl Judge for Behaviour {
    fn competence(&self, case: &Case<'_>, competences: &mut [f64]) {
        let known = case.known();
        let present: Vec<usize> = (0..competences.len()).filter(|&m| case.is_present(m)).collect();
        let is_like = |row: usize| {
            let same = present.iter().filter(|&&m| known.choice(row, m) == case.choice(m)).count();
            same as f64 > self.similarity * present.len() as f64
        };
        let any = case.region().iter().any(|n| is_like(n.row));
        let mut total = 0.0;
        competences.fill(0.0);
        for n in case.region().iter().filter(|n| !any || is_like(n.row)) {
            total += n.weight;
            for (m, competence) in competences.iter_mut().enumerate() {
                *competence += if known.is_right(n.row, m) { n.weight } else { 0.0 };
            }
        }
        competences.iter_mut().for_each(|x| *x /= total);
    }

    fn select(&self, _case: &Case<'_>, competences: &mut [f64]) {
        keep_greatest(competences);
    }
}
