use consort_core::{Classes, Error, Result};
use serde::{Deserialize, Serialize};

use super::log_softmax;
use crate::dense::ClassTarget;

/// The classes of a problem, and which of them a model knows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Saved", into = "Saved")]
pub(crate) struct Present {
    classes: Classes,
    places: Vec<usize>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Saved {
    classes: Classes,
    present: Vec<usize>,
}

impl From<Present> for Saved {
    fn from(present: Present) -> Self {
        Saved { classes: present.classes, present: present.places }
    }
}

impl TryFrom<Saved> for Present {
    type Error = Error;
    fn try_from(saved: Saved) -> Result<Self> {
        let Saved { classes, present: places } = saved;
        let ascending = places.windows(2).all(|pair| pair[0] < pair[1]);
        if !ascending || places.last().is_none_or(|&last| last >= classes.len()) {
            return Err(Error::Damaged {
                place: "the classes of a saved model".into(),
                problem: format!("the classes present are {places:?} of {}", classes.len()),
            });
        }
        Ok(Self { classes, places })
    }
}

impl Present {
    pub(crate) fn new(target: ClassTarget) -> Self {
        Self { classes: target.classes, places: target.present }
    }

    pub(crate) fn classes(&self) -> &Classes {
        &self.classes
    }

    /// How many classes the problem has, known ones and others.
    pub(crate) fn len(&self) -> usize {
        self.classes.len()
    }

    /// Writes the probabilities `[row][class]` of some rows from their scores `[class known][row]` in logarithms.
    pub(crate) fn probabilities(&self, logs: &[f64], out: &mut [f32]) {
        let height = out.len() / self.len();
        let mut row = vec![0.0; self.places.len()];
        for (n, out) in out.chunks_exact_mut(self.len()).enumerate() {
            row.iter_mut().enumerate().for_each(|(c, to)| *to = logs[c * height + n]);
            log_softmax(&mut row);
            self.places.iter().zip(&row).for_each(|(&k, log)| out[k] = log.exp() as f32);
        }
    }

    /// The classes known, by their numbers, ascending.
    pub(crate) fn places(&self) -> &[usize] {
        &self.places
    }
}
