use std::io::Write;
use std::ops::Range;
use std::path::Path;

use consort_core::{Gives, Ids, Matrix, Outputs};
use polars::prelude::{Column, DataFrame, NamedFrom, ParquetWriter, Series};

use crate::{Error, Result};

use super::{Format, Style, layout::SCORES, publish};

/// The cells of one column of a table that is to be written.
#[derive(Debug, Clone, PartialEq)]
pub enum Cells {
    /// Texts; `None` is an empty field.
    Text(Vec<Option<String>>),
    /// Whole numbers.
    Whole(Vec<i64>),
    /// Numbers in 32 bits; NaN is an empty field (a null in Parquet).
    Single(Vec<f32>),
    /// Numbers in 64 bits; NaN is an empty field (a null in Parquet).
    Double(Vec<f64>),
}

impl Cells {
    fn len(&self) -> usize {
        match self {
            Cells::Text(cells) => cells.len(),
            Cells::Whole(cells) => cells.len(),
            Cells::Single(cells) => cells.len(),
            Cells::Double(cells) => cells.len(),
        }
    }

    /// The text of a cell, the shortest that reads back as the same number; nothing for a missing one.
    fn text(&self, row: usize, text: &mut Vec<u8>) -> std::io::Result<()> {
        text.clear();
        // Very small and very large numbers are short with an exponent and long without.
        let plain = |size: f64| size == 0.0 || (1e-5..1e16).contains(&size);
        match self {
            Cells::Text(cells) => text.write_all(cells[row].as_deref().unwrap_or_default().as_bytes()),
            Cells::Whole(cells) => write!(text, "{}", cells[row]),
            Cells::Single(cells) if cells[row].is_nan() => Ok(()),
            Cells::Single(cells) if plain(f64::from(cells[row]).abs()) => write!(text, "{}", cells[row]),
            Cells::Single(cells) => write!(text, "{:e}", cells[row]),
            Cells::Double(cells) if cells[row].is_nan() => Ok(()),
            Cells::Double(cells) if plain(cells[row].abs()) => write!(text, "{}", cells[row]),
            Cells::Double(cells) => write!(text, "{:e}", cells[row]),
        }
    }

    fn series(&self, name: &str) -> Series {
        match self {
            Cells::Text(cells) => Series::new(name.into(), cells),
            Cells::Whole(cells) => Series::new(name.into(), cells),
            Cells::Single(cells) => {
                Series::new(name.into(), cells.iter().map(|x| (!x.is_nan()).then_some(*x)).collect::<Vec<_>>())
            }
            Cells::Double(cells) => {
                Series::new(name.into(), cells.iter().map(|x| (!x.is_nan()).then_some(*x)).collect::<Vec<_>>())
            }
        }
    }
}

/// Writes a table as CSV or Parquet, by the ending of the path, whole or not at all.
///
/// ```
/// # let dir = tempfile::tempdir()?;
/// use consort_data::files::{Cells, write_table};
/// let path = dir.path().join("split.csv");
/// write_table(&path, &[("id", Cells::Text(vec![Some("007".into())])), ("fold", Cells::Whole(vec![3]))])?;
/// assert_eq!(std::fs::read_to_string(path)?, "id,fold\n007,3\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`Error::Format`] for another ending; an error of `consort-core` if the columns differ in length;
/// [`Error::DuplicateColumn`] if two share a name; [`Error::Io`].
pub fn write_table<S: AsRef<str>>(path: &Path, columns: &[(S, Cells)]) -> Result<()> {
    let rows = columns.first().map_or(0, |(_, cells)| cells.len());
    for (name, cells) in columns {
        let name = name.as_ref();
        if cells.len() != rows {
            return Err(consort_core::Error::Length {
                what: format!("column `{name}`"),
                got: cells.len(),
                expected: rows,
                unit: "rows",
                hint: "all columns of a table have the same rows".into(),
            }
            .into());
        }
    }
    distinct(path, columns.iter().map(|(name, _)| name.as_ref()))?;
    // One part, already there.
    write_parts(path, rows, rows.max(1), |_| Ok(Part::Borrowed(columns)))
}

/// Refuses two columns of one name, which could not be read back. Blanks around a name are dropped on reading.
fn distinct<'a>(path: &Path, names: impl Iterator<Item = &'a str>) -> Result<()> {
    let mut seen = std::collections::HashMap::new();
    for (column, name) in names.enumerate() {
        if let Some(first) = seen.insert(name.trim(), column) {
            return Err(Error::DuplicateColumn {
                file: path.display().to_string(),
                column: name.trim().into(),
                first: first + 1,
                second: column + 1,
            });
        }
    }
    Ok(())
}

