//! What is predicted, and what the numbers of each file are: declared, or judged from the columns.

use std::collections::BTreeSet;

use consort_core::{Classes, Gives, Outputs, Task};

use crate::{Error, Result};

use super::{
    ReadOptions,
    boolean::{self, Spelled},
    layout::{Layout, Sheet, TARGET},
    survey::{Kept, MOST_CLASSES, Survey},
};

/// How the cells of a file become numbers of the cube.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// One column a class.
    Columns(Gives),
    /// One number, of which two classes are made.
    Positive(Gives),
    /// A predicted number.
    Values,
    /// A label, of which a 1 among zeros is made.
    Labels,
}

impl Mode {
    pub(super) fn gives(self) -> Gives {
        match self {
            Mode::Columns(gives) | Mode::Positive(gives) => gives,
            Mode::Values => Gives::Values,
            Mode::Labels => Gives::Labels,
        }
    }
}

/// What is known before the numbers are read.
pub(super) struct Evidence<'a> {
    pub(super) sheets: &'a [Sheet],
    /// For each file a survey of each column whose meaning its name does not say.
    pub(super) surveys: &'a [Vec<Survey>],
    pub(super) truth: Option<&'a Kept>,
    pub(super) options: &'a ReadOptions,
}

impl Evidence<'_> {
    /// The outputs, and the mode of each file.
    pub(super) fn judge(&self, judged: &mut Vec<String>) -> Result<(Outputs, Vec<Mode>)> {
        if let Some(task @ (Task::Multilabel | Task::Quantile)) = self.options.task {
            return Err(consort_core::Error::Unsupported {
                by: "reading prediction files".into(),
                what: task.to_string(),
                hint: "files hold classes or one target; use the library for the rest".into(),
            }
            .into());
        }
        let (classification, why) = self.is_classification();
        let result = if classification { self.classification() } else { self.regression() };
        let (outputs, modes) = result?;
        if self.options.task.is_none() {
            judged.push(format!("the task is {}: {why}", outputs.task()));
        }
        if let Outputs::Classes(classes) = &outputs {
            if self.options.classes.is_none() {
                judged.push(format!("the classes are {classes}"));
            }
            for (sheet, mode) in self.sheets.iter().zip(&modes) {
                if let Some(class) = sheet.layout.lone_class(classes.len(), mode.gives()) {
                    let file = sheet.table.file();
                    judged.push(format!("{file}: `p_{class}` stands alone, and the other class has the rest"));
                }
            }
            if classes.len() == 2 && self.options.positive.is_none() {
                judged.push(format!("the positive class is `{}`", classes.names()[classes.positive()]));
            }
        }
        if self.options.inputs.is_none() {
            let all: BTreeSet<String> = modes.iter().map(|mode| mode.gives().to_string()).collect();
            judged.push(format!("the members give {}", all.into_iter().collect::<Vec<_>>().join(" and ")));
        }
        Ok((outputs, modes))
    }

    fn is_classification(&self) -> (bool, &'static str) {
        if let Some(task) = self.options.task {
            return (task.is_classification(), "it is declared");
        }
        match self.options.inputs {
            Some(Gives::Values) => return (false, "the inputs are declared to be values"),
            Some(_) => return (true, "the inputs are declared to be about classes"),
            None if self.options.classes.is_some() => return (true, "the classes are declared"),
            None => {}
        }
        let columns = |sheet: &Sheet| {
            matches!(
                sheet.layout,
                Layout::Classes(_) | Layout::Positive(_) | Layout::Labels(_) | Layout::Array { columns: Some(_) }
            )
        };
        if self.sheets.iter().any(columns) {
            return (true, "there are columns of classes");
        }
        if self.surveys.iter().flatten().any(|survey| survey.begins_with_text) {
            return (true, "the members predict texts");
        }
        if self.truth.is_some_and(|truth| !truth.is_numeric()) {
            return (true, "the truth is text");
        }
        let bare = |sheet: &Sheet| matches!(sheet.layout, Layout::Wide(_) | Layout::Array { .. });
        if self.sheets.iter().all(bare) && self.surveys.iter().flatten().all(Survey::in_unit) && self.two_class_truth()
        {
            return (true, "the truth has two classes and all predictions are in [0, 1]");
        }
        (false, "the predictions are numbers")
    }

    fn two_class_truth(&self) -> bool {
        self.truth.is_some_and(|truth| {
            let whole = |name: &String| name.trim().parse::<f64>().map_or(true, |x| x.fract() == 0.0);
            !truth.seen.many && (1..=2).contains(&kinds(&truth.seen.names)) && truth.seen.names.iter().all(whole)
        })
    }

    fn regression(&self) -> Result<(Outputs, Vec<Mode>)> {
        for sheet in self.sheets {
            let problem = match sheet.layout {
                Layout::Classes(_) | Layout::Positive(_) => "it has columns of probabilities",
                Layout::Labels(_) => "it has a column of labels",
                Layout::Array { columns: Some(_) } => "its array has several columns",
                _ => continue,
            };
            let hint = "name the predicted numbers `pred`, or declare classification";
            return Err(unclear(sheet, format!("the task is regression, but {problem}"), hint));
        }
        if let Some(gives) = self.options.inputs.filter(|gives| *gives != Gives::Values) {
            let hint = "leave the inputs out, or declare classification";
            return Err(unclear(&self.sheets[0], format!("a regression has values, not {gives}"), hint));
        }
        let target = self.options.target.as_deref().unwrap_or(TARGET);
        Ok((Outputs::target(target), vec![Mode::Values; self.sheets.len()]))
    }

    fn classification(&self) -> Result<(Outputs, Vec<Mode>)> {
        if self.options.inputs == Some(Gives::Values) {
            let hint = "declare probabilities, logits, scores or labels";
            return Err(unclear(&self.sheets[0], "the inputs of a classification cannot be values".into(), hint));
        }
        let modes: Vec<Mode> = (0..self.sheets.len()).map(|s| self.mode(s)).collect::<Result<_>>()?;
        let classes = self.classes(&modes)?;
        let classes = match &self.options.positive {
            Some(positive) => {
                let spelled = Spelled::new(&classes).find(positive).map(|k| classes.names()[k].clone());
                classes.with_positive(spelled.as_deref().unwrap_or(positive))?
            }
            None => classes,
        };
        self.one_column_a_class(&classes)?;
        if self.options.task == Some(Task::Binary) && classes.len() != 2 {
            let problem = format!("the task is binary, but there are {} classes: {classes}", classes.len());
            return Err(unclear(&self.sheets[0], problem, "declare both classes, or another task"));
        }
        for (sheet, mode) in self.sheets.iter().zip(&modes) {
            let (expected, found) = match (mode, &sheet.layout) {
                (Mode::Positive(_), _) => (2, "one number a row, which fits two classes"),
                (Mode::Columns(_), Layout::Array { columns: Some(columns) }) => (*columns, "an array of other width"),
                _ => continue,
            };
            if classes.len() != expected {
                let problem = format!("it has {found}, but there are {} classes: {classes}", classes.len());
                return Err(unclear(sheet, problem, "give one column a class, in the order of the classes"));
            }
        }
        Ok((Outputs::Classes(classes), modes))
    }

    /// Refuses `p_True` beside `p_true` in one file: they are one class.
    fn one_column_a_class(&self, classes: &Classes) -> Result<()> {
        let spelled = Spelled::new(classes);
        for sheet in self.sheets {
            let Layout::Classes(columns) = &sheet.layout else { continue };
            let mut seen = vec![None; classes.len()];
            for (name, _) in columns {
                let Some(class) = spelled.find(name) else { continue };
                if let Some(first) = seen[class].replace(name) {
                    let problem = format!("its columns `p_{first}` and `p_{name}` are of one class");
                    return Err(unclear(sheet, problem, "keep one of the two"));
                }
            }
        }
        Ok(())
    }

    fn mode(&self, s: usize) -> Result<Mode> {
        let (sheet, surveys, declared) = (&self.sheets[s], &self.surveys[s], self.options.inputs);
        let numbers = declared.or(sheet.says).unwrap_or(Gives::Probabilities);
        let labels = declared == Some(Gives::Labels);
        Ok(match &sheet.layout {
            Layout::Classes(_) | Layout::Positive(_) | Layout::Array { .. } if labels => {
                return Err(unclear(
                    sheet,
                    "the inputs are declared to be labels, but it has columns of numbers".into(),
                    "give a column `label`, or declare what the numbers are",
                ));
            }
            Layout::Classes(_) | Layout::Array { columns: Some(_) } => Mode::Columns(numbers),
            Layout::Positive(_) | Layout::Array { columns: None } => Mode::Positive(numbers),
            Layout::Labels(_) if !labels && declared.is_some() => {
                let problem = format!("the inputs are declared to be {numbers}, but it has a column of labels");
                return Err(unclear(sheet, problem, "declare labels, or give columns of numbers"));
            }
            Layout::Labels(_) => Mode::Labels,
            Layout::Values(_) | Layout::Wide(_) if labels => Mode::Labels,
            Layout::Values(_) | Layout::Wide(_) if declared.is_some() => Mode::Positive(numbers),
            Layout::Values(_) => Mode::Labels,
            Layout::Wide(columns) => {
                let text = surveys.iter().position(|survey| survey.begins_with_text);
                if let Some(text) = text
                    && surveys.iter().any(|survey| survey.numeric && !survey.whole)
                {
                    let seen = surveys[text].seen.names.first().map_or("", String::as_str);
                    let problem =
                        format!("column `{}` holds texts (`{seen}`), and others hold numbers", columns[text].0);
                    return Err(unclear(sheet, problem, "leave the column out: beside id and truth, each is a member"));
                }
                let texts = text.is_some();
                let two = self.declared_or_true_classes().is_none_or(|classes| classes <= 2);
                if !texts && two && surveys.iter().all(Survey::in_unit) {
                    Mode::Positive(Gives::Probabilities)
                } else if surveys.iter().all(|survey| !survey.seen.many) {
                    Mode::Labels
                } else {
                    let many = surveys.iter().position(|survey| survey.seen.many).unwrap_or(0);
                    return Err(unclear(
                        sheet,
                        format!("column `{}` has neither probabilities nor labels", columns[many].0),
                        "declare what the inputs are: logits or scores, or a regression",
                    ));
                }
            }
            Layout::Truth => Mode::Values,
        })
    }

    fn declared_or_true_classes(&self) -> Option<usize> {
        let truth = self.truth.map(|truth| kinds(&truth.seen.names));
        self.options.classes.as_ref().map(Vec::len).or(truth)
    }

    /// The classes: declared; or those of the columns and labels of the members; or, where the members have but one
    /// number a row, those of the truth.
    fn classes(&self, modes: &[Mode]) -> Result<Classes> {
        if let Some(declared) = &self.options.classes {
            let classes = Classes::new(declared.iter().map(|name| name.trim()))?;
            let spelled = Spelled::new(&classes);
            for sheet in self.sheets {
                if let Layout::Classes(columns) = &sheet.layout
                    && let Some((class, _)) = columns.iter().find(|(class, _)| spelled.find(class).is_none())
                {
                    let problem = format!("its column `p_{class}` is of no declared class; declared are {classes}");
                    return Err(unclear(sheet, problem, "declare the class too, or leave the column out"));
                }
            }
            return Ok(classes);
        }
        let mut names = BTreeSet::new();
        for ((sheet, mode), surveys) in self.sheets.iter().zip(modes).zip(self.surveys) {
            if let (Layout::Classes(columns), Mode::Columns(_)) = (&sheet.layout, mode) {
                names.extend(columns.iter().map(|(class, _)| class.as_str()));
            }
            if *mode == Mode::Labels {
                if surveys.iter().any(|survey| survey.seen.many) {
                    return Err(Error::TooLarge {
                        file: sheet.table.file().into(),
                        what: "the number of different labels".into(),
                        limit: MOST_CLASSES.to_string(),
                        hint: "if they are numbers, declare a regression",
                    });
                }
                names.extend(surveys.iter().flat_map(|survey| survey.seen.names.iter().map(|name| name.trim())));
            }
        }
        let one_number = modes.iter().all(|mode| matches!(mode, Mode::Positive(_)));
        let array = self.sheets.iter().position(|sheet| matches!(sheet.layout, Layout::Array { columns: Some(_) }));
        let lone = |sheet: &Sheet| matches!(&sheet.layout, Layout::Classes(columns) if columns.len() == 1);
        let lone =
            self.options.inputs.is_none_or(|gives| gives == Gives::Probabilities) && self.sheets.iter().any(lone);
        if names.len() < 2
            && (one_number || lone || array.is_some() || modes.iter().any(|mode| matches!(mode, Mode::Positive(_))))
            && let Some(truth) = self.truth
        {
            if truth.seen.many {
                return Err(Error::TooLarge {
                    file: self.sheets[0].table.file().into(),
                    what: "the number of different labels of the truth".into(),
                    limit: MOST_CLASSES.to_string(),
                    hint: "if they are numbers, declare a regression",
                });
            }
            names.extend(truth.seen.names.iter().map(|name| name.trim()));
        }
        let mut names = boolean::one_spelling(names);
        if let (Some(array), true) = (array, names.is_empty()) {
            let hint = "declare the classes in the order of the columns, with `--classes`";
            return Err(unclear(&self.sheets[array], "nothing says which class each column is".into(), hint));
        }
        if (one_number || lone) && names.len() < 2 {
            complete(&mut names).ok_or_else(|| {
                let seen = names.iter().next().copied().unwrap_or_default();
                let problem = format!("one number a row needs two classes, but only `{seen}` occurs");
                unclear(&self.sheets[0], problem, "declare both with `--classes`")
            })?;
        }
        Ok(Classes::from_labels(names)?)
    }
}

/// The other of two classes whose names are customary: 0 and 1, false and true. Without any, 0 and 1.
fn complete(names: &mut BTreeSet<&str>) -> Option<()> {
    const PAIRS: [[&str; 2]; 4] = [["0", "1"], ["false", "true"], ["False", "True"], ["no", "yes"]];
    let pair = match names.iter().next() {
        None => PAIRS[0],
        Some(one) => *PAIRS.iter().find(|pair| pair.contains(one))?,
    };
    names.extend(pair);
    Some(())
}

/// How many classes these labels are of.
fn kinds(labels: &[String]) -> usize {
    boolean::one_spelling(labels.iter().map(|label| label.trim()).collect()).len()
}

fn unclear(sheet: &Sheet, problem: String, hint: &str) -> Error {
    Error::Unclear { file: sheet.table.file().into(), problem, hint: hint.into() }
}
