//! A learner that keeps every contract, and the same with one fault: each contract must be able to fail.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU64, Ordering},
};

use serde::{Deserialize, Serialize};

use super::{LearnerCase, learner};
use crate::{Column, Error, Features, FitContext, Learner, Matrix, Model, Result, Samples, Takes, Target, Task};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
enum Fault {
    #[default]
    None,
    NotFinite,
    OneColumnMore,
    SumsToTwo,
    Constant,
    IgnoresCategories,
    IgnoresMissing,
    IgnoresWeights,
    IsNeverTheSame,
    DrawsBySeed,
    CountsThreads,
    LooksAtTheOrder,
    KnowsRowsByPlace,
    ReadsAllTargets,
    DropsWeights,
    MindsWeightsOfOne,
    ReadsAbsentRows,
    FitsNoWeight,
    SaysNothing,
    GoesBack,
    EndsEarly,
    NeverStops,
    NeverStopsLater,
    RefusesValidation,
    ExpectsAllClasses,
    KnowsFeaturesByPlace,
    KnowsLevelsByPlace,
    WantsATarget,
    CountsColumns,
    GuessesMissingFeatures,
    TakesAnyKind,
    LooksAtOtherRows,
    FitsNoRows,
    PanicsOnOneRow,
    FitsAnyNumber,
    SpreadsInfinity,
}

/// Predicts the mean target of the training rows of the same cell: size in half steps, and colour.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cells {
    fault: Fault,
}

/// Forgets its fault when it is saved.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Forgetful {
    #[serde(skip)]
    fault: Fault,
}

/// Does not look at the names of fields.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Lax {
    fault: Fault,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Means {
    fault: Fault,
    columns: Vec<(String, bool)>,
    width: usize,
    cells: BTreeMap<String, Vec<f64>>,
    all: Vec<f64>,
    shift: f64,
}

/// Saves nothing of what it learnt.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Leaky {
    #[serde(skip)]
    means: Means,
}

static CALLS: AtomicU64 = AtomicU64::new(1);

