use std::sync::Arc;

use consort_core::{Error, Learner, Result};
use serde::{Deserialize, Serialize};

/// A learner under the name that its predictions bear.
///
/// ```
/// use std::sync::Arc;
/// use consort_ensemble::NamedLearner;
/// use consort_trees::boosting::GradientBoosting;
/// let member = NamedLearner::new("boost", GradientBoosting::default());
/// assert_eq!(member.name, "boost");
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamedLearner {
    /// The name: unique in an ensemble, fit for a file name.
    pub name: String,
    /// The recipe.
    pub learner: Arc<dyn Learner>,
}

impl NamedLearner {
    /// A learner under a name.
    pub fn new(name: impl Into<String>, learner: impl Learner + 'static) -> Self {
        Self { name: name.into(), learner: Arc::new(learner) }
    }

    /// Whether a member may bear this name, which becomes that of files: letters, digits, `-`, `_`, `+`, `.` and spaces, with no
    /// `.` in front.
    pub fn may_be_named(name: &str) -> bool {
        let is_plain = |c: char| c.is_alphanumeric() || "-_.+ ".contains(c);
        !name.is_empty() && !name.starts_with('.') && name.chars().all(is_plain)
    }
}

/// Refuses no members at all, two of one name, and names that are no file names.
pub(crate) fn check(members: &[NamedLearner]) -> Result<()> {
    if members.is_empty() {
        return Err(Error::Empty { what: "the list of members".into(), hint: "name at least one learner".into() });
    }
    let mut seen = std::collections::HashSet::new();
    for NamedLearner { name, .. } in members {
        if !NamedLearner::may_be_named(name) {
            return Err(Error::parameter(
                "name",
                format!("{name:?}"),
                "letters, digits, `-`, `_`, `+`, `.` and spaces",
            ));
        }
        if !seen.insert(name) {
            return Err(Error::DuplicateName { what: "member", name: name.clone() });
        }
    }
    Ok(())
}
