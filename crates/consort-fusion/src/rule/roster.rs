use consort_core::{Error, Gives, Outputs, Predictions, Result};
use serde::{Deserialize, Serialize};

/// Whom a rule was fitted on: the members, in the order of their names, and what they predict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Roster {
    members: Vec<String>,
    outputs: Outputs,
}

impl Roster {
    /// The members of these predictions, and the predictions in the order of the roster.
    ///
    /// # Errors
    /// [`Error::Unsupported`] unless they predict classes.
    pub(super) fn take(by: &str, predictions: &Predictions) -> Result<(Self, Predictions)> {
        predictions.outputs().classes(&format!("rule `{by}`"))?;
        Self::of(predictions)
    }

    /// The same, whatever they predict.
    pub(crate) fn of(predictions: &Predictions) -> Result<(Self, Predictions)> {
        let mut members: Vec<String> = predictions.names().map(String::from).collect();
        members.sort_unstable();
        let ordered = predictions.named(&members)?;
        Ok((Self { members, outputs: predictions.outputs().clone() }, ordered))
    }

    /// The same members of other predictions, in the order of the roster.
    ///
    /// # Errors
    /// [`Error::UnknownName`] for a member that is absent, [`Error::Length`] if there are others too,
    /// [`Error::Unsupported`] if they predict other classes.
    pub(crate) fn call(&self, by: &str, predictions: &Predictions) -> Result<Predictions> {
        let ordered = predictions.named(&self.members)?;
        if predictions.members().len() != self.members.len() {
            return Err(Error::Length {
                what: "the list of members".into(),
                got: predictions.members().len(),
                expected: self.members.len(),
                unit: "members",
                hint: format!("rule `{by}` was fitted on {}", self.members.join(", ")),
            });
        }
        if predictions.outputs() != &self.outputs {
            return Err(Error::Unsupported {
                by: format!("rule `{by}`"),
                what: "other classes than those that it was fitted on".into(),
                hint: "give predictions of the same classes, or fit again".into(),
            });
        }
        Ok(ordered)
    }

    /// How many members there are.
    pub(crate) fn members(&self) -> usize {
        self.members.len()
    }

    /// How many classes there are.
    pub(super) fn classes(&self) -> usize {
        self.outputs.len()
    }
}

/// What members may give to a rule that looks at the class that they choose.
pub(super) const CHOSEN: [Gives; 4] = [Gives::Probabilities, Gives::Logits, Gives::Labels, Gives::Scores];
