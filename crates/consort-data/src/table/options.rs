use consort_core::Task;
use serde::{Deserialize, Serialize};

use crate::{Error, Result};

use super::{Roles, Table};

/// What is done with rows that lack the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MissingTarget {
    /// An error that names the first such row and says how many there are.
    #[default]
    Error,
    /// They are left out, with a warning.
    Drop,
}

/// What is done with features that are infinite, or beyond the range of 32-bit floats (±3.4·10³⁸).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Infinite {
    /// An error that names column and row.
    #[default]
    Error,
    /// They are missing.
    Missing,
}

/// How a [`Schema`](super::Schema) is inferred. What is `None` is judged from the columns.
///
/// ```
/// use consort_data::table::{MissingTarget, SchemaOptions};
/// let options = SchemaOptions { missing_target: MissingTarget::Drop, ..SchemaOptions::default() };
/// assert_eq!(options.task, None);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SchemaOptions {
    /// The kind of problem.
    pub task: Option<Task>,
    /// The classes, in order; by default those that occur, numeric if all are numbers, else by bytes.
    pub classes: Option<Vec<String>>,
    /// The positive class; by default the last.
    pub positive: Option<String>,
    /// What is done with rows that lack the target.
    pub missing_target: MissingTarget,
    /// What is done with features that are infinite.
    pub infinite: Infinite,
    /// Columns that are categories, whatever they hold.
    pub categorical: Vec<String>,
    /// Columns that are numbers, even if they look like codes or ids.
    pub numeric: Vec<String>,
}

impl SchemaOptions {
    /// Checks that each column named is a feature, of one kind.
    pub(super) fn check(&self, table: &Table, roles: &Roles) -> Result<()> {
        let kinds = [
            ("categorical", &self.categorical, "check the spelling of `--categorical`"),
            ("numeric", &self.numeric, "check the spelling of `--numeric`"),
        ];
        for (kind, names, hint) in kinds {
            for name in names {
                if table.column(name).is_none() {
                    return Err(table.no_column(kind, name, hint));
                }
                let problem = if !roles.leaves(name) {
                    format!("the column `{name}` is said to be {kind}, but it is no feature")
                } else if self.categorical.contains(name) && self.numeric.contains(name) {
                    format!("the column `{name}` is said to be both categorical and numeric")
                } else {
                    continue;
                };
                return Err(Error::Unclear { file: table.file(), problem, hint: "say one of the two".into() });
            }
        }
        Ok(())
    }
}
