//! From a table to a data set, by a schema.

use std::collections::{HashMap, HashSet};

use consort_core::{Column as Feature, Dataset, Features, Ids, Target, Warning};

use crate::{
    Error, Result,
    files::{TextColumn, blanks, number},
    split::{codes, times},
};

use super::{
    Column, DateFormat, Infinite, Kind, Plan, Planned, Schema, Table,
    column::{Data, Stray, Texts},
    dates,
    feature::not_number,
};

/// What a schema makes of a table.
#[derive(Debug, Clone)]
pub struct Applied {
    /// The data set.
    pub dataset: Dataset,
    /// The label of each row's fold, empty where there is none, if the table has the column that the roles name.
    pub folds: Option<Vec<String>>,
    /// The rows of the table that the data set has, or `None` for all.
    pub kept: Option<Vec<u32>>,
    /// What a person should know.
    pub warnings: Vec<Warning>,
}

/// What is known of the rows beside their features.
pub(super) struct Rows {
    pub(super) target: Option<Target>,
    pub(super) kept: Option<Vec<u32>>,
    weights: Option<Vec<f64>>,
    groups: Option<Vec<u32>>,
    time: Option<Vec<f64>>,
    folds: Option<Vec<String>>,
    ids: Ids,
    warnings: Vec<Warning>,
    /// The categories whose texts were read again.
    again: HashMap<String, TextColumn>,
}

/// Reads all that is no feature, in one visit of the file.
pub(super) fn rows(schema: &Schema, table: &Table, with_target: bool) -> Result<Rows> {
    let roles = &schema.roles;
    let mut wanted: Vec<&str> = Vec::new();
    let need = |name: &Option<String>, role: &'static str| match name {
        Some(name) if table.column(name).is_none() => {
            Err(table.no_column(role, name, "the schema of the training table names it"))
        }
        _ => Ok(()),
    };
    let mut warnings = Vec::new();
    let id = match id_column(schema, table) {
        Err(error) if schema.id_is_judged => {
            warnings.push(Warning::Note { text: format!("rows are known by their positions: {error}") });
            None
        }
        id => id?,
    };
    wanted.extend(id);
    if with_target {
        need(&Some(roles.target.clone()), "target")?;
        need(&roles.weight, "weight")?;
        wanted.push(&roles.target);
        let others = [&roles.weight, &roles.group, &roles.time, &roles.fold];
        wanted.extend(others.into_iter().flatten().map(String::as_str).filter(|name| table.column(name).is_some()));
    }
    let again = |planned: &&Planned| table.column(&planned.column).is_some_and(|c| planned.needs_texts(&c.data));
    wanted.extend(schema.columns.iter().filter(again).map(|planned| planned.column.as_str()));
    let mut seen = HashSet::new();
    wanted.retain(|name| seen.insert(*name));
    let texts: HashMap<String, TextColumn> =
        table.texts(&wanted)?.into_iter().map(|column| (column.name().to_owned(), column)).collect();
    let of = |name: &Option<String>| name.as_ref().filter(|_| with_target).and_then(|name| texts.get(name));

    let mut all = Rows {
        target: None,
        kept: None,
        weights: of(&roles.weight).map(|column| weights(table, column)).transpose()?,
        groups: None,
        time: None,
        folds: None,
        ids: Ids::positions(table.rows()),
        warnings: Vec::new(),
        again: HashMap::new(),
    };
    if let (true, Some(column), Some(labels)) =
        (with_target, table.column(&roles.target), texts.get(roles.target.as_str()))
    {
        all.kept = with_truth(schema, table, column, labels, all.weights.as_deref(), &mut warnings)?;
        all.target = Some(schema.target.read(table, column, labels, all.kept.as_deref())?);
    }
    let kept = all.kept.as_deref();
    if let (Some(weights), Some(kept)) = (&mut all.weights, kept) {
        *weights = kept.iter().map(|&row| weights[row as usize]).collect();
    }
    if let Some(id) = id.and_then(|name| texts.get(name)) {
        all.ids = Ids::from_texts(some_of(&id.complete("id")?, kept));
    } else if let Some(kept) = kept {
        all.ids = Ids::from_texts(kept.iter().map(ToString::to_string));
    }
    if let Some(group) = of(&roles.group) {
        let texts: Vec<String> = some_of(&group.complete("group")?, kept).map(str::to_owned).collect();
        all.groups = Some(codes(&texts)?.0);
    }
    if let Some(time) = of(&roles.time) {
        // All rows, so that an error names the row of the table.
        let texts: Vec<String> = time.complete("time")?.into_iter().map(str::to_owned).collect();
        all.time = Some(some_of(&times(time.name(), &texts)?, kept).collect());
    }
    if let Some(fold) = of(&roles.fold) {
        let labels: Vec<&str> = fold.texts().map(Option::unwrap_or_default).collect();
        all.folds = Some(some_of(&labels, kept).map(str::to_owned).collect());
    }
    all.warnings = warnings;
    all.again = texts;
    Ok(all)
}

