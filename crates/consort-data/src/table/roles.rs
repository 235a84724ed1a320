use serde::{Deserialize, Serialize};

use crate::Result;

use super::Table;

/// Which columns of a table are not features, and what they are.
///
/// ```
/// use consort_data::table::Roles;
/// let roles = Roles { group: Some("patient".into()), ..Roles::target("outcome") };
/// assert_eq!(roles.target, "outcome");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Roles {
    /// What is to be predicted.
    pub target: String,
    /// The ids of the rows. A column `id` of different texts is taken for it where none is named.
    #[serde(default)]
    pub id: Option<String>,
    /// A weight for each row: 0 is an absent row, 2 the row twice.
    #[serde(default)]
    pub weight: Option<String>,
    /// What rows belong together, such as a patient.
    #[serde(default)]
    pub group: Option<String>,
    /// When a row happened: numbers, or dates in ISO 8601.
    #[serde(default)]
    pub time: Option<String>,
    /// The fold that tests a row.
    #[serde(default)]
    pub fold: Option<String>,
    /// Columns that are not to be used.
    #[serde(default)]
    pub ignore: Vec<String>,
}

impl Roles {
    /// A target and nothing else.
    pub fn target(name: impl Into<String>) -> Self {
        Self { target: name.into(), ..Self::default() }
    }

    /// Whether a column is a feature as far as its name goes.
    pub(super) fn leaves(&self, name: &str) -> bool {
        let others = [&self.id, &self.weight, &self.group, &self.time, &self.fold];
        name != self.target
            && others.iter().all(|other| other.as_deref() != Some(name))
            && !self.ignore.iter().any(|other| other == name)
    }

    /// Checks that each column named is there, and that the target has no second role.
    pub(super) fn check(&self, table: &Table) -> Result<()> {
        let named = [
            ("target", Some(&self.target), "name it with `--target`"),
            ("id", self.id.as_ref(), "`--id` must name a column of the table"),
            ("weight", self.weight.as_ref(), "`--weight` must name a column of the table"),
            ("group", self.group.as_ref(), "`--group` must name a column of the table"),
            ("time", self.time.as_ref(), "`--time` must name a column of the table"),
            ("fold", self.fold.as_ref(), "`--fold` must name a column of the table"),
        ];
        let ignored = self.ignore.iter().map(|name| ("ignored", Some(name), "check the spelling of `--ignore`"));
        for (role, name, hint) in named.into_iter().chain(ignored) {
            let Some(name) = name else { continue };
            if table.column(name).is_none() {
                return Err(table.no_column(role, name, hint));
            }
            if role != "target" && *name == self.target {
                return Err(crate::Error::Unclear {
                    file: table.file(),
                    problem: format!("the column `{name}` is both the target and the {role} column"),
                    hint: "give each role a column of its own".into(),
                });
            }
        }
        Ok(())
    }
}
