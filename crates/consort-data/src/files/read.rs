use consort_core::{Gives, Member, Outputs, Predictions, Target, Warning};

use crate::{Error, Result};

use super::{
    ClassesMissing, Folds, Loaded, ReadOptions, Source, Style,
    align::{Aligned, LEFT_OUT},
    blanks,
    boolean::Spelled,
    fill::fill,
    first_pass::{FirstPass, Roles},
    layout::{Layout, Sheet},
    problem::{Evidence, Mode},
    survey::{Interned, Kept},
    texts::Texts,
};

/// Reads the files of the members and, perhaps, of the truth, and aligns them by row id and by class.
///
/// Each file is read twice: once for its ids, labels and truth, once for its numbers, which go straight to their
/// place. The ids of a file are joined to those of the first as they are read, and let go. Beside the cube no more is
/// kept than the ids, four bytes a row for each file whose rows stand in an order of their own, and one column of one
/// file.
///
/// Rows are joined by the id column; where no file has one, by position, and then lengths must agree. Rows of an NPY
/// file stand in the order of the truth. Members stand in the byte order of their names, rows in that of their ids.
///
/// ```
/// use consort_data::files::{Format, ReadOptions, Source, read_members};
/// let a = Source::bytes("a", Format::Csv, &b"id,y,p\nr2,yes,0.9\nr1,no,0.25\n"[..]);
/// let b = Source::bytes("b", Format::Csv, &b"id,p\nr1,0.5\nr2,0.75\n"[..]);
/// let loaded = read_members(&[a, b], None, &ReadOptions::default())?;
/// assert_eq!(loaded.predictions.member(0), [0.75, 0.25, 0.1, 0.9]); // r1, then r2
/// assert_eq!(loaded.predictions.member(1), [0.5, 0.5, 0.25, 0.75]);
/// assert_eq!(loaded.order, [1, 0]); // r2 came first in the first file
/// # Ok::<(), consort_data::Error>(())
/// ```
///
/// # Errors
/// [`Error`], naming file, column, row, id, class or member.
pub fn read_members(sources: &[Source], truth: Option<&Source>, options: &ReadOptions) -> Result<Loaded> {
    let mut judged = Vec::new();
    if sources.is_empty() {
        let hint = "give at least one file of predictions".into();
        return Err(consort_core::Error::Empty { what: "the list of member files".into(), hint }.into());
    }
    let members = sources.iter().map(|source| Sheet::open(source, options, &mut judged)).collect::<Result<Vec<_>>>()?;
    let columns = members.iter().map(|sheet| sheet.table.columns().to_vec()).collect();
    let mut sheets = members;
    if let Some(truth) = truth {
        sheets.push(Sheet::truth(truth, options)?);
    }
    let roles = Roles::find(&sheets, truth.is_some(), options, &mut judged)?;
    let first_pass = FirstPass::read(&sheets, &roles, truth.is_some(), options)?;
    let FirstPass { surveys, target: truth_kept, weight, fold, group, aligned } = first_pass;
    let evidence =
        Evidence { sheets: &sheets[..sources.len()], surveys: &surveys, truth: truth_kept.as_ref(), options };
    let (outputs, modes) = evidence.judge(&mut judged)?;
    drop(surveys);

    let mut warnings = left_out(&sheets, &aligned);
    if let (Outputs::Classes(_), Some(truth)) = (&outputs, &truth_kept)
        && let Some(class) = blanks::merged(truth.seen.names.iter().map(String::as_str))
    {
        let text =
            format!("labels of the truth that differ only in blanks around them are one class, such as `{class}`");
        warnings.push(Warning::Note { text });
    }
    let column = |role: Option<(usize, usize)>| {
        role.map(|(s, column)| Column { sheet: &sheets[s], column, places: &aligned.places[s] })
    };
    let rows = aligned.ids.len();
    let target =
        column(roles.target).zip(truth_kept).map(|(column, kept)| column.target(&kept, &outputs, rows)).transpose()?;
    let weights = column(roles.weight).zip(weight).map(|(column, kept)| column.weights(&kept, rows)).transpose()?;
    let folds = column(roles.fold).zip(fold).map(|(column, kept)| column.folds(&kept, rows)).transpose()?;
    let groups = column(roles.group).zip(group).map(|(column, texts)| column.groups(texts, rows)).transpose()?;

    let (names, known) = names_and_known(sources, &sheets, &outputs, options, &mut warnings)?;
    let predictions = second_pass(&sheets, &names, &modes, &outputs, &aligned, options)?;
    let given: Vec<String> = names.into_iter().flatten().collect();
    let mut by_name: Vec<usize> = (0..given.len()).collect();
    by_name.sort_by(|&a, &b| given[a].cmp(&given[b]));
    let style = match (sheets[0].layout.style(), modes[0]) {
        (_, Mode::Labels) => Style::Labels,
        (_, Mode::Values) => Style::Values,
        (Style::Classes, Mode::Positive(_)) => Style::Positive,
        (style, _) => style,
    };
    Ok(Loaded {
        predictions: predictions.subset(&by_name),
        known: by_name.iter().map(|&m| known[m].clone()).collect(),
        target,
        weights,
        folds,
        groups,
        order: aligned.order,
        given,
        style,
        columns,
        judged,
        warnings,
    })
}

