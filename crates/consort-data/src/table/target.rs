//! The target column: classes or numbers.

use std::collections::HashMap;

use consort_core::{Classes, Outputs, Target, Task, Warning};
use serde::{Deserialize, Serialize};

use crate::{
    Error, Result,
    files::{TextColumn, boolean, number, survey::MOST_CLASSES},
};

use super::{Column, Kind, SchemaOptions, Table, column::Data, feature::not_number, read::truth};

/// The most different whole numbers that are taken for classes.
const MOST_NUMBERED: usize = 20;
/// The fewest rows that each of them has in the mean, unless there are just two.
const ROWS_EACH: usize = 5;

/// What the target is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Truths {
    Classes(Classes),
    Values,
}

impl Truths {
    /// Whether the target is a class, and which classes there are.
    pub(super) fn infer(
        table: &Table,
        column: &Column,
        texts: &TextColumn,
        options: &SchemaOptions,
        judged: &mut Vec<String>,
        warnings: &mut Vec<Warning>,
    ) -> Result<Self> {
        let name = column.name();
        let unclear = |problem: String, hint: &str| Error::Unclear { file: table.file(), problem, hint: hint.into() };
        match column.kind() {
            Kind::Missing => return Err(unclear(format!("the target `{name}` is missing in every row"), OTHER)),
            Kind::Unreadable | Kind::Date => {
                return Err(Error::ColumnType {
                    file: table.file(),
                    column: name.into(),
                    found: match &column.data {
                        Data::Unreadable(what) => what.clone(),
                        _ => "dates".into(),
                    },
                    role: "a target",
                    hint: "choose a column of numbers or classes",
                });
            }
            Kind::Number | Kind::Boolean | Kind::Text => {}
        }
        let labels = Labels::count(column, texts);
        let by_classes = match options.task {
            Some(task) if task.is_classification() => true,
            Some(Task::Regression | Task::Quantile) => false,
            Some(task) => {
                return Err(consort_core::Error::Unsupported {
                    by: "a table".into(),
                    what: task.to_string(),
                    hint: "name one target, of classes or of numbers".into(),
                }
                .into());
            }
            None if options.classes.is_some() => true,
            None => {
                let judgement = labels.are_classes(column);
                judged.push(format!("`{name}`: {}", judgement.1));
                judgement.0
            }
        };
        if labels.distinct.len() == 1 {
            let value = labels.distinct.keys().next().copied().unwrap_or_default();
            return Err(unclear(
                format!("the target `{name}` is `{value}` in every row that has one, so there is nothing to learn"),
                OTHER,
            ));
        }
        if !by_classes {
            return match &column.data {
                Data::Texts(texts) => Err(not_number(table, column, texts)),
                _ => Ok(Self::Values),
            };
        }
        let count = labels.distinct.len();
        if let (None, Data::Texts(texts)) = (options.task, &column.data)
            && texts.signs > 0
            && texts.signs + texts.numbers == labels.present
            && !few_numbers(count, labels.present)
        {
            return Err(not_number(table, column, texts));
        }
        if options.classes.is_none() && (labels.many || count > MOST_NUMBERED && 2 * count > labels.present) {
            if let Data::Texts(texts) = &column.data
                && 2 * texts.numbers > labels.present
            {
                return Err(not_number(table, column, texts));
            }
            return Err(unclear(
                format!(
                    "the target `{name}` has {}{count} different values in {} rows, too many for classes",
                    if labels.many { "more than " } else { "" },
                    labels.present
                ),
                "choose another target, or say that the task is a regression",
            ));
        }
        if let Some(class) = labels.merged {
            let text =
                format!("labels of `{name}` that differ only in blanks around them are one class, such as `{class}`");
            warnings.push(Warning::Note { text });
        }
        let mut classes = match &options.classes {
            Some(classes) => Classes::new(classes.iter().map(|name| name.trim()))?,
            None => Classes::from_labels(boolean::one_spelling(labels.distinct.keys().copied().collect()))?,
        };
        if options.classes.is_none() {
            warnings.extend(doubtful(name, &classes));
        }
        if classes.len() == 2 && options.positive.is_none() {
            let positive = &classes.names()[classes.positive()];
            judged.push(format!("the positive class is `{positive}`; `--positive` names the other"));
        }
        if let Some(positive) = &options.positive {
            let spelled = Finder::new(&classes).find(positive).map(|k| classes.names()[k as usize].clone());
            classes = classes.with_positive(spelled.as_deref().unwrap_or(positive))?;
        }
        if options.task == Some(Task::Binary) && classes.len() != 2 {
            return Err(unclear(
                format!("the target `{name}` has {} classes ({classes}), not two", classes.len()),
                "say that the task is multiclass, or mend the labels",
            ));
        }
        Ok(Self::Classes(classes))
    }

