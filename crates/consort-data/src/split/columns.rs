use std::collections::{HashMap, HashSet};

use consort_core::{Classes, Error, Ids, Result, RowInfo, Target};
use polars::prelude::{Column, DataFrame, DataType, PolarsError};

use crate::{date, table::few_numbers};

/// What a splitter may know of the rows of a data frame, read from its columns.
///
/// - **id**: any column, as text.
/// - **target** to stratify by: words and booleans are classes, and so are whole numbers of just two values, or of at most
///   20 with five rows each in the mean; other numbers (in a column of numbers or of texts) are a continuous target, to be
///   binned.
/// - **groups**: any column, as text; groups are numbered in class order (numeric if all are numbers, else by bytes),
///   so that the order of the rows does not matter.
/// - **time**: numbers, or dates and times in ISO 8601 (`2024-02-29`, `2024-02-29T12:00:00Z`), which become days.
///
/// An empty cell is an error that names the row.
///
/// ```
/// use consort_core::{Seed, Splitter};
/// use consort_data::split::{GroupKFold, RowColumns};
/// use polars::prelude::df;
/// let table = df!("id" => ["a", "b", "c", "d"], "patient" => ["p2", "p1", "p2", "p3"]).unwrap();
/// let columns = RowColumns::new(&table).id("id")?.group("patient")?;
/// let split = GroupKFold::new(3).split(&columns.row_info(), Seed::new(0))?;
/// assert!(split.folds.iter().any(|fold| fold.test == [0, 2]));
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct RowColumns<'a> {
    table: &'a DataFrame,
    ids: Ids,
    target: Option<Target>,
    groups: Option<Vec<u32>>,
    time: Option<Vec<f64>>,
}

impl<'a> RowColumns<'a> {
    /// The rows of a data frame; as yet they have positions only.
    pub fn new(table: &'a DataFrame) -> Self {
        Self { table, ids: Ids::positions(table.height()), target: None, groups: None, time: None }
    }

    /// With the ids in a column.
    ///
    /// # Errors
    /// [`Error::UnknownName`] without the column, [`Error::Empty`] for an empty cell, [`Error::DuplicateId`].
    pub fn id(mut self, name: &str) -> Result<Self> {
        self.ids = Ids::from_texts(self.texts(name)?);
        self.ids.index(&format!("column `{name}`"))?;
        Ok(self)
    }

    /// With the target in a column.
    ///
    /// # Errors
    /// [`Error::UnknownName`] without the column, [`Error::Empty`] for an empty cell, [`Error::NotFinite`].
    pub fn stratify(mut self, name: &str) -> Result<Self> {
        let texts = self.texts(name)?;
        let numbers: Option<Vec<f64>> = texts.iter().map(|text| text.trim().parse().ok()).collect();
        self.target = Some(match numbers {
            Some(numbers) if !are_classes(&numbers) => Target::from_values(numbers, name)?,
            _ => {
                let (codes, classes) = codes(&texts)?;
                Target::Classes { codes, classes }
            }
        });
        Ok(self)
    }

    /// With the groups in a column.
    ///
    /// # Errors
    /// [`Error::UnknownName`] without the column, [`Error::Empty`] for an empty cell.
    pub fn group(mut self, name: &str) -> Result<Self> {
        self.groups = Some(codes(&self.texts(name)?)?.0);
        Ok(self)
    }

    /// With the times in a column.
    ///
    /// # Errors
    /// [`Error::UnknownName`] without the column, [`Error::Empty`] for an empty cell, [`Error::Damaged`] for a text
    /// that is neither a finite number nor a date, naming its row.
    pub fn time(mut self, name: &str) -> Result<Self> {
        self.time = Some(times(name, &self.texts(name)?)?);
        Ok(self)
    }

    /// What a splitter may know of the rows.
    pub fn row_info(&self) -> RowInfo<'_> {
        RowInfo {
            rows: self.table.height(),
            target: self.target.as_ref(),
            groups: self.groups.as_deref(),
            time: self.time.as_deref(),
            ids: Some(&self.ids),
        }
    }

    /// The ids of the rows.
    pub fn ids(&self) -> &Ids {
        &self.ids
    }

    fn texts(&self, name: &str) -> Result<Vec<String>> {
        let column = self.table.column(name).map_err(|_| {
            let names = self.table.get_column_names();
            let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
            Error::UnknownName { what: "column", name: name.into(), known: format!("there are {}", names.join(", ")) }
        })?;
        let read = |column: &Column| -> Result<Vec<Option<String>>, PolarsError> {
            let texts = column.cast(&DataType::String)?;
            Ok(texts.str()?.iter().map(|text| text.map(str::to_owned)).collect())
        };
        let texts = read(column).map_err(|error| Error::Damaged {
            place: format!("column `{name}`"),
            problem: format!("it cannot be read as text: {error}"),
        })?;
        (texts.into_iter().enumerate())
            .map(|(row, text)| {
                text.filter(|text| !text.is_empty()).ok_or_else(|| Error::Empty {
                    what: format!("row {} of column `{name}`", row + 1),
                    hint: "fill the cell or drop the row".into(),
                })
            })
            .collect()
    }
}

/// Whether numbers are taken for classes: as a target is judged that a model is to learn.
fn are_classes(numbers: &[f64]) -> bool {
    if numbers.iter().any(|x| x.is_finite() && x.fract() != 0.0) {
        return false;
    }
    let different: HashSet<u64> = numbers.iter().map(|x| x.to_bits()).collect();
    // What is all of one value has no bins.
    different.len() == 1 || few_numbers(different.len(), numbers.len())
}

/// The times that the texts of a column say: numbers, or dates as days since the start of 1970.
pub(crate) fn times(name: &str, texts: &[String]) -> Result<Vec<f64>> {
    let number = |text: &String| text.trim().parse().ok().filter(|time: &f64| time.is_finite());
    // A column is of one kind, as told by its first cell: `2024` among dates is a mistake, not a number.
    let dates = texts.first().is_some_and(|text| number(text).is_none());
    let parse = |(row, text): (usize, &String)| {
        let time = if dates { date::days(text.trim()) } else { number(text) };
        time.ok_or_else(|| Error::Damaged {
            place: format!("column `{name}`, row {}", row + 1),
            problem: format!(
                "`{text}` is not a {}: give finite numbers, or dates such as 2024-02-29 or 2024-02-29T12:00:00Z",
                if dates { "date" } else { "finite number" }
            ),
        })
    };
    texts.iter().enumerate().map(parse).collect()
}

/// Numbers for texts, in class order.
pub(crate) fn codes(texts: &[String]) -> Result<(Vec<u32>, Classes)> {
    let mut seen: HashMap<&str, u32> = HashMap::new();
    let first: Vec<u32> = texts
        .iter()
        .map(|text| {
            let next = seen.len() as u32;
            *seen.entry(text).or_insert(next)
        })
        .collect();
    let classes = Classes::from_labels(seen.keys().copied())?;
    let mut number = vec![0; classes.len()];
    for (code, name) in classes.names().iter().enumerate() {
        number[seen[name.as_str()] as usize] = code as u32;
    }
    Ok((first.into_iter().map(|code| number[code as usize]).collect(), classes))
}
