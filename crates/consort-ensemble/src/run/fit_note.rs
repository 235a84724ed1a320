use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use consort_core::{Checkpoints, Dataset, Error, Estimates, Fold, Metric, Result, Truth, publish};
use serde::{Deserialize, Serialize};

use super::RunFolder;
use crate::cross_fit::{Fit, FitKey, Part, Store};

/// What is told of a fit as soon as it is done: a small file beside it, so that a run can be looked at while it is made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FitNote {
    /// Which fit it is.
    pub key: FitKey,
    /// How long it took to fit.
    pub fit_time: Duration,
    /// How long it took to predict the rows that it was tested on.
    pub predict_time: Duration,
    /// Its score on those rows, where it has one.
    pub score: Option<f64>,
    /// When it was done, in seconds since 1970.
    pub done_at: f64,
}

/// The ending of a note's file.
const ENDING: &str = "note";

impl FitNote {
    /// All notes of a run, in the order in which the fits were done. What cannot be read is passed over: it is being
    /// written, or was damaged, and nothing depends on it.
    pub fn all(run: &Path) -> Vec<Self> {
        let folders = fs::read_dir(run.join("models")).into_iter().flatten().filter_map(std::result::Result::ok);
        let files = folders.flat_map(|folder| fs::read_dir(folder.path()).into_iter().flatten());
        let notes = files
            .filter_map(|file| Some(file.ok()?.path()).filter(|path| path.extension().is_some_and(|e| e == ENDING)));
        let mut read: Vec<Self> = notes.filter_map(|path| serde_json::from_slice(&fs::read(path).ok()?).ok()).collect();
        read.sort_by(|a, b| a.done_at.total_cmp(&b.done_at).then_with(|| a.key.cmp(&b.key)));
        read
    }

    /// Where the note of a fit is kept.
    fn place(fit: &Path) -> PathBuf {
        fit.with_extension(ENDING)
    }
}

/// The folder of a run that keeps a note beside each fit.
///
/// A fit of the first layer is scored on the rows that its fold tests; those above learn from other rows than the data set's.
#[derive(Debug, Clone, Copy)]
pub struct NotedRun<'a> {
    folder: &'a RunFolder,
    data: &'a Dataset,
    folds: &'a [Fold],
    metric: &'a dyn Metric,
}

impl<'a> NotedRun<'a> {
    /// Of a folder; folds are of rows of the data set.
    pub fn new(folder: &'a RunFolder, data: &'a Dataset, folds: &'a [Fold], metric: &'a dyn Metric) -> Self {
        Self { folder, data, folds, metric }
    }

    /// The score of a fit; `None` where it has none.
    fn score(&self, fit: &Fit) -> Option<f64> {
        let Part::Fold { repeat, fold } = fit.key.part else { return None };
        let fold = self.folds.iter().find(|other| (other.repeat, other.fold) == (repeat, fold))?;
        let predictions = fit.predictions.as_ref().filter(|_| fit.key.layer == 0)?;
        let target = self.data.target()?.take(&fold.test);
        let weights: Option<Vec<f64>> =
            self.data.weights().map(|weights| fold.test.iter().map(|&row| weights[row as usize]).collect());
        let truth = Truth::with(&target, weights.as_deref()).ok()?;
        let estimates = Estimates::matrix(predictions, target.outputs().gives());
        self.metric.score(&estimates, &truth).ok()?.value()
    }
}

impl Store for NotedRun<'_> {
    fn load(&self, key: &FitKey) -> Result<Option<Fit>> {
        self.folder.load(key)
    }

    fn save(&self, fit: &Fit) -> Result<()> {
        self.folder.save(fit)?;
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let note = FitNote {
            key: fit.key.clone(),
            fit_time: fit.fit_time,
            predict_time: fit.predict_time,
            score: self.score(fit),
            done_at: now.as_secs_f64(),
        };
        let text = serde_json::to_vec(&note).map_err(Error::custom)?;
        let place = FitNote::place(&self.folder.file(&fit.key));
        publish(&place, |file| std::io::Write::write_all(file, &text)).map_err(|error| Error::Damaged {
            place: place.display().to_string(),
            problem: format!("it cannot be written: {error}"),
        })
    }

    fn checkpoints(&self, key: &FitKey) -> Option<Box<dyn Checkpoints + '_>> {
        self.folder.checkpoints(key)
    }
}
