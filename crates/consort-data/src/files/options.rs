use consort_core::{Gives, Missing, Task};

/// Which rows are kept where files do not have the same ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Join {
    /// All files must have the same ids.
    #[default]
    Exact,
    /// The rows whose id every file has; how many are left out is reported. A doubled id is still an error.
    Inner,
}

/// What a class counts for that a member does not have a column for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ClassesMissing {
    /// The member gives it probability 0, with a warning.
    #[default]
    Zero,
    /// The member is left out of that class; [`Loaded::known`](super::Loaded::known) says of which.
    KnownOnly,
}

/// How files of predictions are to be read. What is `None` is judged from the columns, and said in
/// [`Loaded::judged`](super::Loaded::judged).
///
/// ```
/// use consort_data::files::ReadOptions;
/// let options = ReadOptions { id: "row".into(), target: Some("outcome".into()), ..ReadOptions::default() };
/// assert!(!options.wide);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ReadOptions {
    /// The column of row ids; `id` by default.
    pub id: String,
    /// The column of the truth; `y` if there is one.
    pub target: Option<String>,
    /// The column of row weights; none by default.
    pub weight: Option<String>,
    /// The column that says in which fold a row was predicted; `fold` if the truth or a wide file has one.
    pub fold: Option<String>,
    /// The column of groups of rows that belong together; none by default.
    pub group: Option<String>,
    /// The positive class; the last in class order by default.
    pub positive: Option<String>,
    /// The classes, in order; judged from the columns by default.
    pub classes: Option<Vec<String>>,
    /// What the numbers are.
    pub inputs: Option<Gives>,
    /// The kind of problem.
    pub task: Option<Task>,
    /// What is done with predictions that are missing.
    pub missing: Missing,
    /// What is done with ids that not every file has.
    pub join: Join,
    /// What is done with classes that not every member has.
    pub classes_missing: ClassesMissing,
    /// Whether each file is wide: one column a member.
    pub wide: bool,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self {
            id: "id".into(),
            target: None,
            weight: None,
            fold: None,
            group: None,
            positive: None,
            classes: None,
            inputs: None,
            task: None,
            missing: Missing::Error,
            join: Join::Exact,
            classes_missing: ClassesMissing::Zero,
            wide: false,
        }
    }
}
