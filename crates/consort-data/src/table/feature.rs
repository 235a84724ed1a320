//! What a column becomes: the plan of its features, judged on the training table.

use consort_core::Warning;
use serde::{Deserialize, Serialize};

use crate::{Error, Result};

use super::{
    Column, DateFormat, Kind, Part, SchemaOptions, Table, Why,
    column::{Data, Stray, Texts},
    dates, local_number,
    resolution::Resolution,
};

/// How a column becomes features.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "as", deny_unknown_fields)]
#[non_exhaustive]
pub enum Plan {
    /// Numbers.
    Number,
    /// Numbers that are so large beside their differences that 32 bits would not tell them apart.
    Offset {
        /// What is subtracted from each, in 64 bits: the least number in training.
        origin: f64,
    },
    /// The numbers 1 (true) and 0 (false): unlike a category they need no encoder, and there is no level to be unseen.
    Boolean,
    /// A category.
    Category {
        /// The levels seen in training: numeric if all are numbers, else in the order of their bytes.
        levels: Vec<String>,
    },
    /// A number for each part.
    Date {
        /// The first day in training, which [`Part::Days`] counts from, in days since the start of 1970 (UTC).
        origin: f64,
        /// How it is written.
        #[serde(default, skip_serializing_if = "DateFormat::is_iso")]
        format: DateFormat,
        /// The parts that were not the same in every training row.
        parts: Vec<Part>,
    },
}

impl Plan {
    /// What a column is used as, which the file took for `read`.
    pub(super) fn kind(&self, read: Kind) -> Kind {
        match self {
            Plan::Category { .. } => Kind::Text,
            Plan::Date { .. } => Kind::Date,
            Plan::Number | Plan::Offset { .. } | Plan::Boolean => read,
        }
    }
}

/// The fewest rows on which a column of different values is told from one that happens to have them.
const FEW_ROWS: usize = 20;
/// The most levels of a category whose levels have fewer than two rows each.
const FEW_LEVELS: usize = 20;

/// What a column becomes, or why it is set aside.
///
/// # Errors
/// [`Error::NotNumber`] for a column of numbers with a decimal comma, and for texts in one that is said to be of numbers.
pub(super) fn plan(
    table: &Table,
    column: &Column,
    options: &SchemaOptions,
    warnings: &mut Vec<Warning>,
) -> Result<Result<Plan, Why>> {
    let name = column.name();
    let has = |names: &[String]| names.iter().any(|other| other == name);
    if has(&options.categorical) {
        return category(table, column, warnings);
    }
    if has(&options.numeric) {
        return said_number(table, column, warnings);
    }
    if let (Data::Numbers(_), Some((row, code))) = (&column.data, &column.code) {
        let text = format!(
            "column `{name}` is read as texts, since `{code}` in row {} begins with a zero, as a code does: \
             `--numeric {name}` makes it a number",
            row + 1
        );
        warnings.push(Warning::Note { text });
        return self::text(table, column, &texts_of(table, column)?, warnings);
    }
    Ok(match &column.data {
        Data::Missing => Err(Why::Missing),
        Data::Unreadable(what) => Err(Why::Unreadable { what: what.clone() }),
        Data::Numbers(values) => number(column, values, warnings),
        Data::Booleans(values) => match Range::of(values) {
            range if range.is_constant(values.len()) => Err(Why::Constant { value: (range.least == 1.0).to_string() }),
            _ => Ok(Plan::Boolean),
        },
        Data::Dates(days) => date(days, DateFormat::Iso),
        Data::Texts(texts) => text(table, column, texts, warnings)?,
    })
}

/// The least and the greatest of the numbers that are there.
struct Range {
    least: f64,
    greatest: f64,
    present: usize,
    whole: bool,
}

impl Range {
    fn of(values: &[f64]) -> Self {
        let mut range = Self { least: f64::INFINITY, greatest: f64::NEG_INFINITY, present: 0, whole: true };
        for &value in values.iter().filter(|value| !value.is_nan()) {
            range.least = range.least.min(value);
            range.greatest = range.greatest.max(value);
            range.present += 1;
            range.whole &= value.fract() == 0.0;
        }
        range
    }

