//! Tables of typed columns, in whatever file: cells as texts, as numbers, as their types say.

use polars_arrow::{array::Array, datatypes::ArrowDataType};

use crate::{Error, Result};

use super::{
    arrow::{self, cells_of, numbers_of, texts_of},
    cell::Cell,
    input::Input,
    number,
    table::Kind,
};

/// A file whose columns are read one at a time, as Arrow arrays.
pub(crate) trait Columnar: Send + Sync {
    /// What is known before a column is read.
    fn about(&self) -> &About;

    /// Decodes a column part by part, and gives each array with the row where it starts. It is not asked for columns
    /// without a type. The arrays have as many rows as the file.
    ///
    /// # Errors
    /// [`Error::Damaged`], and those of `visit`.
    fn arrays(&self, column: usize, visit: &mut dyn FnMut(usize, &dyn Array) -> Result<()>) -> Result<()>;
}

/// What is known of a table of typed columns before one is read.
pub(crate) struct About {
    pub(super) input: Input,
    pub(super) format: &'static str,
    pub(super) names: Vec<String>,
    /// The type of each column; a nested one has none.
    pub(super) types: Vec<Option<ArrowDataType>>,
    pub(super) rows: usize,
}

impl About {
    pub(super) fn kind(&self, column: usize) -> Kind {
        self.types[column].as_ref().map_or(Kind::Other, arrow::kind)
    }

    /// What a column holds, in words, if its cells cannot be read.
    pub(super) fn unreadable(&self, column: usize) -> Option<String> {
        self.types[column].as_ref().map_or(Some("nested values".into()), arrow::unreadable)
    }

    fn wrong_type(&self, column: usize, role: &'static str) -> Error {
        Error::ColumnType {
            file: self.input.file.clone(),
            column: self.names[column].clone(),
            found: match &self.types[column] {
                Some(dtype) => format!("{dtype:?}"),
                None => "nested values".into(),
            },
            role,
            hint: "store texts, whole numbers, or floats of 32 or 64 bits",
        }
    }

    fn expect_plain(&self, column: usize, role: &'static str) -> Result<()> {
        if self.kind(column) == Kind::Other { Err(self.wrong_type(column, role)) } else { Ok(()) }
    }

    /// How many bytes of text there may be: a dictionary can repeat one long text for every row, and a file may not blow
    /// up without end.
    fn most_text(&self) -> u64 {
        (64u64 << 20) + self.input.most_cells()
    }

    fn too_much_text(&self) -> Error {
        self.input.damaged(self.format, "its texts are far larger than the file")
    }
}

/// The cells of some columns as texts; see [`Table::texts`](super::table::Table::texts).
pub(super) fn texts(
    table: &dyn Columnar,
    columns: &[usize],
    mut sink: impl FnMut(usize, usize, Option<&str>) -> Result<()>,
) -> Result<usize> {
    let about = table.about();
    let mut left = about.most_text();
    for (which, &column) in columns.iter().enumerate() {
        const ROLE: &str = "a text or a whole number";
        about.expect_plain(column, ROLE)?;
        table.arrays(column, &mut |start, array| {
            let mut put = |i: usize, text: Option<&str>| {
                left = left.saturating_sub(text.map_or(0, |text| text.len() as u64));
                if left == 0 {
                    return Err(about.too_much_text());
                }
                sink(start + i, which, text.filter(|text| !text.is_empty()))
            };
            texts_of(array, &mut put).unwrap_or_else(|| Err(about.wrong_type(column, ROLE)))
        })?;
    }
    Ok(about.rows)
}

/// The cells of some columns as numbers; see [`Table::numbers`](super::table::Table::numbers).
pub(super) fn numbers(
    table: &dyn Columnar,
    columns: &[usize],
    mut sink: impl FnMut(usize, usize, f64) -> Result<()>,
) -> Result<usize> {
    let about = table.about();
    for (which, &column) in columns.iter().enumerate() {
        about.expect_plain(column, "a number")?;
        table.arrays(column, &mut |start, array| {
            if let Some(done) = numbers_of(array, |i, value| sink(start + i, which, value)) {
                return done;
            }
            let mut put = |i: usize, text: Option<&str>| {
                let value = number::parse(text.unwrap_or_default().as_bytes());
                let value = value.ok_or_else(|| Error::NotNumber {
                    file: about.input.file.clone(),
                    at: format!("row {}", start + i + 1),
                    column: about.names[column].clone(),
                    text: text.unwrap_or_default().chars().take(40).collect(),
                    hint: "mend it, or leave it empty where the prediction is missing",
                })?;
                sink(start + i, which, value)
            };
            texts_of(array, &mut put).unwrap_or_else(|| Err(about.wrong_type(column, "a number")))
        })?;
    }
    Ok(about.rows)
}

/// Each cell as its type says; see [`Table::cells`](super::table::Table::cells).
pub(super) fn cells(
    table: &dyn Columnar,
    columns: &[usize],
    mut sink: impl FnMut(usize, usize, Cell<'_>) -> Result<()>,
) -> Result<usize> {
    let about = table.about();
    let mut left = about.most_text();
    for (which, &column) in columns.iter().enumerate() {
        table.arrays(column, &mut |start, array| {
            let mut put = |i: usize, cell: Cell<'_>| {
                if let Cell::Text(text) = cell {
                    left = left.saturating_sub(text.len() as u64);
                }
                if left == 0 {
                    return Err(about.too_much_text());
                }
                sink(start + i, which, cell)
            };
            cells_of(array, &mut put).unwrap_or_else(|| Err(about.wrong_type(column, "a feature")))
        })?;
    }
    Ok(about.rows)
}
