use std::collections::BTreeMap;

use consort_core::{Error, Fold, Ids, Result, Split};
use polars::prelude::{
    ChunkedArray, Column, DataFrame, DataType, IntoColumn, NamedFrom, NewChunkedArray, PolarsError, Series, StringType,
};

use consort_split::{Predefined, assignment, shared};

/// The table of a split: what it needs to be saved.
///
/// The first column is `id` (texts), or `row` (numbers from 0) where rows have positions only; then come `repeat`
/// and `fold`, numbers from 0.
///
/// - **Short**: where every fold learns from all the rows that it does not test, and a repeat has several folds. One
///   line a row and repeat, and `fold` is the one that tests it, or empty where none does.
/// - **Long**: any other split. One line for each row that a fold names, with a fourth column `part` that is `train`,
///   `valid` or `test`. A row that a bootstrap drew twice has two lines.
///
/// # Errors
/// [`Error::Length`] if a fold names a row that has no id; [`Error::Damaged`] if polars cannot build the table.
///
/// ```
/// use consort_core::{Ids, RowInfo, Seed, Splitter};
/// use consort_data::split::{KFold, from_table, to_table};
/// let ids = Ids::from_texts(["a", "b", "c", "d"]);
/// let rows = RowInfo { rows: 4, ids: Some(&ids), ..RowInfo::default() };
/// let split = KFold::new(2).split(&rows, Seed::new(0))?;
/// let table = to_table(&split, &ids)?;
/// assert_eq!(table.shape(), (4, 3));
/// assert_eq!(from_table(&table, &ids)?.folds, split.folds);
/// # Ok::<(), consort_core::Error>(())
/// ```
pub fn to_table(split: &Split, ids: &Ids) -> Result<DataFrame> {
    check_rows(split, ids.len())?;
    let lines = short(split, ids.len()).unwrap_or_else(|| long(split));
    let id = if ids.are_positions() {
        Series::new("row".into(), &lines.row).into_column()
    } else {
        let texts = lines.row.iter().map(|&row| ids.text(row as usize));
        ChunkedArray::<StringType>::from_iter_values("id".into(), texts).into_column()
    };
    let mut columns = vec![
        id,
        Series::new("repeat".into(), &lines.repeat).into_column(),
        Series::new("fold".into(), &lines.fold).into_column(),
    ];
    if let Some(part) = &lines.part {
        columns.push(ChunkedArray::<StringType>::from_iter_values("part".into(), part.iter().copied()).into_column());
    }
    DataFrame::new(lines.row.len(), columns).map_err(damaged)
}

/// What stands in the lines of a table.
#[derive(Default)]
struct Lines {
    row: Vec<u32>,
    repeat: Vec<u32>,
    fold: Vec<Option<u32>>,
    part: Option<Vec<&'static str>>,
}

fn check_rows(split: &Split, rows: usize) -> Result<()> {
    let named = split.folds.iter().flat_map(|fold| fold.train.iter().chain(&fold.valid).chain(&fold.test));
    match named.into_iter().find(|&&row| row as usize >= rows) {
        None => Ok(()),
        Some(&row) => Err(Error::Length {
            what: "a row number of the split".into(),
            got: row as usize + 1,
            expected: rows,
            unit: "rows",
            hint: "the ids are of another table".into(),
        }),
    }
}

/// The short form, where the split has one.
fn short(split: &Split, rows: usize) -> Option<Lines> {
    let mut lines = Lines::default();
    for (number, repeat) in split.folds.chunk_by(|a, b| a.repeat == b.repeat).enumerate() {
        if repeat.len() < 2 || repeat[0].repeat != number as u32 {
            return None;
        }
        let mut tested = vec![assignment::NEVER; rows];
        for (number, fold) in repeat.iter().enumerate() {
            let whole = fold.train.len() + fold.test.len() == rows && fold.valid.is_empty();
            if fold.fold != number as u32 || !whole || fold.test.is_empty() {
                return None;
            }
            for &row in &fold.test {
                if tested[row as usize] != assignment::NEVER {
                    return None;
                }
                tested[row as usize] = fold.fold;
            }
        }
        // Train is as long as all the rows that are not tested; it is those rows if it ascends and holds none tested.
        for fold in repeat {
            if !fold.train.is_sorted_by(|a, b| a < b)
                || !fold.test.is_sorted()
                || fold.train.iter().any(|&row| tested[row as usize] == fold.fold)
            {
                return None;
            }
        }
        lines.row.extend(0..rows as u32);
        lines.repeat.extend(std::iter::repeat_n(number as u32, rows));
        lines.fold.extend(tested.iter().map(|&fold| (fold != assignment::NEVER).then_some(fold)));
    }
    Some(lines)
}