    /// What a prediction of it has.
    pub(super) fn outputs(&self, name: &str) -> Outputs {
        match self {
            Truths::Classes(classes) => Outputs::Classes(classes.clone()),
            Truths::Values => Outputs::target(name),
        }
    }

    /// The target of the rows `kept` (all for `None`), none of which is missing.
    pub(super) fn read(
        &self,
        table: &Table,
        column: &Column,
        texts: &TextColumn,
        kept: Option<&[u32]>,
    ) -> Result<Target> {
        let rows = kept.map_or(table.rows(), <[u32]>::len);
        let row = |i: usize| kept.map_or(i, |kept| kept[i] as usize);
        match (self, &column.data) {
            (Truths::Classes(classes), _) => {
                let finder = Finder::new(classes);
                let mut known: HashMap<&str, u32> = HashMap::new();
                let mut codes = Vec::with_capacity(rows);
                for i in 0..rows {
                    let text = texts.text(row(i)).unwrap_or_default().trim();
                    let code = match known.get(text) {
                        Some(&code) => code,
                        None => {
                            let code = finder.find(text).ok_or_else(|| consort_core::Error::UnknownClass {
                                place: format!("{}, column `{}`", table.file(), column.name()),
                                class: text.into(),
                                row: Some(row(i) + 1),
                                known: classes.clone(),
                            })?;
                            known.insert(text, code);
                            code
                        }
                    };
                    codes.push(code);
                }
                Ok(Target::Classes { codes, classes: classes.clone() })
            }
            (Truths::Values, Data::Numbers(values) | Data::Booleans(values)) => {
                let values: Vec<f64> = (0..rows).map(|i| values[row(i)]).collect();
                if let Some(i) = values.iter().position(|value| !value.is_finite()) {
                    return Err(Error::Range {
                        file: table.file(),
                        at: format!("row {}", row(i) + 1),
                        column: column.name().into(),
                        value: values[i],
                        expected: "a target: a finite number",
                    });
                }
                Ok(Target::from_values(values, column.name())?)
            }
            (Truths::Values, Data::Texts(texts)) => Err(not_number(table, column, texts)),
            (Truths::Values, other) => Err(Error::ColumnType {
                file: table.file(),
                column: column.name().into(),
                found: match other {
                    Data::Unreadable(what) => what.clone(),
                    Data::Dates(_) => "dates".into(),
                    _ => "nothing".into(),
                },
                role: "a target of numbers",
                hint: "the model was trained on numbers",
            }),
        }
    }

    /// Whether the target is missing in a row, by its text.
    pub(super) fn is_missing(&self, column: &Column, text: Option<&str>) -> bool {
        match self {
            Truths::Values => absent(column, text),
            Truths::Classes(classes) => {
                absent(column, text) && text.is_none_or(|text| classes.index(text.trim()).is_none())
            }
        }
    }
}

