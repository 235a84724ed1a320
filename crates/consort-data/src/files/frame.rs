use std::path::Path;

use polars::prelude::{Column, CsvWriter, DataFrame, NamedFrom, ParquetWriter, SerWriter, Series};

use super::{Format, TextColumn, publish};
use crate::{Error, Result};

/// The columns of a file as a data frame of texts.
///
/// ```
/// use consort_data::files::{Format, Source, read_columns, to_frame};
/// let table = Source::bytes("t", Format::Csv, &b"id,g\n007,a\n008,\n"[..]);
/// let frame = to_frame(&read_columns(&table, None)?)?;
/// assert_eq!(frame.shape(), (2, 2));
/// # Ok::<(), consort_data::Error>(())
/// ```
///
/// # Errors
/// An error of `consort-core` if the columns differ in length.
pub fn to_frame(columns: &[TextColumn]) -> Result<DataFrame> {
    let rows = columns.first().map_or(0, TextColumn::len);
    let series: Vec<Column> = columns
        .iter()
        .map(|column| Series::new(column.name().into(), column.texts().collect::<Vec<_>>()).into())
        .collect();
    DataFrame::new(rows, series).map_err(|error| Error::from(consort_core::Error::custom(error)))
}

/// Writes a data frame as CSV or Parquet, by the ending of the path, whole or not at all.
///
/// ```
/// # let dir = tempfile::tempdir()?;
/// use consort_data::files::write_frame;
/// let path = dir.path().join("t.csv");
/// write_frame(&path, polars::prelude::df!("id" => ["007"], "fold" => [3])?)?;
/// assert_eq!(std::fs::read_to_string(path)?, "id,fold\n007,3\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`Error::Format`] for another ending; [`Error::Io`].
pub fn write_frame(path: &Path, mut frame: DataFrame) -> Result<()> {
    let problem = |error: polars::error::PolarsError| std::io::Error::other(error.to_string());
    match Format::of(path) {
        Ok(Format::Csv) => publish(path, |file| CsvWriter::new(file).finish(&mut frame).map_err(problem)),
        Ok(Format::CsvGz) => publish(path, |file| {
            let mut packed = flate2::write::GzEncoder::new(file, flate2::Compression::default());
            CsvWriter::new(&mut packed).finish(&mut frame).map_err(problem)?;
            packed.finish().map(drop)
        }),
        Ok(Format::Parquet) => {
            publish(path, |file| ParquetWriter::new(file).finish(&mut frame).map_err(problem).map(drop))
        }
        _ => Err(Error::format(path, ".csv, .csv.gz or .parquet")),
    }
}
