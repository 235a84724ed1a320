use serde::{Deserialize, Serialize};

/// What a draw of rows takes whole or keeps in proportion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum By {
    /// Rows, each as likely as any other.
    #[default]
    Rows,
    /// Rows, with every class (or bin of a continuous target) in proportion.
    Classes,
    /// Whole groups; sizes count groups.
    Groups,
    /// The latest times; sizes count distinct times. Nothing is drawn at random.
    Time,
}

impl By {
    /// The word in messages and files.
    pub(super) fn word(self) -> &'static str {
        match self {
            By::Rows => "rows",
            By::Classes => "classes",
            By::Groups => "groups",
            By::Time => "time",
        }
    }
}
