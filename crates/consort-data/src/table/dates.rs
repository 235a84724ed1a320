//! Columns of texts that look like dates.

use consort_core::Warning;

use crate::{
    Result, date,
    date::DateFormat,
    files::{TextColumn, number},
};

use super::{Column, Table, column::Texts};

/// The days that such a column holds, and how they are written; nothing if it holds something else.
///
/// A format is taken only if all cells that are there are dates of it, and of no other: `3/4/2024` may be of March or of April.
/// Where nine of ten cells look like dates and no format fits, a warning says so.
pub(super) fn find(
    table: &Table,
    column: &Column,
    texts: &Texts,
    warnings: &mut Vec<Warning>,
) -> Result<Option<(DateFormat, Vec<f64>)>> {
    let present = table.rows() - column.missing;
    if texts.dates == 0 || 10 * texts.dates < 9 * present {
        return Ok(None);
    }
    let read = table.texts(&[column.name()])?;
    let Some(cells) = read.first() else { return Ok(None) };
    let mut found = Vec::new();
    let mut nearest: Option<(usize, DateFormat)> = None;
    for format in DateFormat::ALL {
        match days(cells, format) {
            Ok(days) => found.push((format, days)),
            Err(row) if nearest.is_none_or(|(farthest, _)| row > farthest) => nearest = Some((row, format)),
            Err(_) => {}
        }
    }
    let text = |row: usize| cells.text(row).unwrap_or_default().trim().chars().take(40).collect::<String>();
    let problem = match (found.len(), nearest) {
        (1, _) => return Ok(found.pop()),
        (0, Some((row, format))) => {
            format!("`{}` in row {} is none as `{}` is", text(row), row + 1, format.example())
        }
        _ => {
            let first = (0..cells.len()).find(|&row| date::looks_like_one(cells.text(row).unwrap_or_default()));
            format!("no row tells the day from the month, as in `{}`", text(first.unwrap_or_default()))
        }
    };
    let text = format!("column `{}` looks like dates, but {problem}: write dates such as 2024-12-31", column.name());
    warnings.push(Warning::Note { text });
    Ok(None)
}

/// The days of cells that are written so; NaN is missing. An error is the first row that holds something else.
pub(super) fn days(cells: &TextColumn, format: DateFormat) -> Result<Vec<f64>, usize> {
    let day = |(row, text): (usize, Option<&str>)| match text.map(str::trim) {
        None => Ok(f64::NAN),
        Some(text) if number::is_null(text.as_bytes()) => Ok(f64::NAN),
        Some(text) => format.days(text).ok_or(row),
    };
    cells.texts().enumerate().map(day).collect()
}