/// A column whose values go to the rows of the cube.
struct Column<'a> {
    sheet: &'a Sheet,
    column: usize,
    places: &'a [u32],
}

impl Column<'_> {
    fn file(&self) -> String {
        self.sheet.table.file().into()
    }

    fn name(&self) -> String {
        self.sheet.table.columns()[self.column].clone()
    }

    fn is_kept(&self, row: usize) -> bool {
        self.places[row] != LEFT_OUT
    }

    fn missing(&self, row: usize, role: &'static str) -> Error {
        let (file, at, column) = (self.file(), format!("row {}", row + 1), self.name());
        Error::MissingValue { file, at, column, role, hint: "fill it in, or drop the row from every file" }
    }

    /// Values of rows of the file, in the rows of the cube.
    fn scatter<T: Copy + Default>(&self, rows: usize, value: impl Fn(usize) -> T) -> Vec<T> {
        let mut all = vec![T::default(); rows];
        for (row, &at) in self.places.iter().enumerate().filter(|&(_, &at)| at != LEFT_OUT) {
            all[at as usize] = value(row);
        }
        all
    }

    fn numbers(&self, kept: &Kept, role: &'static str, rows: usize) -> Result<Vec<f64>> {
        if let Some((row, text)) = &kept.first_text {
            return Err(Error::NotNumber {
                file: self.file(),
                at: format!("row {}", row + 1),
                column: self.name(),
                text: text.clone(),
                hint: "mend it, or choose another column or task",
            });
        }
        if let Some(row) = (0..kept.numbers.len()).find(|&row| self.is_kept(row) && kept.numbers[row].is_nan()) {
            return Err(self.missing(row, role));
        }
        Ok(self.scatter(rows, |row| kept.numbers[row]))
    }

    fn target(&self, kept: &Kept, outputs: &Outputs, rows: usize) -> Result<Target> {
        let Outputs::Classes(classes) = outputs else {
            return Ok(Target::from_values(self.numbers(kept, "truth", rows)?, &self.name())?);
        };
        if let Some(&row) = kept.empty.iter().find(|&&row| self.is_kept(row as usize)) {
            return Err(self.missing(row as usize, "truth"));
        }
        let spelled = Spelled::new(classes);
        let codes: Vec<Option<u32>> = kept.seen.names.iter().map(|name| spelled.find(name).map(|k| k as u32)).collect();
        let unknown = |row: usize| kept.codes[row] == Interned::NONE || codes[kept.codes[row] as usize].is_none();
        if let Some(row) = (0..kept.codes.len()).find(|&row| self.is_kept(row) && unknown(row)) {
            return Err(consort_core::Error::UnknownClass {
                place: format!("{}, column `{}`", self.file(), self.name()),
                class: kept
                    .seen
                    .names
                    .get(kept.codes[row] as usize)
                    .cloned()
                    .unwrap_or_else(|| "one of very many".into()),
                row: Some(row + 1),
                known: classes.clone(),
            }
            .into());
        }
        let codes =
            self.scatter(rows, |row| codes.get(kept.codes[row] as usize).copied().flatten().unwrap_or_default());
        Ok(Target::Classes { codes, classes: classes.clone() })
    }

    fn weights(&self, kept: &Kept, rows: usize) -> Result<Vec<f64>> {
        let weights = self.numbers(kept, "weight", rows)?;
        let bad = |weight: f64| !(weight.is_finite() && weight >= 0.0);
        if let Some(row) = (0..kept.numbers.len()).find(|&row| self.is_kept(row) && bad(kept.numbers[row])) {
            return Err(Error::Range {
                file: self.file(),
                at: format!("row {}", row + 1),
                column: self.name(),
                value: kept.numbers[row],
                expected: "a weight: finite and at least 0",
            });
        }
        Ok(weights)
    }

    fn folds(&self, kept: &Kept, rows: usize) -> Result<Folds> {
        if let Some(&row) = kept.empty.iter().find(|&&row| self.is_kept(row as usize)) {
            return Err(self.missing(row as usize, "fold"));
        }
        if kept.seen.many {
            return Err(Error::TooLarge {
                file: self.file(),
                what: format!("the number of different folds in column `{}`", self.name()),
                limit: super::survey::MOST_CLASSES.to_string(),
                hint: "name the column of folds with `--fold`",
            });
        }
        let names = consort_core::Classes::from_labels(kept.seen.names.iter().cloned())?.names().to_vec();
        let codes: Vec<u32> = kept
            .seen
            .names
            .iter()
            .map(|name| names.iter().position(|n| n == name).unwrap_or_default() as u32)
            .collect();
        Ok(Folds { codes: self.scatter(rows, |row| codes[kept.codes[row] as usize]), names })
    }

    /// The groups, numbered in the byte order of their texts. There may be as many as rows.
    fn groups(&self, texts: Texts, rows: usize) -> Result<Vec<u32>> {
        if let Some(row) = (0..texts.len()).find(|&row| self.is_kept(row) && texts.get(row).is_none()) {
            return Err(self.missing(row, "group"));
        }
        let mut codes = vec![0; texts.len()];
        let texts = texts.into_ids();
        let mut code = 0;
        for pair in texts.order().windows(2) {
            code += u32::from(texts.text(pair[0] as usize) != texts.text(pair[1] as usize));
            codes[pair[1] as usize] = code;
        }
        Ok(self.scatter(rows, |row| codes[row]))
    }
}

