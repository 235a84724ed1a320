use std::sync::Arc;

use consort_core::{Gives, Ids, Task};

use super::{
    ReadOptions,
    align::{Aligned, LEFT_OUT, Reference, Rows},
    layout::{FOLD, Layout, Sheet, TARGET},
    survey::{Kept, Survey},
    table::{Kind, Table},
    texts::Texts,
};
use crate::{Error, Result};

/// Where the truth, the weights, the folds and the groups are: file and column.
pub(super) struct Roles {
    pub(super) target: Option<(usize, usize)>,
    pub(super) weight: Option<(usize, usize)>,
    pub(super) fold: Option<(usize, usize)>,
    pub(super) group: Option<(usize, usize)>,
}

impl Roles {
    pub(super) fn find(
        sheets: &[Sheet],
        has_truth: bool,
        options: &ReadOptions,
        judged: &mut Vec<String>,
    ) -> Result<Self> {
        // The file of the truth comes first, then the members in order.
        let order = || has_truth.then(|| sheets.len() - 1).into_iter().chain(0..sheets.len() - usize::from(has_truth));
        let find = |name: &str| order().find_map(|s| Some((s, sheets[s].table.find(name)?)));
        let need = |name: &Option<String>, role: &'static str, flag: &str| match name {
            None => Ok(None),
            Some(name) => match find(name) {
                Some(place) => Ok(Some(place)),
                None => {
                    let table = &sheets[order().next().unwrap_or(0)].table;
                    Err(table.no_column(
                        role,
                        name,
                        &format!("`{flag}` must name a column of the truth or of a member file"),
                    ))
                }
            },
        };
        let target = match need(&options.target, "truth", "--target")? {
            None => find(TARGET),
            some => some,
        };
        let weight = need(&options.weight, "weight", "--weight")?;
        let group = need(&options.group, "group", "--group")?;
        let mut fold = need(&options.fold, "fold", "--fold")?;
        if options.fold.is_none() {
            // Judged only where the column cannot be a prediction.
            let holds = |&(s, _): &(usize, usize)| matches!(sheets[s].layout, Layout::Truth | Layout::Wide(_));
            fold = find(FOLD).filter(holds);
            if let Some((s, _)) = fold {
                judged.push(format!("{}: the folds are in the column `{FOLD}`", sheets[s].table.file()));
            }
        }
        Ok(Self { target, weight, fold, group })
    }
}

/// What one look at the texts of all files gives.
pub(super) struct FirstPass {
    pub(super) surveys: Vec<Vec<Survey>>,
    pub(super) target: Option<Kept>,
    pub(super) weight: Option<Kept>,
    pub(super) fold: Option<Kept>,
    pub(super) group: Option<Texts>,
    pub(super) aligned: Aligned,
}

#[derive(Clone, Copy)]
enum Use {
    Id,
    Target,
    Weight,
    Fold,
    Group,
    Survey(usize),
}

