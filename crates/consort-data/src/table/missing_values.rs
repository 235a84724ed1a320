use serde::{Deserialize, Serialize};

use crate::files::Cell;

/// What a person says is missing in a table, beside what always is: texts, and numbers however they are written.
///
/// ```
/// use consort_data::{files::{Format, Source}, table::{self, MissingValues}};
/// let source = Source::bytes("t.csv", Format::Csv, &b"x,y\n-,1\n7,-999.0\n"[..]);
/// let table = table::read_with(&source, &MissingValues::new(["-", "-999"]))?;
/// assert_eq!((table.columns()[0].missing(), table.columns()[1].missing()), (1, 1));
/// # Ok::<(), consort_data::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(from = "Vec<String>", into = "Vec<String>")]
pub struct MissingValues {
    texts: Vec<String>,
    numbers: Vec<f64>,
}

impl MissingValues {
    /// These texts, without the blanks around them.
    pub fn new<S: AsRef<str>>(texts: impl IntoIterator<Item = S>) -> Self {
        let texts: Vec<String> = texts.into_iter().map(|text| text.as_ref().trim().to_owned()).collect();
        let numbers = texts.iter().filter_map(|text| text.parse().ok()).collect();
        Self { texts, numbers }
    }

    /// The texts.
    pub fn texts(&self) -> &[String] {
        &self.texts
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    pub(super) fn has(&self, text: &str) -> bool {
        if self.is_empty() {
            return false;
        }
        let text = text.trim();
        self.texts.iter().any(|missing| missing == text)
            || !self.numbers.is_empty() && text.parse().is_ok_and(|number| self.numbers.contains(&number))
    }

    /// The cell, or a missing one where it is so by what a person says.
    pub(super) fn cell<'a>(&self, cell: Cell<'a>) -> Cell<'a> {
        match cell {
            Cell::Text(text) if self.has(text) => Cell::Missing,
            Cell::Number(number) if self.numbers.contains(&number) => Cell::Missing,
            cell => cell,
        }
    }
}

impl From<Vec<String>> for MissingValues {
    fn from(texts: Vec<String>) -> Self {
        Self::new(texts)
    }
}

impl From<MissingValues> for Vec<String> {
    fn from(values: MissingValues) -> Self {
        values.texts
    }
}