fn long(split: &Split) -> Lines {
    let mut lines = Lines::default();
    let mut parts = Vec::new();
    for fold in &split.folds {
        for (part, rows) in [("train", &fold.train), ("valid", &fold.valid), ("test", &fold.test)] {
            lines.row.extend(rows);
            lines.repeat.extend(std::iter::repeat_n(fold.repeat, rows.len()));
            lines.fold.extend(std::iter::repeat_n(Some(fold.fold), rows.len()));
            parts.extend(std::iter::repeat_n(part, rows.len()));
        }
    }
    lines.part = Some(parts);
    lines
}

/// The split that a table of [`to_table`], or of a person's own making, says.
///
/// Columns are found by name: `id` (or `row`), `fold`, and perhaps `repeat` and `part`. Lines may be in any order.
/// Labels of folds may be any text, as in [`Predefined`]; folds are numbered in class order of the labels. Without
/// `part` it is the short form, and an empty fold or `-1` is never tested; each repeat must name each id once. With
/// `part`, `fold` may be missing where there is but one. Without `id` and `row` the lines are the rows, in order.
///
/// # Errors
/// [`Error::UnknownName`] for a missing column or an unknown part; [`Error::UnknownId`], [`Error::MissingId`] or
/// [`Error::DuplicateId`] where ids do not match; [`Error::Damaged`] if a fold tests what it learns from.
pub fn from_table(table: &DataFrame, ids: &Ids) -> Result<Split> {
    let rows = rows_of(table, ids)?;
    let repeats = match table.column("repeat") {
        Ok(column) => whole_numbers(column)?,
        Err(_) => vec![0; rows.len()],
    };
    match (texts(table, "part"), texts(table, "fold")) {
        (Some(parts), folds) => from_parts(&rows, &repeats, folds.transpose()?, &parts?, ids.len()),
        (None, Some(folds)) => from_folds(&rows, &repeats, &folds?, ids),
        (None, None) => Err(Error::UnknownName {
            what: "column",
            name: "fold".into(),
            known: format!("the split has {}", names(table)),
        }),
    }
}

fn from_folds(rows: &[u32], repeats: &[u32], folds: &[String], ids: &Ids) -> Result<Split> {
    let mut lines_of: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for (line, &repeat) in repeats.iter().enumerate() {
        lines_of.entry(repeat).or_default().push(line);
    }
    let mut split = Split::default();
    for (repeat, lines) in lines_of {
        let mut labels = vec![None; ids.len()];
        for line in lines {
            let row = rows[line] as usize;
            if let Some(first) = labels[row].replace(line) {
                return Err(Error::DuplicateId {
                    place: format!("the split, repeat {repeat}"),
                    id: ids.text(row).into_owned(),
                    first: first + 1,
                    second: line + 1,
                });
            }
        }
        let missing = labels.iter().filter(|line| line.is_none()).count();
        if let Some(row) = labels.iter().position(Option::is_none) {
            return Err(Error::MissingId {
                place: format!("the split, repeat {repeat}"),
                id: ids.text(row).into_owned(),
                reference: "the table".into(),
                count: missing,
            });
        }
        let predefined = Predefined::from_labels(labels.into_iter().flatten().map(|line| folds[line].as_str()))?;
        predefined.check(ids.len())?;
        split.folds.extend(predefined.folds(repeat));
    }
    Ok(split)
}

