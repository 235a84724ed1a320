use serde::{Deserialize, Serialize};

use super::column::Stray;

/// A column that is no feature, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SetAside {
    /// The column.
    pub column: String,
    /// The reason.
    pub why: Why,
}

/// Why a column is set aside.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "reason")]
#[non_exhaustive]
pub enum Why {
    /// A person said so.
    Ignored,
    /// No row has anything in it.
    Missing,
    /// All rows have the same.
    Constant {
        /// What they have.
        value: String,
    },
    /// Every row has a text of its own.
    Distinct {
        /// How many.
        rows: usize,
    },
    /// It is called as an id is, and nearly every row has a number of its own.
    NearlyDistinct {
        /// How many numbers.
        values: usize,
        /// How many rows.
        rows: usize,
    },
    /// It is called `id` and every row has a float of its own, which loses digits.
    FloatIds,
    /// The rows are numbered.
    RunningNumber {
        /// The least number.
        from: f64,
        /// The greatest.
        to: f64,
    },
    /// Too many different texts for a category.
    ManyTexts {
        /// How many, where they were counted to the end.
        levels: Option<usize>,
        /// How many rows have one.
        rows: usize,
        /// Where most are numbers, the first text that is none, and its row from 1.
        stray: Option<(usize, String)>,
        /// How many rows hold that text.
        #[serde(default)]
        stray_rows: usize,
    },
    /// Its cells cannot be read.
    Unreadable {
        /// What it holds.
        what: String,
    },
}

impl Why {
    pub(super) fn many_texts(levels: Option<usize>, rows: usize, stray: Option<&Stray>) -> Self {
        Why::ManyTexts {
            levels,
            rows,
            stray: stray.map(|stray| (stray.row + 1, stray.text.clone())),
            stray_rows: stray.map_or(0, |stray| stray.rows),
        }
    }
}

impl std::fmt::Display for Why {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Why::Ignored => f.write_str("it is to be ignored"),
            Why::Missing => f.write_str("all of it is missing"),
            Why::Constant { value } => write!(f, "it is `{value}` in every row"),
            Why::Distinct { rows } => write!(f, "its {rows} texts are all different, as of an id"),
            Why::NearlyDistinct { values, rows } => {
                write!(
                    f,
                    "its name is that of an id, and {values} different numbers in {rows} rows are too; some occur twice"
                )
            }
            Why::FloatIds => f.write_str(
                "it looks like row ids, but holds floats, which lose digits: write it as text or whole numbers",
            ),
            Why::RunningNumber { from, to } => write!(f, "it numbers the rows from {from} to {to}, as an id does"),
            Why::ManyTexts { levels, rows, stray, stray_rows } => {
                match levels {
                    Some(levels) => {
                        write!(f, "it has {levels} different texts in {rows} rows, too many for a category")?
                    }
                    None => write!(f, "it has very many different texts, too many for a category")?,
                }
                match stray {
                    Some((row, text)) => write!(
                        f,
                        "; most are numbers, and the first that is none is `{text}` in row {row} ({stray_rows} in all): mend it, or name it with `--missing-values`, to use the column"
                    ),
                    None => Ok(()),
                }
            }
            Why::Unreadable { what } => write!(f, "it holds {what}"),
        }
    }
}

impl std::fmt::Display for SetAside {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "column `{}` is set aside: {}", self.column, self.why)
    }
}