/// The cells of some rows: all columns, in order.
enum Part<'a, S> {
    Borrowed(&'a [(S, Cells)]),
    Made(Vec<(S, Cells)>),
}

/// What takes the columns of a part and how many rows it has.
type WritePart<'a, S> = dyn FnMut(&[(S, Cells)], usize) -> std::io::Result<()> + 'a;

/// Writes the rows in parts of at most `size`, so that a large table is never there as a whole.
fn write_parts<'a, S: AsRef<str> + 'a>(
    path: &Path,
    rows: usize,
    size: usize,
    mut part: impl FnMut(Range<usize>) -> std::io::Result<Part<'a, S>>,
) -> Result<()> {
    let mut parts = |write: &mut WritePart<'_, S>| {
        let mut start = 0;
        // A table without rows has its header still.
        loop {
            let end = (start + size).min(rows);
            match part(start..end)? {
                Part::Borrowed(columns) => write(columns, end - start)?,
                Part::Made(columns) => write(&columns, end - start)?,
            }
            start = end;
            if start >= rows {
                return Ok::<(), std::io::Error>(());
            }
        }
    };
    match Format::of(path) {
        Ok(Format::Csv) => publish(path, |file| {
            let mut csv = CsvRows::new(file);
            parts(&mut |columns, rows| csv.write(columns, rows))?;
            csv.flush()
        }),
        Ok(Format::CsvGz) => publish(path, |file| {
            let mut packed = flate2::write::GzEncoder::new(file, flate2::Compression::default());
            let mut csv = CsvRows::new(&mut packed);
            parts(&mut |columns, rows| csv.write(columns, rows))?;
            csv.flush()?;
            drop(csv);
            packed.finish().map(drop)
        }),
        Ok(Format::Parquet) => publish(path, |file| {
            let problem = |error: polars::error::PolarsError| std::io::Error::other(error.to_string());
            let mut file = Some(file);
            let mut writer = None;
            parts(&mut |columns, rows| {
                let series: Vec<Column> =
                    columns.iter().map(|(name, cells)| cells.series(name.as_ref()).into()).collect();
                let frame = DataFrame::new(rows, series).map_err(problem)?;
                if let Some(file) = file.take() {
                    writer = Some(ParquetWriter::new(file).batched(frame.schema()).map_err(problem)?);
                }
                writer.as_mut().map_or(Ok(()), |writer| writer.write_batch(&frame).map_err(problem))
            })?;
            writer.map_or(Ok(()), |writer| writer.finish().map_err(problem).map(drop))
        }),
        Ok(Format::Tsv | Format::TsvGz | Format::Ipc | Format::Npy) | Err(_) => {
            Err(Error::format(path, ".csv, .csv.gz or .parquet"))
        }
    }
}

/// Rows of a CSV file, after a header.
struct CsvRows<W: Write> {
    out: csv::Writer<W>,
    headed: bool,
}

impl<W: Write> CsvRows<W> {
    fn new(to: W) -> Self {
        Self { out: csv::Writer::from_writer(to), headed: false }
    }

    fn write<S: AsRef<str>>(&mut self, columns: &[(S, Cells)], rows: usize) -> std::io::Result<()> {
        if !std::mem::replace(&mut self.headed, true) {
            self.out.write_record(columns.iter().map(|(name, _)| name.as_ref()))?;
        }
        let mut text = Vec::new();
        for row in 0..rows {
            for (_, cells) in columns {
                cells.text(row, &mut text)?;
                self.out.write_field(&text)?;
            }
            self.out.write_record(None::<&[u8]>)?;
        }
        Ok(())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.out.flush()
    }
}

/// A fused prediction that is to be written.
#[derive(Debug, Clone, Copy)]
pub struct Fused<'a> {
    /// The ids of the rows of `values`.
    pub ids: &'a Ids,
    /// The rows in the order in which they are to be written.
    pub order: &'a [u32],
    /// What the columns of `values` are.
    pub outputs: &'a Outputs,
    /// The fused prediction; a row that is NaN has no decision and is written empty.
    pub values: &'a Matrix,
    /// What the numbers mean.
    pub gives: Gives,
    /// The style of the columns.
    pub style: Style,
    /// The name of the id column.
    pub id: &'a str,
    /// Whole numbers of the rows of `values` to stand beside the ids, such as the fold in which a row was predicted.
    pub beside: &'a [(&'a str, &'a [u32])],
}