fn fit(fault: Fault, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<Means> {
    let is = |other| fault == other;
    if !is(Fault::NeverStops) {
        ctx.check()?;
    }
    assert!(train.len() != 1 || !is(Fault::PanicsOnOneRow), "one row");
    let data = train.dataset();
    let Features::Columns(columns) = data.features() else { return Err(Error::custom("no block")) };
    if let Some(column) = columns.iter().find(|c| matches!(c, Column::Categorical { .. }))
        && !takes(fault).categories
        && !is(Fault::IgnoresCategories)
    {
        return Err(Error::custom(column.name()));
    }
    if is(Fault::RefusesValidation) && ctx.validation.is_some() {
        return Err(Error::custom("no validation"));
    }
    let target = train.dataset().target().ok_or_else(|| Error::custom("no target"))?;
    let width = target.outputs().len();
    let answers = |row: usize| -> Vec<f64> {
        match target {
            Target::Classes { codes, .. } => (0..width).map(|k| f64::from(codes[row] as usize == k)).collect(),
            Target::Labels { values, .. } => values[row * width..][..width].iter().map(|&x| f64::from(x)).collect(),
            Target::Values { values, .. } => values[row * width..][..width].to_vec(),
        }
    };
    let mut sums: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    let mut all = vec![0.0; width + 1];
    for i in 0..train.len() {
        let row = train.row(i);
        let weight = match fault {
            Fault::DropsWeights | Fault::IgnoresWeights => 1.0,
            Fault::ReadsAbsentRows => train.weight(i).max(1e-9),
            Fault::LooksAtTheOrder => 1.0 + i as f64,
            Fault::KnowsRowsByPlace if train.row_numbers().is_some() => 1.0 + (row % 3) as f64,
            _ => train.weight(i),
        };
        if weight == 0.0 {
            continue;
        }
        let answers = answers(row);
        if answers.iter().any(|x| !x.is_finite()) && !is(Fault::FitsAnyNumber) && !is(Fault::ReadsAbsentRows) {
            return Err(Error::custom(format!("row {}", row + 1)));
        }
        let cell = sums.entry(cell(fault, columns, row)?).or_insert_with(|| vec![0.0; width + 1]);
        for (k, x) in answers.iter().chain([&1.0]).enumerate() {
            cell[k] += weight * x;
            all[k] += weight * x;
        }
    }
    if !is(Fault::SaysNothing) {
        ctx.progress.step(if is(Fault::GoesBack) { 2 } else { 1 }, 3, "");
        if !is(Fault::NeverStops) && !is(Fault::NeverStopsLater) {
            ctx.check()?;
        }
        ctx.progress.step(if is(Fault::GoesBack) { 1 } else { 2 }, 3, "");
        if !is(Fault::EndsEarly) {
            ctx.progress.step(3, 3, "");
        }
    }
    let shift = match fault {
        Fault::IsNeverTheSame => CALLS.fetch_add(1, Ordering::Relaxed) as f64 * 1e-4,
        Fault::DrawsBySeed => ctx.seed.stream().unit() * 1e-2,
        Fault::CountsThreads => ctx.threads as f64 * 1e-3,
        Fault::MindsWeightsOfOne if train.is_weighted() => 1e-2,
        Fault::ReadsAllTargets => (0..data.rows()).map(|row| answers(row)[0]).sum::<f64>() * 1e-6,
        _ => 0.0,
    };
    if all[width] == 0.0 {
        let is_fine = if train.is_empty() { is(Fault::FitsNoRows) } else { is(Fault::FitsNoWeight) };
        if !is_fine {
            return Err(Error::custom("nothing to learn from"));
        }
        all.fill(1.0);
    }
    if is(Fault::ExpectsAllClasses) && matches!(target, Target::Classes { .. }) {
        for sums in sums.values_mut() {
            let rows = sums[width];
            sums[..width].iter_mut().for_each(|sum| *sum += 0.1 * rows);
            sums[width] += 0.1 * rows * width as f64;
        }
    }
    let mean = |sums: &Vec<f64>| sums[..width].iter().map(|sum| sum / sums[width]).collect::<Vec<f64>>();
    let is_category = |column: &Column| matches!(column, Column::Categorical { .. });
    Ok(Means {
        fault,
        columns: columns.iter().map(|c| (c.name().to_owned(), is_category(c))).collect(),
        width,
        cells: sums.iter().map(|(cell, sums)| (cell.clone(), mean(sums))).collect(),
        all: mean(&all),
        shift,
    })
}

/// The name of a row's cell. Noise has no say.
fn cell(fault: Fault, columns: &[Column], row: usize) -> Result<String> {
    let mut words: Vec<String> = Vec::new();
    for (f, column) in columns.iter().enumerate() {
        match column {
            Column::Numeric { name, values } => {
                if values[row].is_nan() && !takes(fault).missing && fault != Fault::IgnoresMissing {
                    return Err(Error::custom(name.as_str()));
                }
                let counts = if fault == Fault::KnowsFeaturesByPlace { f == 0 } else { name == "size" };
                if counts {
                    words.push((values[row] * 2.0).floor().clamp(-4.0, 4.0).to_string());
                }
            }
            Column::Categorical { codes, levels, .. } if takes(fault).categories => {
                let level = levels.get(codes[row] as usize).map_or("missing", String::as_str);
                let level = if fault == Fault::KnowsLevelsByPlace { codes[row].to_string() } else { level.into() };
                words.push(level);
            }
            Column::Categorical { .. } => {}
        }
    }
    // Known by name: the order of columns must not matter.
    words.sort_unstable();
    Ok(words.join(" "))
}

fn predict(means: &Means, rows: &Samples<'_>) -> Result<Matrix> {
    let fault = means.fault;
    let is = |other| fault == other;
    let Features::Columns(columns) = rows.dataset().features() else { return Err(Error::custom("no block")) };
    if is(Fault::WantsATarget) && rows.dataset().target().is_none() {
        return Err(Error::custom("no target"));
    }
    for (name, is_category) in &means.columns {
        let found = columns.iter().find(|column| column.name() == name);
        let same = found.map(|column| matches!(column, Column::Categorical { .. }) == *is_category);
        let is_fine =
            (is(Fault::GuessesMissingFeatures) && same.is_none()) || is(Fault::TakesAnyKind) && same.is_some();
        if same != Some(true) && !is_fine {
            return Err(Error::custom(name.as_str()));
        }
    }
    let width = means.width + usize::from(is(Fault::OneColumnMore));
    let mut out = Matrix::zeros(rows.len(), width);
    for i in 0..rows.len() {
        let row = rows.row(i);
        let found = means.cells.get(&cell(fault, columns, row)?).unwrap_or(&means.all);
        let found = if is(Fault::Constant) { &means.all } else { found };
        let mut shift = means.shift + if is(Fault::LooksAtOtherRows) { rows.len() as f64 * 1e-6 } else { 0.0 };
        if is(Fault::CountsColumns) {
            shift += 1e-3 * columns.len() as f64;
        }
        for (k, out) in out.row_mut(i).iter_mut().enumerate() {
            *out = found.get(k).map_or(0.0, |x| if k == 0 && *x >= shift { x - shift } else { *x }) as f32;
            match fault {
                Fault::NotFinite if i == 9 => *out = f32::NAN,
                Fault::SumsToTwo => *out *= 2.0,
                _ => {}
            }
        }
        // Probabilities still sum to 1.
        if means.width > 1 && shift > 0.0 && found[0] >= shift {
            out.row_mut(i)[1] += shift as f32;
        }
        if let Some(Column::Numeric { values, .. }) = columns.iter().find(|c| c.name() == "size")
            && is(Fault::SpreadsInfinity)
            && values[row] == f32::INFINITY
        {
            out.row_mut(i).fill(f32::INFINITY);
        }
    }
    Ok(out)
}

fn takes(fault: Fault) -> Takes {
    Takes {
        categories: fault != Fault::IgnoresCategories,
        missing: fault != Fault::IgnoresMissing,
        weights: fault != Fault::IgnoresWeights,
    }
}

macro_rules! learners {
    ($($recipe:ident $model:ident $name:literal $wrap:expr;)*) => {$(
        #[typetag::serde(name = $name)]
        impl Learner for $recipe {
            fn name(&self) -> String {
                $name.into()
            }

            fn takes(&self) -> Takes {
                takes(self.fault)
            }

            fn fit(&self, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<Box<dyn Model>> {
                let wrap: fn(Means) -> $model = $wrap;
                Ok(Box::new(wrap(fit(self.fault, train, ctx)?)))
            }
        }
    )*};
}

learners! {
    Cells Means "cells" |means| means;
    Forgetful Means "forgetful" |means| means;
    Lax Means "lax" |means| means;
    Careless Leaky "careless" |means| Leaky { means };
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Careless {
    fault: Fault,
}

#[typetag::serde(name = "test_means")]
impl Model for Means {
    fn predict(&self, rows: &Samples<'_>) -> Result<Matrix> {
        predict(self, rows)
    }
}

#[typetag::serde(name = "test_leaky")]
impl Model for Leaky {
    fn predict(&self, rows: &Samples<'_>) -> Result<Matrix> {
        predict(&self.means, rows)
    }
}

const TASKS: [Task; 3] = [Task::Binary, Task::Multiclass, Task::Regression];

#[test]
fn a_right_learner_passes_on_every_task() {
    for task in TASKS {
        learner(&Cells::default(), &LearnerCase::new(task)).unwrap();
    }
}

#[test]
fn a_wrong_learner_is_told_which_contract_it_breaks() {
    use Fault::*;
    let contract = |fault, case: &LearnerCase| match learner(&Cells { fault }, case) {
        Ok(()) => panic!("{fault:?} is not found"),
        Err(broken) => broken.contract,
    };
    let number = LearnerCase::new(Task::Regression);
    let (classes, two) = (LearnerCase::new(Task::Multiclass), LearnerCase::new(Task::Binary));
    let draws = LearnerCase { copies: false, row_order: false, ..number };
    for (fault, case, expected) in [
        (NotFinite, number, "predictions are sound"),
        (OneColumnMore, classes, "predictions are sound"),
        (SumsToTwo, two, "predictions are sound"),
        (Constant, two, "it beats the best constant prediction"),
        (Constant, number, "it beats the best constant prediction"),
        (IgnoresCategories, number, "categories that it does not take are refused by name"),
        (IgnoresMissing, number, "missing values that it does not take are refused by name"),
        (IgnoresWeights, number, "weights that it does not take are refused by name"),
        (IsNeverTheSame, number, "the same seed gives the same bits"),
        (DrawsBySeed, number, "the seed changes nothing"),
        (None, LearnerCase { seeded: true, ..number }, "another seed gives another model"),
        (CountsThreads, number, "1 and 2 threads give the same bits"),
        (KnowsRowsByPlace, number, "all rows by their numbers are all rows"),
        (LooksAtTheOrder, number, "the order of rows does not matter to the fit"),
        (ReadsAllTargets, number, "targets out of the training part are not read"),
        (DropsWeights, number, "weight 2 is the row twice and weight 0 is no row"),
        (MindsWeightsOfOne, number, "weights of 1 change nothing"),
        (DropsWeights, draws, "weights have a say"),
        (ReadsAbsentRows, draws, "rows of weight 0 are not read"),
        (FitsNoWeight, number, "weights of 0 for all rows are refused"),
        (SaysNothing, number, "it says how far it is"),
        (GoesBack, number, "progress never goes back, nor does its goal move"),
        (EndsEarly, number, "progress ends at its goal"),
        (NeverStops, number, "a fit that is cancelled stops with that error"),
        (NeverStopsLater, number, "a fit that is cancelled stops with that error"),
        (RefusesValidation, number, "it fits good samples"),
        (ExpectsAllClasses, classes, "a class that no training row has is predicted with a probability near 0"),
        (WantsATarget, number, "no target is needed to predict"),
        (KnowsFeaturesByPlace, number, "features are known by name"),
        (KnowsLevelsByPlace, number, "levels of categories are known by name"),
        (CountsColumns, number, "a feature that it was not fitted on has no say"),
        (LooksAtOtherRows, number, "a prediction depends on no other row"),
        (GuessesMissingFeatures, number, "a feature that is missing is named"),
        (TakesAnyKind, number, "a feature of another kind is named"),
        (SpreadsInfinity, number, "odd numbers give an error or a sound answer"),
        (FitsNoRows, number, "no training rows are refused"),
        (PanicsOnOneRow, number, "it never panics"),
        (FitsAnyNumber, number, "a target that is not finite is refused with its row"),
    ] {
        assert_eq!(contract(fault, &case), expected, "{fault:?}");
    }
}

#[test]
fn what_is_lost_in_saving_is_found() {
    let contract = |wrong: &dyn Learner, seeded| {
        learner(wrong, &LearnerCase { seeded, ..LearnerCase::new(Task::Binary) }).unwrap_err().contract
    };
    assert_eq!(contract(&Forgetful { fault: Fault::DrawsBySeed }, true), "serde round-trips the recipe");
    assert_eq!(contract(&Lax::default(), false), "a field that it does not know is refused");
    assert_eq!(contract(&Careless::default(), false), "serde round-trips the model");
}
