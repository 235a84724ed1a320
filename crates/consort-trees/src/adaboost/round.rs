use consort_core::{Error, Result, Warning};
use serde::{Deserialize, Serialize};

/// Why boosting ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// All rounds were done.
    Rounds,
    /// A member made no error: there was nothing left to weigh.
    Perfect,
    /// A member was no better than chance, and is left out.
    TooWeak,
    /// The weights of the rows left the range of numbers: the learning rate is too high.
    Overflow,
}

impl Ending {
    /// What a person should know of it, if anything.
    pub(super) fn warning(self, members: usize) -> Option<Warning> {
        let text = match self {
            Ending::Rounds => return None,
            Ending::Perfect => format!("boosting ended with member {members}, which makes no error"),
            Ending::TooWeak => {
                format!("boosting ended after {members} members: the next was no better than chance")
            }
            Ending::Overflow => format!(
                "boosting ended after {members} members: the weights of the rows overflowed; lower the learning rate"
            ),
        };
        Some(Warning::Note { text })
    }
}

/// What a round makes of a member.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Verdict {
    /// Its share of the weight of the rows that is in error.
    pub(super) error: f64,
    /// Its weight among the members.
    pub(super) weight: f64,
    /// Whether, and why, boosting ends here.
    pub(super) ending: Option<Ending>,
}

/// Makes weights sum to 1.
///
/// # Errors
/// [`Error::NotConverged`] if their sum is no number to divide by.
pub(super) fn normalise(weights: &mut [f64]) -> Result<()> {
    let total: f64 = weights.iter().sum();
    if !(total.is_finite() && total > 0.0) {
        let problem = format!("the weights of the rows sum to {total}");
        return Err(Error::NotConverged { method: "adaptive boosting", problem });
    }
    weights.iter_mut().for_each(|weight| *weight /= total);
    Ok(())
}