impl FirstPass {
    /// Reads the texts of all files and joins the ids of each as soon as they are read, so that never more than those of
    /// two files are there.
    pub(super) fn read(sheets: &[Sheet], roles: &Roles, has_truth: bool, options: &ReadOptions) -> Result<Self> {
        let any_id = sheets.iter().any(|sheet| sheet.id.is_some());
        if let Some(sheet) = sheets.iter().find(|sheet| any_id && sheet.id.is_none() && !sheet.is_array()) {
            let hint = "other files have one, so rows are joined by it; add it, or name it with `--id`";
            return Err(sheet.table.no_column("id", &options.id, hint));
        }
        // The rows of an array are those of the truth.
        let of_truth = if has_truth { Some(sheets.len() - 1) } else { roles.target.map(|(s, _)| s) };
        let base = if any_id { base(sheets, of_truth)? } else { 0 };
        let mut pass = Pass {
            rows: vec![0; sheets.len()],
            surveys: vec![Vec::new(); sheets.len()],
            target: roles.target.map(|_| Kept::default()),
            weight: roles.weight.map(|_| Kept::default()),
            fold: roles.fold.map(|_| Kept::default()),
            group: roles.group.map(|_| Texts::default()),
        };
        let ids = pass.sheet(base, &sheets[base], roles, options)?;
        let others = (0..sheets.len()).filter(|&s| s != base);
        let aligned = match ids {
            None => {
                for s in others {
                    pass.sheet(s, &sheets[s], roles, options)?;
                }
                (1..sheets.len())
                    .try_for_each(|s| pass.same_length(sheets, s, 0, "without ids, rows are joined by position"))?;
                Aligned::new(Ids::positions(pass.rows[0]), sheets.iter().map(|_| Rows(None)).collect())
            }
            Some(ids) => {
                let reference = Reference::new(ids.into_ids(), sheets[base].table.file())?;
                let (mut files, mut rows) = (vec![base], vec![Rows(None)]);
                for s in others {
                    if let Some(ids) = pass.sheet(s, &sheets[s], roles, options)? {
                        files.push(s);
                        rows.push(reference.join(sheets[s].table.file(), &ids, options.join)?);
                    }
                }
                let aligned = Aligned::new(reference.into_ids(), rows);
                if aligned.ids.is_empty() {
                    let hint = "look at the ids: are they of the same rows, spelled the same?".into();
                    let what = "the list of ids that all files have".into();
                    return Err(consort_core::Error::Empty { what, hint }.into());
                }
                pass.of_sheets(sheets, aligned, &files, of_truth.unwrap_or(base))?
            }
        };
        let Pass { surveys, target, weight, fold, group, .. } = pass;
        Ok(Self { surveys, target, weight, fold, group, aligned })
    }
}

/// The file whose ids the others are joined to.
fn base(sheets: &[Sheet], of_truth: Option<usize>) -> Result<usize> {
    match (sheets.iter().position(Sheet::is_array), of_truth) {
        (Some(array), None) => Err(Error::Unclear {
            file: sheets[array].table.file().into(),
            problem: "an array has no row ids, and nothing says the order of its rows".into(),
            hint: "give the file of the truth with `--truth`; its rows are those of the array".into(),
        }),
        (Some(0), Some(truth)) => Ok(truth),
        _ => Ok(0),
    }
}

/// What was read so far.
struct Pass {
    rows: Vec<usize>,
    surveys: Vec<Vec<Survey>>,
    target: Option<Kept>,
    weight: Option<Kept>,
    fold: Option<Kept>,
    group: Option<Texts>,
}