fn from_parts(
    rows: &[u32],
    repeats: &[u32],
    folds: Option<Vec<String>>,
    parts: &[String],
    count: usize,
) -> Result<Split> {
    let numbers = match &folds {
        None => vec![0; rows.len()],
        Some(folds) => {
            let predefined = Predefined::from_labels(folds)?;
            match predefined.tested().iter().position(Option::is_none) {
                None => predefined.tested().iter().flatten().copied().collect(),
                Some(line) => {
                    let problem = format!("line {} has a part but no fold: name the fold", line + 1);
                    return Err(Error::Damaged { place: "the split".into(), problem });
                }
            }
        }
    };
    let mut by_fold: BTreeMap<(u32, u32), Fold> = BTreeMap::new();
    for line in 0..rows.len() {
        let (repeat, fold) = (repeats[line], numbers[line]);
        let fold = by_fold.entry((repeat, fold)).or_insert_with(|| Fold { repeat, fold, ..Fold::default() });
        let list = match parts[line].as_str() {
            "train" => &mut fold.train,
            "valid" => &mut fold.valid,
            "test" => &mut fold.test,
            other => {
                return Err(Error::UnknownName {
                    what: "part",
                    name: other.into(),
                    known: format!("line {} of the split must say `train`, `valid` or `test`", line + 1),
                });
            }
        };
        list.push(rows[line]);
    }
    let mut split = Split::default();
    for mut fold in by_fold.into_values() {
        fold.train.sort_unstable();
        fold.valid.sort_unstable();
        fold.test.sort_unstable();
        fold.valid.dedup();
        fold.test.dedup();
        for (a, b) in [(&fold.train, &fold.test), (&fold.valid, &fold.test), (&fold.train, &fold.valid)] {
            if let Some((shared, first)) = shared(a, b, count, Some) {
                let problem = format!(
                    "repeat {}, fold {}: {shared} rows are in two parts, first row {}: put each row into one part",
                    fold.repeat,
                    fold.fold,
                    first + 1
                );
                return Err(Error::Damaged { place: "the split".into(), problem });
            }
        }
        split.folds.push(fold);
    }
    Ok(split)
}

/// The row of each line.
fn rows_of(table: &DataFrame, ids: &Ids) -> Result<Vec<u32>> {
    if let Ok(column) = table.column("id") {
        let index = ids.index("the table")?;
        let texts = column.cast(&DataType::String).map_err(damaged)?;
        let texts = texts.str().map_err(damaged)?;
        let mut unknown: Option<(String, usize)> = None;
        let mut rows = Vec::with_capacity(texts.len());
        for text in texts.iter() {
            let text = text.unwrap_or("");
            match index.row(text) {
                Some(row) => rows.push(row as u32),
                None => unknown.get_or_insert((text.into(), 0)).1 += 1,
            }
        }
        return match unknown {
            None => Ok(rows),
            Some((id, count)) => {
                Err(Error::UnknownId { place: "the split".into(), id, reference: "the table".into(), count })
            }
        };
    }
    let rows = match table.column("row") {
        Ok(column) => whole_numbers(column)?,
        Err(_) => (0..table.height() as u32).collect(),
    };
    match rows.iter().find(|&&row| row as usize >= ids.len()) {
        None => Ok(rows),
        Some(row) => Err(Error::UnknownId {
            place: "the split".into(),
            id: row.to_string(),
            reference: "the table".into(),
            count: rows.iter().filter(|&&row| row as usize >= ids.len()).count(),
        }),
    }
}

fn whole_numbers(column: &Column) -> Result<Vec<u32>> {
    let numbers = column.cast(&DataType::UInt32).map_err(damaged)?;
    let numbers = numbers.u32().map_err(damaged)?;
    let number = |(line, number): (usize, Option<u32>)| {
        number.ok_or_else(|| Error::Damaged {
            place: "the split".into(),
            problem: format!("line {} of column `{}` is not a whole number from 0 on", line + 1, column.name()),
        })
    };
    numbers.iter().enumerate().map(number).collect()
}

/// The texts of a column, empty where it is null; `None` without the column.
fn texts(table: &DataFrame, name: &str) -> Option<Result<Vec<String>>> {
    let column = table.column(name).ok()?;
    let read = || {
        let texts = column.cast(&DataType::String)?;
        Ok(texts.str()?.iter().map(|text| text.unwrap_or("").trim().to_owned()).collect())
    };
    Some(read().map_err(damaged))
}

fn names(table: &DataFrame) -> String {
    table.get_column_names().iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn damaged(error: PolarsError) -> Error {
    Error::Damaged { place: "the split".into(), problem: error.to_string() }
}
