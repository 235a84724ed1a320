use serde::{Deserialize, Serialize};

/// Something that a person should know, though the work went on. Its text is made for people.
///
/// ```
/// use consort_core::Warning;
/// let warning = Warning::RowsLeftOut { rows: 2, why: "b.csv lacks their ids".into() };
/// assert_eq!(warning.to_string(), "2 rows left out: b.csv lacks their ids");
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
#[non_exhaustive]
pub enum Warning {
    /// A member does not predict a class that others do.
    AbsentClass {
        /// The member.
        member: String,
        /// The class.
        class: String,
    },
    /// A class has fewer rows than there are folds.
    SmallClass {
        /// The class.
        class: String,
        /// Its rows.
        rows: usize,
        /// The folds asked for.
        folds: usize,
    },
    /// Rows that were left out, and why.
    RowsLeftOut {
        /// How many.
        rows: usize,
        /// Why.
        why: String,
    },
    /// A member was sure of a class and wrong.
    SaturatedWrong {
        /// The member.
        member: String,
        /// How many rows got probability 0 for their true class.
        rows: usize,
    },
    /// A score that has no value.
    Undefined {
        /// The metric.
        metric: String,
        /// Whose score it is.
        of: String,
        /// Why there is no value.
        reason: String,
    },
    /// Rows for which the rule makes no decision.
    NoDecision {
        /// How many.
        rows: usize,
        /// Why.
        why: String,
    },
    /// Anything else.
    Note {
        /// The text.
        text: String,
    },
}

impl std::fmt::Display for Warning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let s = |n: &usize| if *n == 1 { "" } else { "s" };
        match self {
            Warning::AbsentClass { member, class } => {
                write!(f, "member `{member}` never predicts class `{class}`; its probability there counts as 0")
            }
            Warning::SmallClass { class, rows, folds } => {
                write!(f, "class `{class}` has {rows} row{}, fewer than the {folds} folds: some folds lack it", s(rows))
            }
            Warning::RowsLeftOut { rows, why } => write!(f, "{rows} row{} left out: {why}", s(rows)),
            Warning::SaturatedWrong { member, rows } => write!(
                f,
                "member `{member}` gives probability 0 to the true class of {rows} row{}; each costs about 36 in log loss",
                s(rows)
            ),
            Warning::Undefined { metric, of, reason } => write!(f, "{metric} of `{of}` is undefined: {reason}"),
            Warning::NoDecision { rows, why } => write!(f, "no decision for {rows} row{}: {why}", s(rows)),
            Warning::Note { text } => f.write_str(text),
        }
    }
}
