use std::sync::Arc;

use consort_core::{Fold, Ids, Result, RowInfo, Samples, Seed, Split, Splitter, Target};
use consort_split::{KFold, StratifiedKFold};

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
    let split = splitter.split(&info(train, &rows).as_row_info(), seed)?;
    let folds = split.folds.into_iter().map(|fold| renumbered(fold, |i| Some(rows[i as usize]))).collect();
    Ok((Split { folds, ..split }, weights))
}

/// A fold whose rows have other numbers; those without are left out.
pub(crate) fn renumbered(fold: Fold, number: impl Fn(u32) -> Option<u32>) -> Fold {
    let rows = |rows: Vec<u32>| rows.into_iter().filter_map(&number).collect();
    Fold { train: rows(fold.train), valid: rows(fold.valid), test: rows(fold.test), ..fold }
}

/// What a splitter may know of some rows of a data set.
struct Info {
    target: Option<Target>,
    groups: Option<Vec<u32>>,
    time: Option<Vec<f64>>,
    ids: Ids,
}

/// What a splitter may know of some rows.
fn info(train: &Samples<'_>, rows: &[u32]) -> Info {
    let data = train.dataset();
    let pick = |row: &u32| *row as usize;
    Info {
        target: data.target().map(|target| target.take(rows)),
        groups: data.groups().map(|groups| rows.iter().map(|row| groups[pick(row)]).collect()),
        time: data.time().map(|time| rows.iter().map(|row| time[pick(row)]).collect()),
        ids: if data.ids().are_positions() { Ids::positions(rows.len()) } else { data.ids().take(rows) },
    }
}

impl Info {
    fn as_row_info(&self) -> RowInfo<'_> {
        RowInfo {
            rows: self.ids.len(),
            target: self.target.as_ref(),
            groups: self.groups.as_deref(),
            time: self.time.as_deref(),
            ids: Some(&self.ids),
        }
    }
}