/// Writes a fused prediction as CSV or Parquet, in the style of the files it was made from.
///
/// | style | columns |
/// |---|---|
/// | [`Style::Classes`] | id, one `p_CLASS` a class, `label` |
/// | [`Style::Positive`] | id, `p`, `label` |
/// | [`Style::Values`] | id, `pred` (or one `pred_TARGET` a target) |
/// | [`Style::Labels`] | id, `label` |
///
/// Scores of classes are no probabilities: whatever the style, their columns are `score_CLASS`, and are read as scores.
///
/// What stands beside the ids comes after them. `label` is the class that the row chooses by the rule of
/// [`consort_core::Classes::choice`], as every accuracy does; it is empty for a row without a decision.
/// Rows that have positions only are written without ids. The numbers are the shortest texts that read back as the
/// same 32 bits.
///
/// ```
/// # let dir = tempfile::tempdir()?;
/// use consort_core::{Classes, Gives, Ids, Matrix, Outputs};
/// use consort_data::files::{Fused, Style, write_fused};
/// let (ids, outputs) = (Ids::from_texts(["r1", "r2"]), Outputs::Classes(Classes::new(["no", "yes"])?));
/// let values = Matrix::new(2, 2, vec![0.25, 0.75, f32::NAN, f32::NAN])?;
/// let path = dir.path().join("fused.csv");
/// write_fused(&path, &Fused { ids: &ids, order: &[1, 0], outputs: &outputs, values: &values, gives: Gives::Probabilities, style: Style::Positive, id: "id", beside: &[] })?;
/// assert_eq!(std::fs::read_to_string(path)?, "id,p,label\nr2,,\nr1,0.75,yes\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// As [`write_table`]: ids in a column `label` beside the labels of classes are two columns of one name.
pub fn write_fused(path: &Path, fused: &Fused<'_>) -> Result<()> {
    distinct(path, fused.columns(&[]).iter().map(|(name, _)| name.as_str()))?;
    write_parts(path, fused.order.len(), FUSED_ROWS, |rows| Ok(Part::Made(fused.columns(&fused.order[rows]))))
}

/// How many fused rows are made into columns at a time.
const FUSED_ROWS: usize = 1 << 15;

impl Fused<'_> {
    /// The columns of some rows.
    fn columns(&self, order: &[u32]) -> Vec<(String, Cells)> {
        let &Fused { ids, outputs, values, gives, style, id, beside, .. } = self;
        let rows = || order.iter().map(|&row| row as usize);
        let mut columns: Vec<(String, Cells)> = Vec::new();
        if !ids.are_positions() {
            columns.push((id.into(), Cells::Text(rows().map(|row| Some(ids.text(row).into_owned())).collect())));
        }
        for (name, numbers) in beside {
            columns.push(((*name).into(), Cells::Whole(rows().map(|row| i64::from(numbers[row])).collect())));
        }
        let numbers = |k: usize| Cells::Single(rows().map(|row| values.at(row, k)).collect());
        match (outputs, style) {
            (Outputs::Classes(_), Style::Classes | Style::Positive) if gives == Gives::Scores => {
                columns.extend((0..outputs.len()).map(|k| (format!("{SCORES}{}", outputs.name(k)), numbers(k))));
            }
            (Outputs::Classes(classes), Style::Positive) if classes.len() == 2 => {
                columns.push(("p".into(), numbers(classes.positive())));
            }
            (Outputs::Classes(_), Style::Labels) => {}
            (Outputs::Classes(_) | Outputs::Labels(_), _) => {
                columns.extend((0..outputs.len()).map(|k| (format!("p_{}", outputs.name(k)), numbers(k))));
            }
            (Outputs::Targets(_) | Outputs::Quantiles(_), _) if outputs.len() == 1 => {
                columns.push(("pred".into(), numbers(0)));
            }
            (Outputs::Targets(_) | Outputs::Quantiles(_), _) => {
                columns.extend((0..outputs.len()).map(|k| (format!("pred_{}", outputs.name(k)), numbers(k))));
            }
        }
        if let Outputs::Classes(classes) = outputs {
            let label = |row: usize| classes.choice(values.row(row), gives).map(|k| classes.names()[k].clone());
            columns.push(("label".into(), Cells::Text(rows().map(label).collect())));
        }
        columns
    }
}