/// The column of ids, if the schema names one.
fn id_column<'a>(schema: &'a Schema, table: &Table) -> Result<Option<&'a str>> {
    let Some(id) = schema.roles.id.as_deref() else { return Ok(None) };
    if table.column(id).is_none() {
        return Err(table.no_column("id", id, "the training table had it"));
    }
    table.check_id(id)?;
    Ok(Some(id))
}

/// The values of the rows kept, or of all.
fn some_of<'a, T: Copy>(values: &'a [T], kept: Option<&'a [u32]>) -> impl Iterator<Item = T> + 'a {
    (0..kept.map_or(values.len(), <[u32]>::len)).map(move |i| values[kept.map_or(i, |kept| kept[i] as usize)])
}

fn weights(table: &Table, column: &TextColumn) -> Result<Vec<f64>> {
    column.complete("weight")?;
    let weights = column.numbers()?;
    // Learners add weights up in 32 bits.
    const MOST: f64 = 1e30;
    match weights.iter().position(|weight| !(0.0..=MOST).contains(weight)) {
        None => Ok(weights),
        Some(row) => Err(Error::Range {
            file: table.file(),
            at: format!("row {}", row + 1),
            column: column.name().into(),
            value: weights[row],
            expected: "a weight: at least 0 and at most 1e30",
        }),
    }
}

/// The rows that have a target, or `None` for all. A row of weight 0 counts as absent, so that it may lack its target.
fn with_truth(
    schema: &Schema,
    table: &Table,
    column: &Column,
    labels: &TextColumn,
    weights: Option<&[f64]>,
    warnings: &mut Vec<Warning>,
) -> Result<Option<Vec<u32>>> {
    let lacks: Vec<bool> = labels.texts().map(|text| schema.target.is_missing(column, text)).collect();
    let lacking = lacks.iter().filter(|&&lacks| lacks).count();
    if lacking == 0 {
        return Ok(None);
    }
    let counts = |row: usize| weights.is_none_or(|weights| weights[row] > 0.0);
    let needed = |row: &usize| lacks[*row] && counts(*row);
    if let Some(first) = (0..lacks.len()).find(needed)
        && !schema.drops_rows()
    {
        let more = (0..lacks.len()).filter(needed).count() - 1;
        return Err(Error::MissingValue {
            file: table.file(),
            at: if more == 0 { format!("row {}", first + 1) } else { format!("row {} and {more} more", first + 1) },
            column: column.name().into(),
            role: "target",
            hint: "fill it in, drop the rows, or say that rows without target are to be left out",
        });
    }
    if lacking == lacks.len() {
        let hint = "give a table with a target in some row".into();
        return Err(consort_core::Error::Empty { what: format!("the target `{}`", column.name()), hint }.into());
    }
    warnings.push(Warning::RowsLeftOut { rows: lacking, why: format!("they have no target `{}`", column.name()) });
    Ok(Some((0..lacks.len() as u32).filter(|&row| !lacks[row as usize]).collect()))
}

