use std::{borrow::Cow, ops::Range};

use consort_core::{Error, Result, Samples, blocks};

use super::{Schema, schema::Source};

/// Rows that are gathered and worked on at once, so that they stay in a core's cache.
pub(crate) const CHUNK: usize = 512;

/// The chunks of a range of rows, each with at most [`CHUNK`].
pub(crate) fn chunks(rows: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    rows.clone().step_by(CHUNK).map(move |start| start..(start + CHUNK).min(rows.end))
}

/// Some rows of a data set, all of whose features are finite numbers: borrowed, and gathered part by part.
#[derive(Debug, Clone)]
pub(crate) struct Table<'a> {
    source: Source<'a>,
    /// The data set's row of each row; `None` where they are all rows in order.
    rows: Option<Cow<'a, [u32]>>,
    len: usize,
}

impl<'a> Table<'a> {
    /// The features of a model for rows to be predicted.
    ///
    /// # Errors
    /// As [`Schema::find`], and as [`Table::new`].
    pub(crate) fn known(by: &str, schema: &Schema, samples: &Samples<'a>) -> Result<Self> {
        let source = schema.find(by, samples.dataset())?;
        Self::new(by, schema, source, samples, samples.row_numbers().map(Cow::Borrowed))
    }

    /// The rows given, after a look at every number.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for a missing number and [`Error::NotFinite`] for an infinite one, with row and column;
    /// the first row decides, in it the first column.
    pub(crate) fn new(
        by: &str,
        schema: &Schema,
        source: Source<'a>,
        samples: &Samples<'a>,
        rows: Option<Cow<'a, [u32]>>,
    ) -> Result<Self> {
        let len = rows.as_ref().map_or(samples.dataset().rows(), |rows| rows.len());
        let table = Self { source, rows, len };
        let bad = blocks::map(len, |block| table.first_bad(block));
        let Some((i, f)) = bad.into_iter().flatten().next() else { return Ok(table) };
        let (row, name, value) = (table.row(i), &schema.names()[f], table.at(i, f));
        let ids = samples.dataset().ids();
        if value.is_nan() {
            let id = ids.label(row);
            let id = if id.is_empty() { id } else { format!(" (id `{id}`)") };
            return Err(Error::Unsupported {
                by: by.into(),
                what: format!("missing values, such as in row {}{id} of column `{name}`", row + 1),
                hint: "impute them first, such as by the median".into(),
            });
        }
        Err(Error::NotFinite {
            place: format!("the features of {by}"),
            row: row + 1,
            id: ids.label(row),
            what: format!("column `{name}`"),
            value: f64::from(value),
        })
    }

    /// The first row of a block, and its first column, whose number is not finite.
    fn first_bad(&self, block: Range<usize>) -> Option<(usize, usize)> {
        // NaN and infinities times 0 are NaN, and a sum keeps it; written so, the loop compiles to wide loads.
        let clean = |values: &mut dyn Iterator<Item = f32>| values.fold(0.0, |sum, x| sum + x * 0.0) == 0.0;
        let is_clean = match &self.source {
            Source::Columns(columns) => columns.iter().all(|column| match &self.rows {
                None => clean(&mut column[block.clone()].iter().copied()),
                Some(rows) => clean(&mut rows[block.clone()].iter().map(|&row| column[row as usize])),
            }),
            Source::Block { values, width } => block.clone().all(|i| {
                let start = self.row(i) * width;
                clean(&mut values[start..start + width].iter().copied())
            }),
        };
        if is_clean {
            return None;
        }
        block.flat_map(|i| (0..self.width()).map(move |f| (i, f))).find(|&(i, f)| !self.at(i, f).is_finite())
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn width(&self) -> usize {
        self.source.width()
    }

    /// The data set's row of row `i`.
    pub(crate) fn row(&self, i: usize) -> usize {
        self.rows.as_ref().map_or(i, |rows| rows[i] as usize)
    }

    /// The rows at these places.
    pub(crate) fn only(&self, places: &[usize]) -> Self {
        let rows = places.iter().map(|&i| self.row(i) as u32).collect();
        Self { source: self.source.clone(), rows: Some(Cow::Owned(rows)), len: places.len() }
    }

    /// Feature `f` of row `i`.
    pub(crate) fn at(&self, i: usize, f: usize) -> f32 {
        match &self.source {
            Source::Columns(columns) => columns[f][self.row(i)],
            Source::Block { values, width } => values[self.row(i) * width + f],
        }
    }

    /// Gathers feature `f` of some rows.
    pub(crate) fn column(&self, f: usize, rows: Range<usize>, out: &mut [f64]) {
        match (&self.source, &self.rows) {
            (Source::Columns(columns), None) => {
                out.iter_mut().zip(&columns[f][rows]).for_each(|(to, &x)| *to = f64::from(x));
            }
            (Source::Columns(columns), Some(places)) => {
                let column = columns[f];
                out.iter_mut().zip(&places[rows]).for_each(|(to, &row)| *to = f64::from(column[row as usize]));
            }
            (Source::Block { .. }, _) => {
                out.iter_mut().zip(rows).for_each(|(to, i)| *to = f64::from(self.at(i, f)));
            }
        }
    }

    /// Gathers some rows, column after column: `[feature][row]`.
    pub(crate) fn columns(&self, rows: Range<usize>, out: &mut [f64]) {
        if let Source::Block { values, width } = &self.source {
            let height = rows.len();
            for (n, i) in rows.enumerate() {
                let start = self.row(i) * width;
                for (f, &x) in values[start..start + width].iter().enumerate() {
                    out[f * height + n] = f64::from(x);
                }
            }
            return;
        }
        for (f, out) in out.chunks_exact_mut(rows.len().max(1)).enumerate() {
            self.column(f, rows.clone(), out);
        }
    }

    /// Gathers some rows, row after row: `[row][feature]`.
    pub(crate) fn rows(&self, rows: Range<usize>, out: &mut [f32]) {
        let width = self.width();
        match &self.source {
            Source::Block { values, .. } => {
                for (out, i) in out.chunks_exact_mut(width.max(1)).zip(rows) {
                    let start = self.row(i) * width;
                    out.copy_from_slice(&values[start..start + width]);
                }
            }
            Source::Columns(columns) => {
                for (f, column) in columns.iter().enumerate() {
                    let places = out[f..].iter_mut().step_by(width);
                    places.zip(rows.clone()).for_each(|(to, i)| *to = column[self.row(i)]);
                }
            }
        }
    }

    /// All rows, row after row.
    pub(crate) fn all_rows(&self) -> Vec<f32> {
        let mut out = vec![0.0; self.len * self.width()];
        let filled: Result<()> = blocks::fill(&mut out, self.width(), |rows, out| {
            self.rows(rows, out);
            Ok(())
        });
        // The work above has no error to give.
        debug_assert!(filled.is_ok());
        out
    }
}