impl Pass {
    /// Reads the texts of one file and gives its ids, if it has them.
    fn sheet(&mut self, s: usize, sheet: &Sheet, roles: &Roles, options: &ReadOptions) -> Result<Option<Texts>> {
        let table = &sheet.table;
        let here = |role: Option<(usize, usize)>| role.filter(|&(at, _)| at == s).map(|(_, column)| column);
        let mut uses: Vec<(usize, Use)> = Vec::new();
        if let Some(id) = sheet.id {
            if matches!(table.kind(id), Kind::Float | Kind::Other) {
                return Err(Error::ColumnType {
                    file: table.file().into(),
                    column: options.id.clone(),
                    found: "floats or nested values".into(),
                    role: "row ids",
                    hint: "write the ids as text or whole numbers; floats lose digits",
                });
            }
            uses.push((id, Use::Id));
        }
        uses.extend(here(roles.target).map(|column| (column, Use::Target)));
        uses.extend(here(roles.weight).map(|column| (column, Use::Weight)));
        uses.extend(here(roles.fold).map(|column| (column, Use::Fold)));
        uses.extend(here(roles.group).map(|column| (column, Use::Group)));

        let regression = options.task == Some(Task::Regression) || options.inputs == Some(Gives::Values);
        let unclear: Vec<usize> = match &sheet.layout {
            Layout::Labels(column) => vec![*column],
            Layout::Values(column) if !regression => vec![*column],
            Layout::Wide(columns) if !regression => columns.iter().map(|&(_, column)| column).collect(),
            _ => Vec::new(),
        };
        let mut surveys = vec![Survey::default(); unclear.len().max(usize::from(sheet.is_array()))];
        let labels_expected =
            options.inputs == Some(Gives::Labels) || options.task.is_some_and(Task::is_classification);
        let mut as_numbers = (Vec::new(), Vec::new());
        for (at, &column) in unclear.iter().enumerate() {
            // A float need not become a text for us to see whether it is a probability.
            if table.kind(column) == Kind::Float && !labels_expected {
                as_numbers.0.push(column);
                as_numbers.1.push(at);
            } else {
                uses.push((column, Use::Survey(at)));
            }
        }

        let mut ids = sheet.id.map(|_| Texts::default());
        let wanted: Vec<usize> = uses.iter().map(|&(column, _)| column).collect();
        let rows = table.texts(&wanted, |row, which, text| {
            match uses[which].1 {
                Use::Id => {
                    let Some(text) = text else {
                        return Err(Error::MissingValue {
                            file: table.file().into(),
                            at: format!("row {}", row + 1),
                            column: options.id.clone(),
                            role: "id",
                            hint: "give every row an id, or drop the row",
                        });
                    };
                    ids.iter_mut().for_each(|ids| ids.push(Some(text)));
                }
                Use::Target => self.target.iter_mut().for_each(|kept| kept.push(text)),
                Use::Weight => self.weight.iter_mut().for_each(|kept| kept.push(text)),
                Use::Fold => self.fold.iter_mut().for_each(|kept| kept.push(text)),
                Use::Group => self.group.iter_mut().for_each(|texts| texts.push(text)),
                Use::Survey(at) => surveys[at].text(text),
            }
            Ok(())
        })?;
        if u32::try_from(rows).is_err() || rows as u32 == LEFT_OUT {
            let hint = "split the files by rows";
            return Err(Error::TooLarge {
                file: table.file().into(),
                what: format!("{rows} rows"),
                limit: u32::MAX.to_string(),
                hint,
            });
        }
        if !as_numbers.0.is_empty() {
            table.numbers(&as_numbers.0, |_, which, value| {
                surveys[as_numbers.1[which]].number(value);
                Ok(())
            })?;
        }
        if let Table::Array(array) = table
            && array.columns.is_none_or(|columns| columns == 1)
            && !regression
        {
            array.numbers(|_, _, value| {
                surveys[0].number(value);
                Ok(())
            })?;
        }
        self.rows[s] = rows;
        self.surveys[s] = surveys;
        Ok(ids)
    }

    fn same_length(&self, sheets: &[Sheet], s: usize, like: usize, hint: &str) -> Result<()> {
        if self.rows[s] == self.rows[like] {
            return Ok(());
        }
        Err(Error::from(consort_core::Error::Length {
            what: sheets[s].table.file().into(),
            got: self.rows[s],
            expected: self.rows[like],
            unit: "rows",
            hint: format!("as many as {} has; {hint}", sheets[like].table.file()),
        }))
    }

    /// The places of the rows of every sheet, from those of the files that have ids: an array goes by the truth.
    fn of_sheets(&self, sheets: &[Sheet], mut aligned: Aligned, files: &[usize], truth: usize) -> Result<Aligned> {
        let mut places = Vec::with_capacity(sheets.len());
        for (s, sheet) in sheets.iter().enumerate() {
            let like = if sheet.is_array() { truth } else { s };
            if sheet.is_array() {
                self.same_length(sheets, s, like, "the rows of an array are those of the truth")?;
            }
            let at = files.iter().position(|&file| file == like).unwrap_or(0);
            places.push((Arc::clone(&aligned.places[at]), if like == s { aligned.left_out[at] } else { 0 }));
        }
        (aligned.places, aligned.left_out) = places.into_iter().unzip();
        Ok(aligned)
    }
}