pub(super) fn apply(schema: &Schema, table: &Table, with_target: bool) -> Result<Applied> {
    let absent: Vec<&Planned> = schema.columns.iter().filter(|p| table.column(&p.column).is_none()).collect();
    if let Some(first) = absent.first() {
        let hint = match absent.len() - 1 {
            0 => "the training table had it".to_string(),
            more => format!("the training table had it, and {more} more that are absent here"),
        };
        return Err(table.no_column("feature", &first.column, &hint));
    }
    let rows = rows(schema, table, with_target)?;
    let mut warnings = rows.warnings;
    let mut features = Vec::with_capacity(schema.columns.len());
    for planned in &schema.columns {
        let Some(column) = table.column(&planned.column) else { continue };
        let reader = Reader { schema, table, planned, column, kept: rows.kept.as_deref() };
        reader.read(rows.again.get(&planned.column), &mut features, &mut warnings)?;
    }
    warnings.extend(extra(schema, table));
    let mut dataset = Dataset::new(Features::Columns(features))?;
    if let Some(target) = rows.target {
        dataset = dataset.with_target(target)?;
    }
    if let Some(weights) = rows.weights {
        dataset = dataset.with_weights(weights)?;
    }
    if let Some(groups) = rows.groups {
        dataset = dataset.with_groups(groups)?;
    }
    if let Some(time) = rows.time {
        dataset = dataset.with_time(time)?;
    }
    if schema.roles.id.is_some() || rows.kept.is_some() {
        let dropped = rows.kept.as_deref();
        dataset = dataset.with_ids(rows.ids).map_err(|error| in_table(error, table, dropped))?;
    }
    Ok(Applied { dataset, folds: rows.folds, kept: rows.kept, warnings })
}

/// A doubled id, told by the file and its rows.
fn in_table(mut error: consort_core::Error, table: &Table, kept: Option<&[u32]>) -> consort_core::Error {
    if let consort_core::Error::DuplicateId { place, first, second, .. } = &mut error {
        *place = table.file();
        if let Some(kept) = kept {
            (*first, *second) = (kept[*first - 1] as usize + 1, kept[*second - 1] as usize + 1);
        }
    }
    error
}

/// A warning of the columns that training did not have.
fn extra(schema: &Schema, table: &Table) -> Option<Warning> {
    let known: HashSet<&str> = (schema.columns.iter().map(|planned| planned.column.as_str()))
        .chain(schema.set_aside().iter().map(|aside| aside.column.as_str()))
        .collect();
    let extra: Vec<&str> = (table.columns().iter().map(Column::name))
        .filter(|name| !known.contains(name) && schema.roles.leaves(name))
        .collect();
    let (first, more) = (extra.first()?, extra.len() - 1);
    let text = match more {
        0 => format!("column `{first}` is not read: the training table did not have it"),
        _ => format!("column `{first}` and {more} more are not read: the training table did not have them"),
    };
    Some(Warning::Note { text })
}

/// One column on its way into the data set.
struct Reader<'a> {
    schema: &'a Schema,
    table: &'a Table,
    planned: &'a Planned,
    column: &'a Column,
    kept: Option<&'a [u32]>,
}

