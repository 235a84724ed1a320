use std::path::{Path, PathBuf};

use consort::{
    core::{Dataset, Ids, Matrix, Outputs, Predictions, Seed, Target, Truth},
    data::files::{self, Cells, Fused, Source, Style},
    ensemble::{
        run::{Roll, RollEntry, file_checksum},
        stack::StackFit,
    },
    fusion::verdict::{NestedSplit, Partitions},
};

use super::Plan;
use crate::{
    args::Method,
    failure::{Failure, Result},
};

/// The rows of a run that some fold tests, and what is true of them: `truth.parquet`.
pub(crate) struct TestedRows {
    pub(crate) ids: Ids,
    target: Target,
    weights: Option<Vec<f64>>,
    /// The number of each row's group, where rows belong together.
    groups: Option<Vec<u32>>,
    /// The number of the fold that tested each row (the first, of several repeats); 0 for all where draws leave rows out,
    /// which overlap.
    folds: Vec<u32>,
    /// The name of the column of ids.
    id: String,
}

impl TestedRows {
    /// The file's name in the folder of a run.
    pub(crate) const FILE: &str = "truth.parquet";

    /// Of a fit that is done.
    pub(crate) fn of_fit(fit: &StackFit, data: &Dataset, plan: &Plan) -> Result<Self> {
        let Some(target) = data.target() else {
            return Err(Failure::usage("the table has no target"));
        };
        let rows = &fit.seen.rows;
        Ok(Self {
            ids: fit.seen.predictions.ids(),
            target: target.take(rows),
            weights: data.weights().map(|weights| rows.iter().map(|&row| weights[row as usize]).collect()),
            groups: data.groups().map(|groups| rows.iter().map(|&row| groups[row as usize]).collect()),
            folds: if plan.method == Method::Bag { vec![0; rows.len()] } else { fit.seen.folds.clone() },
            id: plan.id().into(),
        })
    }

    /// Of a run that is done.
    pub(crate) fn read(run: &Path, outputs: &Outputs, id: &str) -> Result<Self> {
        let path = run.join(Self::FILE);
        let place = path.display().to_string();
        let columns = files::read_columns(&Source::stem(&path), None)?;
        let find = |name: &str| columns.iter().find(|column| column.name() == name);
        let need = |name: &str| {
            find(name).ok_or_else(|| Failure::usage(format!("{place}: it has no column `{name}`: fit the run again")))
        };
        let truth = need(TRUE)?;
        let target = match outputs {
            Outputs::Classes(classes) => Target::from_labels(truth.complete("truth")?, classes, &place)?,
            _ => Target::from_values(truth.numbers()?, TRUE)?,
        };
        let ids = match find(id) {
            Some(ids) => Ids::from_texts(ids.complete("id")?),
            None => Ids::positions(truth.len()),
        };
        let weights = find(WEIGHT).map(|weights| weights.numbers()).transpose()?;
        let whole = |numbers: Vec<f64>| numbers.into_iter().map(|number| number as u32).collect::<Vec<u32>>();
        let groups = find(GROUP).map(|groups| groups.numbers()).transpose()?.map(whole);
        let folds = whole(need(FOLD)?.numbers()?);
        Ok(Self { ids, target, weights, groups, folds, id: id.into() })
    }

    pub(crate) fn write(&self, run: &Path) -> Result<()> {
        let mut columns = Vec::new();
        if !self.ids.are_positions() {
            columns.push((self.id.as_str(), texts(&self.ids)));
        }
        columns.push((
            TRUE,
            match &self.target {
                Target::Classes { codes, classes } => {
                    Cells::Text(codes.iter().map(|&code| Some(classes.names()[code as usize].clone())).collect())
                }
                Target::Values { values, .. } => Cells::Double(values.clone()),
                _ => return Err(Failure::usage("a run is of classes or of one number")),
            },
        ));
        columns.extend(self.weights.clone().map(|weights| (WEIGHT, Cells::Double(weights))));
        let whole = |numbers: &Vec<u32>| Cells::Whole(numbers.iter().map(|&number| i64::from(number)).collect());
        columns.extend(self.groups.as_ref().map(|groups| (GROUP, whole(groups))));
        columns.push((FOLD, whole(&self.folds)));
        Ok(files::write_table(&run.join(Self::FILE), &columns)?)
    }