/// Warnings of classes that may be none, or one.
fn doubtful(name: &str, classes: &Classes) -> Vec<Warning> {
    let mut texts: Vec<String> = Vec::new();
    for class in classes.names().iter().filter(|class| number::is_null(class.as_bytes())) {
        texts.push(format!(
            "`{class}` is a class of `{name}`: if it means that the class is missing, say \
             `--missing-values {class} --drop-missing-target`"
        ));
    }
    let mut seen: HashMap<String, &str> = HashMap::new();
    for class in classes.names() {
        if let Some(other) = seen.insert(class.to_lowercase(), class) {
            texts.push(format!(
                "classes `{other}` and `{class}` of `{name}` differ only in case: mend one if they are one"
            ));
        }
    }
    texts.into_iter().map(|text| Warning::Note { text }).collect()
}

const OTHER: &str = "choose another target";

/// Whether a cell of the target is missing: `NA` and its like are so unless the column is one of texts.
fn absent(column: &Column, text: Option<&str>) -> bool {
    text.is_none_or(|text| {
        text.trim().is_empty() || column.kind() != Kind::Text && number::is_null(text.trim().as_bytes())
    })
}

/// Whether so many different whole numbers in so many rows are taken for classes.
pub(crate) fn few_numbers(different: usize, rows: usize) -> bool {
    different == 2 || different <= MOST_NUMBERED && different * ROWS_EACH <= rows
}

/// The different labels of a target.
struct Labels<'a> {
    /// Each without the blanks around it, and as it is written first.
    distinct: HashMap<&'a str, &'a str>,
    present: usize,
    /// Whether there are more than were counted.
    many: bool,
    /// The first in the order of bytes that is written with blanks in several ways.
    merged: Option<&'a str>,
}

impl<'a> Labels<'a> {
    fn count(column: &Column, texts: &'a TextColumn) -> Self {
        let mut labels = Self { distinct: HashMap::new(), present: 0, many: false, merged: None };
        for text in texts.texts().filter(|text| !absent(column, *text)).flatten() {
            labels.present += 1;
            let label = text.trim();
            if let Some(&first) = labels.distinct.get(label) {
                if first != text && labels.merged.is_none_or(|merged| label < merged) {
                    labels.merged = Some(label);
                }
            } else if labels.distinct.len() < MOST_CLASSES {
                labels.distinct.insert(label, text);
            } else {
                labels.many = true;
            }
        }
        labels
    }

    /// Whether the labels are classes, and why.
    fn are_classes(&self, column: &Column) -> (bool, String) {
        let count = self.distinct.len();
        let Data::Numbers(values) = &column.data else {
            return (true, format!("{count} different texts are classes"));
        };
        let whole = values.iter().all(|value| value.is_nan() || value.fract() == 0.0);
        match (whole, few_numbers(count, self.present) && !self.many) {
            (true, true) => (true, format!("{count} different whole numbers are taken for classes")),
            (true, false) => (false, "many different whole numbers are taken for numbers, not classes".into()),
            (false, _) => (false, "numbers that are not all whole are no classes".into()),
        }
    }
}

/// Finds the class of a label: the one spelled so; else the only one that is the same number, or the same truth value, so that
/// a model trained on `1.0` or `True` in one format takes `1` or `true` of another.
struct Finder<'a> {
    classes: &'a Classes,
    numbers: Vec<Option<f64>>,
}

impl<'a> Finder<'a> {
    fn new(classes: &'a Classes) -> Self {
        let number = |name: &String| name.trim().parse().ok().or_else(|| truth(name));
        Self { classes, numbers: classes.names().iter().map(number).collect() }
    }

    fn find(&self, label: &str) -> Option<u32> {
        if let Some(code) = self.classes.index(label.trim()) {
            return Some(code as u32);
        }
        let value: f64 = label.trim().parse().ok().or_else(|| truth(label))?;
        let mut same = (0..self.numbers.len()).filter(|&k| self.numbers[k] == Some(value));
        let first = same.next()?;
        same.next().is_none().then_some(first as u32)
    }
}