impl Reader<'_> {
    fn read(&self, texts: Option<&TextColumn>, features: &mut Vec<Feature>, warnings: &mut Vec<Warning>) -> Result<()> {
        let name = self.planned.column.clone();
        if self.column.kind() == Kind::Missing && self.planned.missing < 1.0 {
            warnings
                .push(Warning::Note { text: format!("column `{name}` is missing in every row, unlike in training") });
        }
        match (&self.planned.plan, &self.column.data) {
            (Plan::Number | Plan::Offset { .. } | Plan::Boolean, Data::Missing) => {
                features.push(Feature::Numeric { name, values: vec![f32::NAN; self.rows()] });
            }
            (Plan::Number, Data::Numbers(values)) | (Plan::Boolean, Data::Booleans(values)) => {
                features.push(Feature::Numeric { name, values: self.numbers(values, |value| value)? });
            }
            (&Plan::Offset { origin }, Data::Numbers(values)) => {
                features.push(Feature::Numeric { name, values: self.numbers(values, |value| value - origin)? });
            }
            // What one program writes as true and false, another writes as 1 and 0.
            (Plan::Boolean, Data::Numbers(values)) => {
                if let Some(row) = values.iter().position(|value| !(value.is_nan() || *value == 0.0 || *value == 1.0)) {
                    return Err(Error::Range {
                        file: self.table.file(),
                        at: format!("row {}", row + 1),
                        column: name,
                        value: values[row],
                        expected: "true or false, nor 1 or 0, which the column held in training",
                    });
                }
                features.push(Feature::Numeric { name, values: self.numbers(values, |value| value)? });
            }
            (Plan::Date { origin, format, parts }, Data::Dates(_) | Data::Missing | Data::Texts(_)) => {
                let read;
                let days = match (&self.column.data, texts) {
                    (Data::Dates(days), _) => days,
                    (Data::Texts(_), None) => return Err(self.other_kind()),
                    (Data::Texts(_), Some(texts)) => {
                        read = dates::days(texts, *format)
                            .map_err(|row| self.stray(row, texts.text(row).unwrap_or_default()))?;
                        &read
                    }
                    _ => {
                        read = vec![f64::NAN; self.table.rows()];
                        &read
                    }
                };
                for &part in parts {
                    let of = |days: f64| if days.is_nan() { days } else { part.of(days, *origin) };
                    let name = format!("{name}.{}", part.name());
                    features.push(Feature::Numeric { name, values: self.numbers(days, of)? });
                }
            }
            (Plan::Category { levels }, Data::Missing) => {
                let codes = vec![Feature::MISSING; self.rows()];
                features.push(Feature::Categorical { name, codes, levels: levels.clone() });
            }
            (Plan::Category { levels }, data) => {
                let codes = match (texts, data) {
                    (Some(texts), _) => self.codes(levels, texts.texts(), warnings),
                    (None, Data::Texts(texts)) => self.recoded(levels, texts, warnings),
                    (None, _) => return Err(self.other_kind()),
                };
                features.push(Feature::Categorical { name, codes, levels: levels.clone() });
            }
            (Plan::Number | Plan::Offset { .. }, Data::Texts(texts)) => {
                return Err(not_number(self.table, self.column, texts));
            }
            (_, _) => return Err(self.other_kind()),
        }
        Ok(())
    }

    fn rows(&self) -> usize {
        self.kept.map_or(self.table.rows(), <[u32]>::len)
    }

    fn numbers(&self, values: &[f64], of: impl Fn(f64) -> f64) -> Result<Vec<f32>> {
        let mut numbers: Vec<f32> = some_of(values, self.kept).map(|value| of(value) as f32).collect();
        let Some(first) = numbers.iter().position(|number| number.is_infinite()) else { return Ok(numbers) };
        if self.schema.options.infinite == Infinite::Missing {
            numbers.iter_mut().filter(|number| number.is_infinite()).for_each(|number| *number = f32::NAN);
            return Ok(numbers);
        }
        let row = self.kept.map_or(first, |kept| kept[first] as usize);
        Err(Error::Range {
            file: self.table.file(),
            at: format!("row {}", row + 1),
            column: self.planned.column.clone(),
            value: values[row],
            expected: "a finite number below 3.4e38: mend it, leave the field empty, or say that infinite numbers are missing",
        })
    }

    /// The training codes of a table's own codes.
    fn recoded(&self, levels: &[String], texts: &Texts, warnings: &mut Vec<Warning>) -> Vec<u32> {
        let known = numbered(levels);
        let code: Vec<u32> =
            texts.levels.iter().map(|text| known.get(text.as_str()).copied().unwrap_or(Feature::MISSING)).collect();
        let mut unseen = Unseen::default();
        let codes = some_of(&texts.codes, self.kept)
            .map(|own| match code.get(own as usize) {
                Some(&code) => {
                    if code == Feature::MISSING {
                        unseen.see(&texts.levels[own as usize]);
                    }
                    code
                }
                None => Feature::MISSING,
            })
            .collect();
        warnings.extend(unseen.warning(&self.planned.column));
        codes
    }

    /// The training codes of texts.
    fn codes<'t>(
        &self,
        levels: &[String],
        texts: impl Iterator<Item = Option<&'t str>>,
        warnings: &mut Vec<Warning>,
    ) -> Vec<u32> {
        let known = numbered(levels);
        let mut unseen = Unseen::default();
        let texts: Vec<Option<&str>> = texts.collect();
        let codes = some_of(&texts, self.kept)
            .map(|text| match text.and_then(blanks::label) {
                None => Feature::MISSING,
                Some(text) => known.get(text).copied().unwrap_or_else(|| {
                    if !number::is_null(text.as_bytes()) {
                        unseen.see(text);
                    }
                    Feature::MISSING
                }),
            })
            .collect();
        warnings.extend(unseen.warning(&self.planned.column));
        codes
    }

    /// An error of a text that is not what the column held in training.
    fn stray(&self, row: usize, text: &str) -> Error {
        let (row, column, kind) = (row + 1, &self.planned.column, self.kind_in_training());
        Error::Unclear {
            file: self.table.file(),
            problem: format!("row {row}, column `{column}`: `{text}` is not {kind}"),
            hint: "mend it, or leave the field empty where it is missing".into(),
        }
    }

    fn other_kind(&self) -> Error {
        // A text among dates or booleans: the row says more than the kind.
        if let Data::Texts(texts) = &self.column.data
            && let Some(Stray { row, text, .. }) = texts.strays.first()
        {
            return self.stray(*row, text);
        }
        Error::ColumnType {
            file: self.table.file(),
            column: self.planned.column.clone(),
            found: match &self.column.data {
                Data::Unreadable(what) => what.clone(),
                _ => format!("{}s", self.column.kind()),
            },
            role: self.kind_in_training(),
            hint: "it must be of the kind that it was in training",
        }
    }

    fn kind_in_training(&self) -> &'static str {
        match self.planned.plan {
            Plan::Number | Plan::Offset { .. } => "a number",
            Plan::Boolean => "true or false",
            Plan::Category { .. } => "a category",
            Plan::Date { format: DateFormat::Iso, .. } => "a date such as 2024-02-29 or 2024-02-29T12:00:00Z",
            Plan::Date { format: DateFormat::YearSlash, .. } => "a date such as 2024/12/31",
            Plan::Date { format: DateFormat::DayDot, .. } => "a date such as 31.12.2024",
            Plan::Date { format: DateFormat::DaySlash, .. } => "a date such as 31/12/2024",
            Plan::Date { format: DateFormat::MonthSlash, .. } => "a date such as 12/31/2024",
        }
    }
}

fn numbered(levels: &[String]) -> HashMap<&str, u32> {
    levels.iter().enumerate().map(|(code, level)| (level.trim(), code as u32)).collect()
}

/// Levels that training did not have.
#[derive(Default)]
struct Unseen<'a> {
    rows: usize,
    first: Option<&'a str>,
    levels: HashSet<&'a str>,
}

impl<'a> Unseen<'a> {
    fn see(&mut self, level: &'a str) {
        self.rows += 1;
        self.first.get_or_insert(level);
        self.levels.insert(level);
    }

    fn warning(&self, column: &str) -> Option<Warning> {
        let first = self.first?;
        let s = if self.rows == 1 { " has" } else { "s have" };
        let text = match self.levels.len() {
            1 => format!(
                "column `{column}`: {} row{s} the level `{first}`, unseen in training; it counts as missing",
                self.rows
            ),
            levels => format!(
                "column `{column}`: {} row{s} {levels} levels unseen in training, such as `{first}`; they count as missing",
                self.rows
            ),
        };
        Some(Warning::Note { text })
    }
}