    pub(crate) fn truth(&self) -> Result<Truth<'_>> {
        let truth = Truth::with(&self.target, self.weights.as_deref())?;
        Ok(match &self.groups {
            Some(groups) => truth.grouped(groups)?,
            None => truth,
        })
    }

    /// The number of the fold that tested each row.
    pub(crate) fn fold_numbers(&self) -> &[u32] {
        &self.folds
    }

    /// The parts in which the ensemble is judged: the folds of the members, or others where these are but one.
    pub(crate) fn partitions(&self, predictions: &Predictions, seed: Seed) -> Result<Partitions> {
        // The folds in order, numbered from 0: the last layer may lack some.
        let mut tested = self.folds.clone();
        tested.sort_unstable();
        tested.dedup();
        if tested.len() > 1 {
            let place = |fold: &u32| tested.partition_point(|other| other < fold) as u32;
            return Ok(Partitions::given(&self.folds.iter().map(place).collect::<Vec<u32>>())?);
        }
        Ok(NestedSplit::default().draw(predictions, &self.truth()?, seed.child("nested"))?)
    }

    /// The predictions of a file of these rows, joined by id.
    pub(crate) fn predictions_in(&self, source: &Source, outputs: &Outputs) -> Result<files::MemberOf> {
        Ok(files::read_member_of(source, &self.ids, "the run", outputs, &self.id)?)
    }

    /// Writes a member's predictions of these rows, with their repeat and fold where there are `folds`; the file is
    /// their checksum.
    pub(crate) fn write_member(
        &self,
        run: &Path,
        name: &str,
        values: &Matrix,
        outputs: &Outputs,
        folds: Option<&Folds>,
    ) -> Result<String> {
        let order: Vec<u32> = (0..values.rows() as u32).collect();
        let beside: Vec<(&str, &[u32])> =
            folds.map_or_else(Vec::new, |folds| vec![(REPEAT, &folds.repeats[..]), (FOLD, &folds.folds[..])]);
        let fused = Fused {
            ids: &self.ids,
            order: &order,
            outputs,
            values,
            gives: outputs.gives(),
            style: style(outputs),
            id: &self.id,
            beside: &beside,
        };
        let path = predictions_of(run, name);
        files::write_fused(&path, &fused)?;
        Ok(file_checksum(&path)?)
    }

    /// Repeat and fold of each row, as the fit numbered them; none where rows were tested by several repeats, whose mean
    /// the predictions are.
    pub(crate) fn folds(&self, roll: &Roll) -> Option<Folds> {
        if roll.folds.iter().any(|&(repeat, _)| repeat > 0) {
            return None;
        }
        let fold = |number: &u32| roll.folds.get(*number as usize).copied().unwrap_or_default();
        Some(Folds {
            repeats: self.folds.iter().map(|number| fold(number).0).collect(),
            folds: self.folds.iter().map(|number| fold(number).1).collect(),
        })
    }

    /// All members of a run. Each file must be what it was when it joined.
    pub(crate) fn members(&self, run: &Path, roll: &Roll, outputs: &Outputs) -> Result<Predictions> {
        let mut builder = Predictions::builder(outputs.clone(), self.ids.clone()).reserve(roll.members.len());
        for RollEntry { name, checksum, .. } in &roll.members {
            let path = predictions_of(run, name);
            if file_checksum(&path)? != *checksum {
                return Err(Failure::usage(format!(
                    "{}: it is not what it was when it joined the run: put it back, or replace or drop the member",
                    path.display()
                )));
            }
            let read = self.predictions_in(&Source::new(name, path), outputs)?;
            builder = builder.member(name, outputs.gives(), read.values.values())?;
        }
        Ok(builder.build()?)
    }
}

/// The columns of the file, beside the ids.
const TRUE: &str = "y";
const WEIGHT: &str = "weight";
const GROUP: &str = "group";
const REPEAT: &str = "repeat";
const FOLD: &str = "fold";

/// In which repeat and fold each row was tested.
pub(crate) struct Folds {
    repeats: Vec<u32>,
    folds: Vec<u32>,
}

/// The file of a member's predictions.
fn predictions_of(run: &Path, name: &str) -> PathBuf {
    run.join("predictions").join(format!("{name}.parquet"))
}

/// Writes which fold of which repeat tests which row.
pub(crate) fn write_split(run: &Path, fit: &StackFit, data: &Dataset, id: &str) -> Result<()> {
    let tested = || fit.folds.iter().flat_map(|fold| fold.test.iter().map(move |&row| (fold, row)));
    let ids = data.ids();
    let columns = [
        (id, Cells::Text(tested().map(|(_, row)| Some(ids.text(row as usize).into_owned())).collect())),
        (REPEAT, Cells::Whole(tested().map(|(fold, _)| i64::from(fold.repeat)).collect())),
        (FOLD, Cells::Whole(tested().map(|(fold, _)| i64::from(fold.fold)).collect())),
    ];
    Ok(files::write_table(&run.join("split.parquet"), &columns)?)
}

fn texts(ids: &Ids) -> Cells {
    Cells::Text((0..ids.len()).map(|i| Some(ids.text(i).into_owned())).collect())
}

/// The style in which predictions are written.
pub(crate) fn style(outputs: &Outputs) -> Style {
    match outputs {
        Outputs::Classes(_) | Outputs::Labels(_) => Style::Classes,
        Outputs::Targets(_) | Outputs::Quantiles(_) => Style::Values,
    }
}
