//! A table in a file of any format: named columns that are visited cell by cell.

use crate::{Error, Result};

use super::{
    Format, Source,
    cell::Cell,
    columnar::{self, Columnar},
    delimited::{Delimited, Separator},
    input::Input,
    ipc::Ipc,
    npy::Array,
    parquet::Parquet,
};

/// What a column holds by its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Any text; of a CSV file every column is this, and its role decides. So are dates, moments and decimals.
    Text,
    /// Whole numbers or yes and no.
    Whole,
    /// Floats.
    Float,
    /// What cannot be read here: lists, times of day, durations.
    Other,
}

/// A file that is open. Every visit reads it anew; none keeps more than a record or a column.
pub(crate) enum Table {
    Delimited(Delimited),
    Columnar(Box<dyn Columnar>),
    Array(Array),
}

impl Table {
    pub(crate) fn open(source: &Source) -> Result<Self> {
        let format = source.format()?;
        let input = Input::new(source)?;
        if input.size == 0 {
            let hint = "write it again";
            return Err(Error::Empty { file: input.file, what: "the file is empty", hint });
        }
        let table = match format {
            Format::Csv => Table::Delimited(Delimited::open(input, Separator::Comma, false)?),
            Format::CsvGz => Table::Delimited(Delimited::open(input, Separator::Comma, true)?),
            Format::Tsv => Table::Delimited(Delimited::open(input, Separator::Tab, false)?),
            Format::TsvGz => Table::Delimited(Delimited::open(input, Separator::Tab, true)?),
            Format::Parquet => Table::Columnar(Box::new(Parquet::open(input)?)),
            Format::Ipc => Table::Columnar(Box::new(Ipc::open(input)?)),
            Format::Npy => Table::Array(Array::open(input)?),
        };
        let mut seen = std::collections::HashMap::new();
        for (column, name) in table.columns().iter().enumerate() {
            if let Some(first) = seen.insert(name.as_str(), column) {
                return Err(Error::DuplicateColumn {
                    file: table.file().into(),
                    column: name.clone(),
                    first: first + 1,
                    second: column + 1,
                });
            }
        }
        Ok(table)
    }

    pub(crate) fn file(&self) -> &str {
        match self {
            Table::Delimited(table) => &table.input.file,
            Table::Columnar(table) => &table.about().input.file,
            Table::Array(array) => &array.input.file,
        }
    }

    /// The names of the columns; an array has none.
    pub(crate) fn columns(&self) -> &[String] {
        match self {
            Table::Delimited(table) => &table.names,
            Table::Columnar(table) => &table.about().names,
            Table::Array(_) => &[],
        }
    }

    pub(super) fn find(&self, name: &str) -> Option<usize> {
        self.columns().iter().position(|column| column == name)
    }

    pub(super) fn kind(&self, column: usize) -> Kind {
        match self {
            Table::Delimited(_) => Kind::Text,
            Table::Columnar(table) => table.about().kind(column),
            Table::Array(_) => Kind::Float,
        }
    }

    /// An error that says which columns there are.
    pub(crate) fn no_column(&self, role: &'static str, name: &str, hint: &str) -> Error {
        no_column(self.file().into(), self.columns().iter().map(String::as_str), role, name, hint)
    }

    /// Whether a column holds floats by its type.
    pub(crate) fn is_float(&self, column: usize) -> bool {
        self.kind(column) == Kind::Float
    }

    /// Visits the cells of some columns as texts, with row and place in `columns`; a missing one is `None`. Gives the
    /// number of rows. Cells come row by row or column by column, rows ascending in each column.
    pub(crate) fn texts(
        &self,
        columns: &[usize],
        sink: impl FnMut(usize, usize, Option<&str>) -> Result<()>,
    ) -> Result<usize> {
        let rows = match self {
            Table::Delimited(table) => table.texts(columns, sink)?,
            Table::Columnar(table) => columnar::texts(&**table, columns, sink)?,
            Table::Array(array) => array.rows,
        };
        if rows == 0 {
            let hint = "write one row for each id";
            return Err(Error::Empty { file: self.file().into(), what: "no row below the header", hint });
        }
        Ok(rows)
    }

    /// As [`texts`](Self::texts), as numbers; a missing one is NaN. The columns of an array need not be named.
    pub(super) fn numbers(
        &self,
        columns: &[usize],
        sink: impl FnMut(usize, usize, f64) -> Result<()>,
    ) -> Result<usize> {
        match self {
            Table::Delimited(table) => table.numbers(columns, sink),
            Table::Columnar(table) => columnar::numbers(&**table, columns, sink),
            Table::Array(array) => array.numbers(sink),
        }
    }

    /// Visits the cells of some columns as their types say, in the order of [`texts`](Self::texts). Gives the number
    /// of rows. Columns that are [`unreadable`](Self::unreadable) must not be asked for.
    pub(crate) fn cells(
        &self,
        columns: &[usize],
        mut sink: impl FnMut(usize, usize, Cell<'_>) -> Result<()>,
    ) -> Result<usize> {
        let rows = match self {
            Table::Delimited(table) => {
                table.texts(columns, |row, which, text| sink(row, which, text.map_or(Cell::Missing, Cell::Text)))?
            }
            Table::Columnar(table) => columnar::cells(&**table, columns, sink)?,
            Table::Array(array) => array.rows,
        };
        if rows == 0 {
            let hint = "a table needs rows";
            return Err(Error::Empty { file: self.file().into(), what: "no row below the header", hint });
        }
        Ok(rows)
    }

    /// What a column holds, in words, if its cells cannot be read.
    pub(crate) fn unreadable(&self, column: usize) -> Option<String> {
        match self {
            Table::Delimited(_) | Table::Array(_) => None,
            Table::Columnar(table) => table.about().unreadable(column),
        }
    }
}

/// An error of a file that lacks a column; it says which columns there are.
pub(crate) fn no_column<'a>(
    file: String,
    columns: impl ExactSizeIterator<Item = &'a str> + Clone,
    role: &'static str,
    name: &str,
    hint: &str,
) -> Error {
    const SHOWN: usize = 20;
    let mut seen = columns.clone().take(SHOWN).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    if columns.len() > SHOWN {
        seen += &format!(" and {} more", columns.len() - SHOWN);
    }
    Error::NoColumn { file, role, column: name.into(), seen, hint: hint.into() }
}
