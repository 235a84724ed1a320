use std::sync::Arc;

use consort_core::{Fold, Result, Samples, Seed, Split, Splitter, Target, Warning};
use consort_split::{KFold, KnownRows, StratifiedKFold};

/// The rows of the samples, each once and ascending, and one weight a row of the data set: a row that was drawn twice
/// counts twice and is never parted between folds; one of weight 0 is absent.
fn train_rows(train: &Samples<'_>) -> (Vec<u32>, Option<Vec<f64>>) {
    let Some(weights) = train.row_weights() else {
        return ((0..train.len() as u32).collect(), None);
    };
    let rows = (0..weights.len() as u32).filter(|&row| weights[row as usize] > 0.0).collect();
    (rows, Some(weights))
}

/// The folds of some samples, by rows of the data set, and the weights of its rows. Without a splitter there are five
/// shuffled folds, stratified for classes.
pub(crate) fn split(
    train: &Samples<'_>,
    splitter: Option<&Arc<dyn Splitter>>,
    seed: Seed,
    by: &str,
) -> Result<(Split, Option<Vec<f64>>)> {
    let (rows, weights) = train_rows(train);
    let is_classification = train.target(by)?.outputs().task().is_classification();
    let splitter: Arc<dyn Splitter> = match splitter {
        Some(splitter) => Arc::clone(splitter),
        None if is_classification => Arc::new(StratifiedKFold::new(5)),
        None => Arc::new(KFold::new(5)),
    };
    if let (true, Some(weights)) = (splitter.is_given_row_by_row(), &weights) {
        let all: Vec<u32> = (0..weights.len() as u32).collect();
        let split = splitter.split(&KnownRows::of(train.dataset(), &all).info(), seed)?;
        let is_present = |row: u32| (weights[row as usize] > 0.0).then_some(row);
        let folds = split.folds.into_iter().map(|fold| renumbered(fold, is_present));
        let folds = folds.filter(|fold| !(fold.train.is_empty() || fold.test.is_empty())).collect();
        return Ok((warned(Split { folds, ..split }, train), Some(weights.clone())));
    }
    let split = splitter.split(&KnownRows::of(train.dataset(), &rows).info(), seed)?;
    let folds = split.folds.into_iter().map(|fold| renumbered(fold, |i| Some(rows[i as usize]))).collect();
    Ok((warned(Split { folds, ..split }, train), weights))
}

/// With a warning of each class that a fold tests and does not teach, as when all its rows are of one group: no model can
/// know it there, and every score suffers. That a class of one row is such a one, its splitter says.
fn warned(mut split: Split, train: &Samples<'_>) -> Split {
    let Some(Target::Classes { codes, classes }) = train.dataset().target() else { return split };
    let mut rows = vec![0usize; classes.len()];
    let mut folds = vec![0usize; classes.len()];
    for fold in &split.folds {
        let mut is_taught = vec![false; classes.len()];
        fold.train.iter().for_each(|&row| is_taught[codes[row as usize] as usize] = true);
        let mut tested = vec![0usize; classes.len()];
        fold.test.iter().for_each(|&row| tested[codes[row as usize] as usize] += 1);
        for class in (0..classes.len()).filter(|&class| tested[class] > 1 && !is_taught[class]) {
            rows[class] += tested[class];
            folds[class] += 1;
        }
    }
    let told: Vec<usize> = (0..classes.len()).filter(|&class| folds[class] > 0).collect();
    let Some(&first) = told.first() else { return split };
    let others =
        if told.len() > 1 { format!(" (and so it is with {} more classes)", told.len() - 1) } else { String::new() };
    let text = format!(
        "class `{}`: its {} rows in {} of the folds are tested there by models that learnt from none of it{others}: is the \
         class of one group or one time, or are the rows sorted?",
        classes.names()[first],
        rows[first],
        folds[first],
    );
    split.warnings.push(Warning::Note { text });
    split
}

/// A fold whose rows have other numbers; those without are left out.
pub(crate) fn renumbered(fold: Fold, number: impl Fn(u32) -> Option<u32>) -> Fold {
    let rows = |rows: Vec<u32>| rows.into_iter().filter_map(&number).collect();
    Fold { train: rows(fold.train), valid: rows(fold.valid), test: rows(fold.test), ..fold }
}