fn left_out(sheets: &[Sheet], aligned: &Aligned) -> Vec<Warning> {
    let some = sheets.iter().zip(&aligned.left_out).filter(|&(_, &rows)| rows > 0);
    some.map(|(sheet, &rows)| {
        let why = format!("{} has ids that another file lacks", sheet.table.file());
        Warning::RowsLeftOut { rows, why }
    })
    .collect()
}

type NamesAndKnown = (Vec<Vec<String>>, Vec<Vec<bool>>);

/// The names of the members of each file, and which member knows which class.
fn names_and_known(
    sources: &[Source],
    sheets: &[Sheet],
    outputs: &Outputs,
    options: &ReadOptions,
    warnings: &mut Vec<Warning>,
) -> Result<NamesAndKnown> {
    let (mut names, mut known) = (Vec::new(), Vec::new());
    for (source, sheet) in sources.iter().zip(sheets) {
        let (of_sheet, knows): (Vec<String>, Vec<bool>) = match (&sheet.layout, outputs) {
            (Layout::Wide(columns), _) => {
                (columns.iter().map(|(name, _)| name.clone()).collect(), vec![true; outputs.len()])
            }
            (Layout::Classes(columns), Outputs::Classes(classes)) => {
                let spelled = Spelled::new(classes);
                let gives = options.inputs.unwrap_or(Gives::Probabilities);
                let mut knows = vec![sheet.layout.lone_class(classes.len(), gives).is_some(); classes.len()];
                columns.iter().filter_map(|(name, _)| spelled.find(name)).for_each(|k| knows[k] = true);
                (vec![source.name.clone()], knows)
            }
            _ => (vec![source.name.clone()], vec![true; outputs.len()]),
        };
        for k in (0..knows.len()).filter(|&k| !knows[k]) {
            if options.inputs == Some(Gives::Scores) {
                return Err(Error::Unclear {
                    file: source.file(),
                    problem: format!("member `{}` has no score for class `{}`", source.name, outputs.name(k)),
                    hint: "a score has no zero: give every member a column for every class".into(),
                });
            }
            let (member, class) = (source.name.clone(), outputs.name(k));
            warnings.push(match options.classes_missing {
                ClassesMissing::Zero => Warning::AbsentClass { member, class },
                ClassesMissing::KnownOnly => Warning::Note {
                    text: format!("member `{member}` has no column for class `{class}` and is left out of it"),
                },
            });
        }
        known.extend(std::iter::repeat_n(knows, of_sheet.len()));
        names.push(of_sheet);
    }
    Ok((names, known))
}

