use serde::{Deserialize, Serialize};

use crate::{Classes, Error, Gives, Result};

/// The kind of a problem.
///
/// ```
/// use consort_core::Task;
/// assert!(Task::Binary.is_classification() && !Task::Regression.is_classification());
/// assert_eq!(Task::Multiclass.to_string(), "multiclass classification");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Task {
    /// Two classes, one of them positive.
    Binary,
    /// Three classes or more (or one).
    Multiclass,
    /// Several yes-or-no labels a row.
    Multilabel,
    /// One number or several named numbers a row.
    Regression,
    /// Named quantiles of one number.
    Quantile,
}

impl Task {
    /// Whether a row belongs to exactly one class.
    pub fn is_classification(self) -> bool {
        matches!(self, Task::Binary | Task::Multiclass)
    }
}

impl std::fmt::Display for Task {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Task::Binary => "binary classification",
            Task::Multiclass => "multiclass classification",
            Task::Multilabel => "multilabel classification",
            Task::Regression => "regression",
            Task::Quantile => "quantile regression",
        })
    }
}

/// What the columns of a prediction are.
///
/// ```
/// use consort_core::{Classes, Outputs, Task};
/// let outputs = Outputs::Classes(Classes::new(["no", "yes"])?);
/// assert_eq!((outputs.len(), outputs.task(), outputs.name(1)), (2, Task::Binary, "yes".to_string()));
/// assert_eq!(Outputs::target("price").task(), Task::Regression);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", try_from = "Saved")]
pub enum Outputs {
    /// One column a class, in class order. Binary problems have two.
    Classes(Classes),
    /// One column a yes-or-no label, each of another name; the columns do not sum to 1.
    Labels(Vec<String>),
    /// One column a target, each of another name.
    Targets(Vec<String>),
    /// One column a quantile of a single target, levels ascending in (0, 1).
    Quantiles(Vec<f64>),
}

/// Outputs as they were saved, by whoever saved them.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Saved {
    Classes(Classes),
    Labels(Vec<String>),
    Targets(Vec<String>),
    Quantiles(Vec<f64>),
}

impl TryFrom<Saved> for Outputs {
    type Error = Error;
    fn try_from(saved: Saved) -> Result<Self> {
        let outputs = match saved {
            Saved::Classes(classes) => Outputs::Classes(classes),
            Saved::Labels(names) => Outputs::Labels(names),
            Saved::Targets(names) => Outputs::Targets(names),
            Saved::Quantiles(levels) => Outputs::Quantiles(levels),
        };
        outputs.check()?;
        Ok(outputs)
    }
}

impl Outputs {
    /// Refuses outputs that contradict themselves.
    ///
    /// ```
    /// use consort_core::Outputs;
    /// assert!(Outputs::Quantiles(vec![0.1, 0.5, 0.9]).check().is_ok());
    /// assert!(Outputs::Quantiles(vec![0.5, 0.1]).check().is_err());
    /// assert!(Outputs::Targets(vec!["y".into(), "y".into()]).check().is_err());
    /// ```
    ///
    /// # Errors
    /// [`Error::DuplicateName`] for a label or target that is there twice; [`Error::Parameter`] unless the levels of quantiles
    /// are above 0, below 1 and ascending.
    pub fn check(&self) -> Result<()> {
        match self {
            Outputs::Classes(_) => Ok(()), // they were checked when they were made
            Outputs::Labels(names) => all_differ("label", names),
            Outputs::Targets(names) => all_differ("target", names),
            Outputs::Quantiles(levels) => {
                if let Some(level) = levels.iter().find(|&&level| !(level > 0.0 && level < 1.0)) {
                    return Err(Error::parameter("levels", level, "above 0 and below 1"));
                }
                match levels.windows(2).find(|pair| pair[0] >= pair[1]) {
                    None => Ok(()),
                    Some(pair) => {
                        Err(Error::parameter("levels", format!("{} before {}", pair[0], pair[1]), "ascending"))
                    }
                }
            }
        }
    }

    /// One regression target of the given name.
    pub fn target(name: impl Into<String>) -> Self {
        Outputs::Targets(vec![name.into()])
    }

    /// How many columns a prediction has. A member with one row has `len` numbers.
    pub fn len(&self) -> usize {
        match self {
            Outputs::Classes(classes) => classes.len(),
            Outputs::Labels(names) | Outputs::Targets(names) => names.len(),
            Outputs::Quantiles(levels) => levels.len(),
        }
    }

    /// Whether there is no column.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The kind of problem.
    pub fn task(&self) -> Task {
        match self {
            Outputs::Classes(classes) if classes.len() == 2 => Task::Binary,
            Outputs::Classes(_) => Task::Multiclass,
            Outputs::Labels(_) => Task::Multilabel,
            Outputs::Targets(_) => Task::Regression,
            Outputs::Quantiles(_) => Task::Quantile,
        }
    }

    /// The name of column `k`; a quantile is named by its level.
    pub fn name(&self, k: usize) -> String {
        match self {
            Outputs::Classes(classes) => classes.names()[k].clone(),
            Outputs::Labels(names) | Outputs::Targets(names) => names[k].clone(),
            Outputs::Quantiles(levels) => levels[k].to_string(),
        }
    }

    /// What a model of this problem gives: probabilities of classes or labels, values of targets or quantiles.
    pub fn gives(&self) -> Gives {
        match self {
            Outputs::Classes(_) | Outputs::Labels(_) => Gives::Probabilities,
            Outputs::Targets(_) | Outputs::Quantiles(_) => Gives::Values,
        }
    }

    /// The classes of a classification problem.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for any other task; `by` is the method that needs classes.
    pub fn classes(&self, by: &str) -> Result<&Classes> {
        match self {
            Outputs::Classes(classes) => Ok(classes),
            other => Err(Error::Unsupported {
                by: by.into(),
                what: other.task().to_string(),
                hint: "it needs predictions over classes".into(),
            }),
        }
    }
}

fn all_differ(what: &'static str, names: &[String]) -> Result<()> {
    let mut known = std::collections::HashSet::new();
    match names.iter().find(|name| !known.insert(*name)) {
        None => Ok(()),
        Some(twice) => Err(Error::DuplicateName { what, name: twice.clone() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn saved_outputs_are_read_as_they_were_and_contradictions_are_refused() {
        let all =
            [Outputs::target("y"), Outputs::Quantiles(vec![0.1, 0.9]), Outputs::Labels(vec!["a".into(), "b".into()])];
        for outputs in all {
            let text = serde_json::to_string(&outputs).unwrap();
            assert_eq!(serde_json::from_str::<Outputs>(&text).unwrap(), outputs);
        }
        let refused = |text: &str| serde_json::from_str::<Outputs>(text).unwrap_err().to_string();
        assert!(refused(r#"{"targets":["y","z","y"]}"#).contains("duplicate target `y`"));
        assert!(refused(r#"{"labels":["a","a"]}"#).contains("duplicate label `a`"));
        assert!(refused(r#"{"quantiles":[0.1,1.5]}"#).contains("`levels` is 1.5, but must be above 0 and below 1"));
        assert!(refused(r#"{"quantiles":[0.0,0.5]}"#).contains("`levels` is 0"));
        assert!(refused(r#"{"quantiles":[0.5,0.5]}"#).contains("0.5 before 0.5, but must be ascending"));
    }
}
