use serde::{Deserialize, Serialize};

/// A small table of texts; the first column names the row.
///
/// ```
/// use consort_plot::Table;
/// let mut table = Table::new("Weights", ["member", "weight"]);
/// table.push(["forest".into(), "0.3".into()]);
/// assert_eq!(table.rows.len(), 1);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Table {
    /// What the table holds.
    pub caption: String,
    /// The names of the columns.
    pub head: Vec<String>,
    /// The rows.
    pub rows: Vec<Vec<String>>,
    /// How many more rows there are than are shown.
    pub left_out: usize,
}

impl Table {
    /// The most rows that a table under a chart has.
    pub const MOST: usize = 250;

    /// A table without rows.
    pub fn new<S: Into<String>>(caption: impl Into<String>, head: impl IntoIterator<Item = S>) -> Self {
        Self {
            caption: caption.into(),
            head: head.into_iter().map(Into::into).collect(),
            rows: Vec::new(),
            left_out: 0,
        }
    }

    /// Adds a row; beyond [`Table::MOST`] rows are counted only.
    pub fn push(&mut self, row: impl IntoIterator<Item = String>) {
        if self.rows.len() < Self::MOST {
            self.rows.push(row.into_iter().collect());
        } else {
            self.left_out += 1;
        }
    }
}