    fn is_constant(&self, rows: usize) -> bool {
        self.present == rows && self.least == self.greatest
    }
}

/// The texts of a column as a category, if they are no more than one can have.
fn category(table: &Table, column: &Column, warnings: &mut Vec<Warning>) -> Result<Result<Plan, Why>> {
    let read;
    let texts = match &column.data {
        Data::Missing => return Ok(Err(Why::Missing)),
        Data::Unreadable(what) => return Ok(Err(Why::Unreadable { what: what.clone() })),
        Data::Texts(texts) => texts,
        Data::Numbers(_) | Data::Booleans(_) | Data::Dates(_) => {
            read = texts_of(table, column)?;
            &read
        }
    };
    if texts.many {
        return Ok(Err(Why::many_texts(None, table.rows() - column.missing, None)));
    }
    levels_of(column, texts, warnings)
}

/// The texts of a column that was taken for something else.
fn texts_of(table: &Table, column: &Column) -> Result<Texts> {
    Ok(table.texts(&[column.name()])?.first().map(Texts::of).unwrap_or_default())
}

/// What is said to be a number stays one, unless it tells nothing.
fn said_number(table: &Table, column: &Column, warnings: &mut Vec<Warning>) -> Result<Result<Plan, Why>> {
    let values = match &column.data {
        Data::Numbers(values) | Data::Booleans(values) => values,
        Data::Missing => return Ok(Err(Why::Missing)),
        Data::Texts(texts) => return Err(not_number(table, column, texts)),
        Data::Dates(_) | Data::Unreadable(_) => {
            return Err(Error::ColumnType {
                file: table.file(),
                column: column.name.clone(),
                found: match &column.data {
                    Data::Unreadable(what) => what.clone(),
                    _ => "dates".into(),
                },
                role: "a number",
                hint: "leave it out of `--numeric`",
            });
        }
    };
    let range = Range::of(values);
    Ok(match &column.data {
        _ if range.is_constant(values.len()) => Err(Why::Constant { value: range.least.to_string() }),
        Data::Booleans(_) => Ok(Plan::Boolean),
        _ => Ok(in_32_bits(column, values, warnings)),
    })
}

fn number(column: &Column, values: &[f64], warnings: &mut Vec<Warning>) -> Result<Plan, Why> {
    let range = Range::of(values);
    if range.is_constant(values.len()) {
        return Err(Why::Constant { value: range.least.to_string() });
    }
    let rows = values.len();
    if range.whole && range.present == rows && rows >= FEW_ROWS {
        let numbered = range.greatest - range.least == (rows - 1) as f64;
        if numbered && each_once(values, range.least) {
            return Err(Why::RunningNumber { from: range.least, to: range.greatest });
        }
        if is_named_as_id(&column.name) {
            // An id of which a few rows are twice there is one still: rows that are sorted by their answer would tell it.
            match distinct(values) {
                all if all == rows => return Err(Why::Distinct { rows }),
                most if 20 * most >= 19 * rows => return Err(Why::NearlyDistinct { values: most, rows }),
                _ => {}
            }
        }
    }
    Ok(in_32_bits(column, values, warnings))
}

fn in_32_bits(column: &Column, values: &[f64], warnings: &mut Vec<Warning>) -> Plan {
    let (plan, text) = Resolution::of(values).plan(column.name());
    warnings.extend(text.map(|text| Warning::Note { text }));
    plan
}

/// Whether whole numbers from `least` on, as many as there are rows, each occur once.
fn each_once(values: &[f64], least: f64) -> bool {
    let mut seen = vec![false; values.len()];
    values.iter().all(|value| seen.get_mut((value - least) as usize).is_some_and(|seen| !std::mem::replace(seen, true)))
}

/// How many different numbers there are.
fn distinct(values: &[f64]) -> usize {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted.dedup();
    sorted.len()
}

