//! What the columns of a file are for, by their names.

use consort_core::Gives;

use crate::{Error, Result};

use super::{ReadOptions, Source, Style, table::Table};

/// A file of members, and what its columns are for.
pub(super) struct Sheet {
    pub(super) table: Table,
    pub(super) id: Option<usize>,
    pub(super) layout: Layout,
    /// What the numbers are, where the names of the columns say it.
    pub(super) says: Option<Gives>,
}

/// The columns that hold predictions.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Layout {
    /// One column a class: class and column.
    Classes(Vec<(String, usize)>),
    /// The probability (or logit, or score) of the positive class.
    Positive(usize),
    /// A number, or a label where the task is classification.
    Values(usize),
    /// A label.
    Labels(usize),
    /// One column a member: name and column.
    Wide(Vec<(String, usize)>),
    /// An array: one column, or one column a class.
    Array { columns: Option<usize> },
    /// The file of the truth alone.
    Truth,
}

impl Layout {
    pub(super) fn style(&self) -> Style {
        match self {
            Layout::Positive(_) => Style::Positive,
            Layout::Values(_) => Style::Values,
            Layout::Labels(_) => Style::Labels,
            _ => Style::Classes,
        }
    }
}

impl Layout {
    /// The class of the only column of classes, where there are two: the other has the rest of the probability.
    pub(super) fn lone_class(&self, classes: usize, gives: Gives) -> Option<&str> {
        match self {
            Layout::Classes(columns) if classes == 2 && gives == Gives::Probabilities => match &columns[..] {
                [(class, _)] => Some(class),
                _ => None,
            },
            _ => None,
        }
    }
}

/// How the names of columns begin that hold scores of classes, not probabilities.
pub(super) const SCORES: &str = "score_";
/// The name of the truth where none is given.
pub(super) const TARGET: &str = "y";
/// The name of the column of folds where none is given.
pub(super) const FOLD: &str = "fold";

impl Sheet {
    /// Opens a file of members. What is judged is added to `judged`.
    pub(super) fn open(source: &Source, options: &ReadOptions, judged: &mut Vec<String>) -> Result<Self> {
        let table = Table::open(source)?;
        let id = table.find(&options.id);
        let (layout, says) = match &table {
            Table::Array(array) => (Layout::Array { columns: array.columns.filter(|&columns| columns > 1) }, None),
            _ if options.wide => (wide(&table, id, options, judged)?, None),
            _ => narrow(&table, options, judged)?,
        };
        Ok(Self { table, id, layout, says })
    }

    /// Opens the file of the truth.
    pub(super) fn truth(source: &Source, options: &ReadOptions) -> Result<Self> {
        let table = Table::open(source)?;
        if matches!(table, Table::Array(_)) {
            return Err(Error::Unclear {
                file: table.file().into(),
                problem: "the truth cannot be an array without column names".into(),
                hint: "give a CSV or Parquet file with the ids and the truth".into(),
            });
        }
        let target = options.target.as_deref().unwrap_or(TARGET);
        if table.find(target).is_none() {
            return Err(table.no_column("truth", target, "name it with `--target`"));
        }
        let id = table.find(&options.id);
        Ok(Self { table, id, layout: Layout::Truth, says: None })
    }

    pub(super) fn is_array(&self) -> bool {
        matches!(self.layout, Layout::Array { .. })
    }
}

fn wide(table: &Table, id: Option<usize>, options: &ReadOptions, judged: &mut Vec<String>) -> Result<Layout> {
    let target = options.target.as_deref().unwrap_or(TARGET);
    let fold = options.fold.as_deref().unwrap_or(FOLD);
    let other = [Some(target), options.weight.as_deref(), Some(fold), options.group.as_deref()];
    let members: Vec<(String, usize)> = table
        .columns()
        .iter()
        .enumerate()
        .filter(|&(column, name)| Some(column) != id && !other.contains(&Some(name.as_str())))
        .map(|(column, name)| (name.clone(), column))
        .collect();
    if members.is_empty() {
        return Err(table.no_column("member", "any", "a wide file has one column a member, beside id and truth"));
    }
    if options.fold.is_none() && table.find(FOLD).is_some() {
        judged.push(format!("{}: the column `{FOLD}` says the fold of each row; it is no member", table.file()));
    }
    Ok(Layout::Wide(members))
}

fn narrow(table: &Table, options: &ReadOptions, judged: &mut Vec<String>) -> Result<(Layout, Option<Gives>)> {
    let named = [
        options.target.as_deref(),
        options.weight.as_deref(),
        options.fold.as_deref(),
        options.group.as_deref(),
        Some(options.id.as_str()),
    ];
    let free = |name: &&str| !named.contains(&Some(*name));
    let of_classes = |prefix: &str| -> Vec<(String, usize)> {
        let free = table.columns().iter().enumerate().filter(|(_, name)| free(&name.as_str()));
        free.filter_map(|(column, name)| Some((name.strip_prefix(prefix)?.trim().to_string(), column))).collect()
    };
    let (classes, scores) = (of_classes("p_"), of_classes(SCORES));
    if classes.iter().any(|(class, _)| class.is_empty()) {
        return Err(Error::Unclear {
            file: table.file().into(),
            problem: "the column `p_` names no class".into(),
            hint: "name each column `p_CLASS`, or the only one `p`".into(),
        });
    }
    let column = |name: &str| Some(name).filter(free).and_then(|name| table.find(name));
    let wants_label = options.inputs == Some(Gives::Labels);
    let mut found = Vec::new();
    if !classes.is_empty() {
        found.push(("p_…", Layout::Classes(classes)));
    }
    found.extend(column("p").map(|c| ("p", Layout::Positive(c))));
    found.extend(column("pred").map(|c| ("pred", Layout::Values(c))));
    // A name such as `score_mean` may be of anything, but hardly two of them beside no other prediction.
    if scores.len() > 1 && scores.iter().all(|(class, _)| !class.is_empty()) {
        found.push(("score_…", Layout::Classes(scores)));
    }
    found.extend(column("label").map(|c| ("label", Layout::Labels(c))));
    if wants_label && found.iter().any(|(_, layout)| matches!(layout, Layout::Labels(_) | Layout::Values(_))) {
        found.retain(|(_, layout)| matches!(layout, Layout::Labels(_) | Layout::Values(_)));
        found.reverse();
    }
    if matches!(found[..], [(_, Layout::Classes(_)), (_, Layout::Positive(_)), ..]) {
        return Err(Error::Unclear {
            file: table.file().into(),
            problem: "it has both `p` and `p_CLASS` columns".into(),
            hint: "keep one of the two".into(),
        });
    }
    let mut found = found.into_iter();
    let Some((name, layout)) = found.next() else {
        let hint = "name the columns `p_CLASS` (one a class), `p`, `pred` or `label`, or say `--wide`";
        return Err(table.no_column("prediction", "p", hint));
    };
    for (other, _) in found {
        judged.push(format!("{}: `{name}` is the prediction; `{other}` is not read", table.file()));
    }
    Ok((layout, name.starts_with(SCORES).then_some(Gives::Scores)))
}
