use crate::Classes;

/// What every fallible function of this crate and of its traits returns.
///
/// ```
/// fn two_classes() -> consort_core::Result<consort_core::Classes> {
///     consort_core::Classes::new(["no", "yes"])
/// }
/// assert_eq!(two_classes()?.len(), 2);
/// # Ok::<(), consort_core::Error>(())
/// ```
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can be wrong with what a person gave. Each message says what is wrong, where, and what to do.
///
/// ```
/// use consort_core::{Error, Ids};
/// let Err(Error::DuplicateId { id, first, second, .. }) = Ids::from_texts(["a", "b", "a"]).index("m1.csv") else {
///     panic!("the id is doubled");
/// };
/// assert_eq!((id.as_str(), first, second), ("a", 1, 3));
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Two things that must be parallel are not.
    #[error("{what} has {got} {unit}, but {expected} {unit} are needed: {hint}")]
    Length {
        /// The thing of the wrong length.
        what: String,
        /// Its length.
        got: usize,
        /// The length it should have.
        expected: usize,
        /// What is counted, such as `rows`.
        unit: &'static str,
        /// What to do.
        hint: String,
    },
    /// The same row id twice in one place.
    #[error("{place}: duplicate id `{id}` (rows {first} and {second}, counted from 1): keep one row for each id")]
    DuplicateId {
        /// The file or member.
        place: String,
        /// The id.
        id: String,
        /// Its first row, from 1.
        first: usize,
        /// Its second row, from 1.
        second: usize,
    },
    /// An id that another place has is missing here.
    #[error(
        "{place}: missing id `{id}`, which {reference} has ({count} missing in all): add the row, or join with `inner`"
    )]
    MissingId {
        /// The place that lacks the id.
        place: String,
        /// The first missing id.
        id: String,
        /// The place that has it.
        reference: String,
        /// How many ids are missing.
        count: usize,
    },
    /// An id here is not known to the place that decides.
    #[error(
        "{place}: unknown id `{id}`, which {reference} does not have ({count} unknown in all): drop the row, or join with `inner`"
    )]
    UnknownId {
        /// The place that has the id.
        place: String,
        /// The first unknown id.
        id: String,
        /// The place that lacks it.
        reference: String,
        /// How many ids are unknown.
        count: usize,
    },
    /// A label that is not a class of the problem.
    #[error("{place}: class `{class}`{at} is not one of the classes {known}: no member predicts it; declare it or mend the label", at = row.map(|r| format!(" in row {r}")).unwrap_or_default())]
    UnknownClass {
        /// The file, column or member.
        place: String,
        /// The label found.
        class: String,
        /// The row, from 1, where there is one.
        row: Option<usize>,
        /// The classes declared.
        known: Classes,
    },
    /// A name twice where names must be unique.
    #[error("duplicate {what} `{name}`: give each {what} a name of its own")]
    DuplicateName {
        /// What is named: `member`, `class`, `column`.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// A name that nothing bears.
    #[error("unknown {what} `{name}`: {known}")]
    UnknownName {
        /// What was looked for.
        what: &'static str,
        /// The name asked for.
        name: String,
        /// What there is, in words.
        known: String,
    },
    /// A number that is not finite where it must be.
    #[error("{place}: row {row}{id}: {what} is {value}, which is not a finite number: mend the row, or choose a policy for missing predictions", id = id_text(id))]
    NotFinite {
        /// The member or file.
        place: String,
        /// The row, from 1.
        row: usize,
        /// The row's id, or nothing where rows have positions only.
        id: String,
        /// The column, class or target.
        what: String,
        /// The number.
        value: f64,
    },
    /// A row that is not a probability distribution.
    #[error("{place}: row {row}{id}: {problem}: give probabilities, or declare logits, scores or labels", id = id_text(id))]
    NotProbabilities {
        /// The member or file.
        place: String,
        /// The row, from 1.
        row: usize,
        /// The row's id, or nothing where rows have positions only.
        id: String,
        /// What is wrong, such as `the probabilities sum to 0.8`.
        problem: String,
    },
    /// A parameter out of its range.
    #[error("parameter `{name}` is {value}, but must be {expected}")]
    Parameter {
        /// The parameter.
        name: &'static str,
        /// Its value.
        value: String,
        /// The range allowed, in words.
        expected: String,
    },
    /// Something asked for that this does not do. Nothing is silently ignored.
    #[error("{by} does not support {what}: {hint}")]
    Unsupported {
        /// The method that refuses.
        by: String,
        /// What it refuses.
        what: String,
        /// What to do instead.
        hint: String,
    },
    /// Nothing to work on.
    #[error("{what} is empty: {hint}")]
    Empty {
        /// What is empty.
        what: String,
        /// What to do.
        hint: String,
    },
    /// A saved thing that cannot be read.
    #[error("{place}: {problem}")]
    Damaged {
        /// The file or section.
        place: String,
        /// What is wrong with it and what to do.
        problem: String,
    },
    /// A numerical method that did not reach its goal.
    #[error("{method} did not converge: {problem}")]
    NotConverged {
        /// The method.
        method: &'static str,
        /// How far it came and what to do.
        problem: String,
    },
    /// The work was cancelled.
    #[error("cancelled")]
    Cancelled,
    /// An error of a person's own learner, fuser, splitter or metric.
    #[error("{0}")]
    Custom(Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    /// An error of a person's own making, for implementations outside this workspace.
    ///
    /// ```
    /// let error = consort_core::Error::custom("my learner needs at least 10 rows");
    /// assert_eq!(error.to_string(), "my learner needs at least 10 rows");
    /// ```
    pub fn custom(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Custom(error.into())
    }

    /// A parameter out of its range.
    ///
    /// ```
    /// let error = consort_core::Error::parameter("rounds", 0, "at least 1");
    /// assert_eq!(error.to_string(), "parameter `rounds` is 0, but must be at least 1");
    /// ```
    pub fn parameter(name: &'static str, value: impl ToString, expected: impl Into<String>) -> Self {
        Self::Parameter { name, value: value.to_string(), expected: expected.into() }
    }
}

fn id_text(id: &str) -> String {
    if id.is_empty() { String::new() } else { format!(" (id `{id}`)") }
}