fn second_pass(
    sheets: &[Sheet],
    names: &[Vec<String>],
    modes: &[Mode],
    outputs: &Outputs,
    aligned: &Aligned,
    options: &ReadOptions,
) -> Result<Predictions> {
    let rows = aligned.ids.len();
    let count: usize = names.iter().map(Vec::len).sum();
    let numbers = rows.checked_mul(outputs.len()).and_then(|cells| cells.checked_mul(count));
    if numbers.is_none_or(|numbers| Vec::<f32>::new().try_reserve_exact(numbers).is_err()) {
        return Err(Error::TooLarge {
            file: sheets[0].table.file().into(),
            what: format!("a cube of {count} members, {rows} rows and {} columns", outputs.len()),
            limit: "the memory of this machine".into(),
            hint: "split the files by rows",
        });
    }
    let mut builder =
        Predictions::builder(outputs.clone(), aligned.ids.clone()).missing(options.missing).reserve(count);
    for (s, names) in names.iter().enumerate() {
        let (sheet, places) = (&sheets[s], &aligned.places[s]);
        let members = names.iter().map(|name| Member { name: name.clone(), gives: modes[s].gives() }).collect();
        let mut fault = None;
        let added = builder.add_together(members, |slots| {
            fill(sheet, modes[s], outputs, places, rows, slots).map_err(|error| {
                fault = Some(error);
                consort_core::Error::Cancelled
            })
        });
        match (added, fault) {
            (_, Some(error)) => return Err(error),
            (Err(error), None) => return Err(in_file(error, sheet, modes[s], places).into()),
            (Ok(()), None) => {}
        }
    }
    Ok(builder.build()?)
}

/// A fault of a row of the cube, told by the row of the file.
fn in_file(mut error: consort_core::Error, sheet: &Sheet, mode: Mode, places: &[u32]) -> consort_core::Error {
    // Of one number a row two classes are made, and of a label all; the file has neither of their names.
    if let consort_core::Error::NotFinite { what, .. } = &mut error
        && matches!(mode, Mode::Positive(_) | Mode::Labels | Mode::Values)
        && let Layout::Positive(column) | Layout::Values(column) | Layout::Labels(column) = sheet.layout
    {
        *what = format!("column `{}`", sheet.table.columns()[column]);
    }
    if let consort_core::Error::NotFinite { place, row, .. }
    | consort_core::Error::NotProbabilities { place, row, .. } = &mut error
    {
        *place = format!("{} ({place})", sheet.table.file());
        if let Some(at) = places.iter().position(|&at| at as usize + 1 == *row) {
            *row = at + 1;
        }
    }
    error
}