fn is_named_as_id(name: &str) -> bool {
    let name = name.trim().to_ascii_lowercase();
    matches!(name.as_str(), "" | "id" | "index" | "row" | "rowid" | "rownum" | "uid" | "uuid" | "key")
        || name.starts_with("unnamed: ")
        || ["_id", " id", "-id", ".id"].iter().any(|ending| name.ends_with(ending))
}

fn date(days: &[f64], format: DateFormat) -> Result<Plan, Why> {
    let range = Range::of(days);
    let origin = range.least.floor();
    let varies = |part: &Part| {
        let mut of = days.iter().filter(|days| !days.is_nan()).map(|&days| part.of(days, origin));
        let first = of.next();
        of.any(|value| Some(value) != first)
    };
    let parts: Vec<Part> = Part::ALL.into_iter().filter(varies).collect();
    if parts.is_empty() {
        let (year, month, day) = crate::date::civil(origin);
        return Err(Why::Constant { value: format!("{year}-{month:02}-{day:02}") });
    }
    Ok(Plan::Date { origin, format, parts })
}

fn text(table: &Table, column: &Column, texts: &Texts, warnings: &mut Vec<Warning>) -> Result<Result<Plan, Why>> {
    let present = table.rows() - column.missing;
    if texts.commas > 0 && texts.commas + texts.numbers == present {
        return Err(not_number(table, column, texts));
    }
    if let Some((format, days)) = dates::find(table, column, texts, warnings)? {
        return Ok(date(&days, format));
    }
    if texts.signs > 0
        && texts.signs + texts.commas + texts.numbers >= present
        && let Some(Stray { row, text, .. }) = texts.strays.first()
    {
        let text = format!(
            "column `{}` is read as texts, since `{text}` in row {} has a sign beside the number: leave such signs out to \
             use the column as numbers",
            column.name,
            row + 1
        );
        warnings.push(Warning::Note { text });
    }
    let mostly_numbers = 10 * texts.numbers >= 9 * present;
    let strays = texts.strays_among_numbers();
    let stray = || texts.strays.first().filter(|_| mostly_numbers || strays.is_some());
    if texts.many {
        return Ok(Err(Why::many_texts(None, present, stray())));
    }
    let levels = texts.levels.len();
    if levels > FEW_LEVELS && 2 * levels > present || levels == present && levels > FEW_LEVELS / 2 {
        return Ok(Err(match stray() {
            None if levels == present => Why::Distinct { rows: present },
            stray => Why::many_texts(Some(levels), present, stray),
        }));
    }
    if let Some(stray) = stray() {
        let all = strays.map_or_else(
            || stray.to_string(),
            |strays| strays.iter().map(Stray::to_string).collect::<Vec<_>>().join(" and "),
        );
        let text = format!(
            "column `{}` is a category of {levels} levels, since {all} is no number, though most are: mend it, leave \
             the field empty, or name it with `--missing-values`, to use the column as numbers",
            column.name
        );
        warnings.push(Warning::Note { text });
    }
    levels_of(column, texts, warnings)
}

/// The category of these texts.
fn levels_of(column: &Column, texts: &Texts, warnings: &mut Vec<Warning>) -> Result<Result<Plan, Why>> {
    if texts.levels.len() == 1 && column.missing == 0 {
        return Ok(Err(Why::Constant { value: texts.levels[0].clone() }));
    }
    if let Some(level) = &texts.merged {
        let text = format!(
            "column `{}`: texts that differ only in blanks around them are one level, such as `{level}`",
            column.name
        );
        warnings.push(Warning::Note { text });
    }
    let levels = consort_core::Classes::from_labels(texts.levels.iter().cloned())?.names().to_vec();
    Ok(Ok(Plan::Category { levels }))
}

/// An error of a column that holds texts where numbers must be.
pub(super) fn not_number(table: &Table, column: &Column, texts: &Texts) -> Error {
    let (row, text) = texts.strays.first().map(|stray| (stray.row, stray.text.clone())).unwrap_or_default();
    Error::NotNumber {
        file: table.file(),
        at: format!("row {}", row + 1),
        column: column.name.clone(),
        hint: local_number::hint(&text),
        text,
    }
}
