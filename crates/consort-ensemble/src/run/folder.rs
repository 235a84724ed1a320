use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use consort_core::{Checkpoints, Error, Result, publish, sweep};
use serde::{Serialize, de::DeserializeOwned};

use super::{change, parts::Parts, read_sealed, write_sealed};
use crate::{
    FittedMember,
    cross_fit::{Fit, FitKey, Part, Store},
};

/// The folder of a run:
///
/// ```text
/// run.json                       what is to be done: data, recipe, seed; written first and never changed
/// models/NAME/l0-r0-f3.fit       one fitted model a layer, member, repeat and fold, with its predictions
/// models/NAME/l0-r0-f3.note      what is told of that fit: score, times
/// models/NAME/l0-all.fit         one fitted on all rows
/// models/NAME/l0-all.part/       how far a fit that takes long is; gone once it is done
/// predictions/NAME.parquet       the out-of-fold predictions of a member
/// truth.parquet                  what they are scored on
/// split.parquet                  which fold tests which row
/// members.json                   who is in the ensemble
/// fusion.json                    the fitted fusion
/// bundle.consort                 what predicts
/// report.html                    what a person looks at
/// ```
///
/// A fit is one file, written beside its place and renamed: a run that was killed has whole fits and no others. Only one
/// process may work in a run at a time; a lock sees to it, which the system lets go when the process ends.
#[derive(Debug)]
pub struct RunFolder {
    path: PathBuf,
    /// Held as long as the run is open.
    _lock: fs::File,
}

impl RunFolder {
    /// A new run, whose plan is `plan`.
    ///
    /// # Errors
    /// [`Error::Damaged`] if the folder holds a run already or is not empty, cannot be written, or another process works
    /// in it.
    pub fn create<T: Serialize>(path: &Path, plan: &T) -> Result<Self> {
        let wrong = |problem: String| Error::Damaged { place: path.display().to_string(), problem };
        let unwritable = |error: std::io::Error| wrong(format!("it cannot be written: {error}"));
        fs::create_dir_all(path).map_err(unwritable)?;
        let held = fs::read_dir(path).map_err(unwritable)?.filter_map(std::result::Result::ok).find(is_shown);
        if let Some(held) = held {
            let name = held.file_name().to_string_lossy().into_owned();
            let (what, hint) = if path.join("run.json").exists() {
                ("a run".to_owned(), "go on with `--resume`, or ")
            } else {
                (format!("`{name}`"), "")
            };
            return Err(wrong(format!("the folder holds {what} already: {hint}take another folder")));
        }
        let lock = lock(path)?;
        let text = serde_json::to_vec_pretty(plan).map_err(Error::custom)?;
        publish(&path.join("run.json"), |file| file.write_all(&text)).map_err(unwritable)?;
        Ok(Self { path: path.to_owned(), _lock: lock })
    }

    /// A run that was begun before, and its plan. Files that a killed process had begun are taken away, and a
    /// [`change`](Self::change) that had taken place is ended.
    ///
    /// # Errors
    /// [`Error::Damaged`] if there is none, its plan cannot be read, or another process works in it.
    pub fn open<T: DeserializeOwned>(path: &Path) -> Result<(Self, T)> {
        let plan = Self::plan(path)?;
        let lock = lock(path)?;
        sweep(path);
        change::go_on(path)?;
        Ok((Self { path: path.to_owned(), _lock: lock }, plan))
    }

    /// The plan of a run, which may be worked on meanwhile.
    ///
    /// # Errors
    /// [`Error::Damaged`] if there is none, or it cannot be read.
    pub fn plan<T: DeserializeOwned>(path: &Path) -> Result<T> {
        let wrong = |problem: String| Error::Damaged { place: path.join("run.json").display().to_string(), problem };
        let text = fs::read(path.join("run.json"))
            .map_err(|error| wrong(format!("it cannot be read, so this is no run: {error}")))?;
        serde_json::from_slice(&text).map_err(|error| wrong(format!("it is no plan of a run: {error}")))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file of a fit.
    pub(super) fn file(&self, key: &FitKey) -> PathBuf {
        let name = match key.part {
            Part::Fold { repeat, fold } => format!("l{}-r{repeat}-f{fold}.fit", key.layer),
            Part::All => format!("l{}-all.fit", key.layer),
        };
        self.path.join("models").join(&key.member).join(name)
    }

    /// Where a fit that takes long keeps how far it is.
    fn parts(&self, key: &FitKey) -> PathBuf {
        self.file(key).with_extension("part")
    }

    /// What the run fitted of a member: the model of all rows if there is one, else those of these folds.
    ///
    /// # Errors
    /// [`Error::Damaged`] if a fit is damaged or gone.
    pub fn fitted(&self, member: &str, layer: u32, folds: &[(u32, u32)]) -> Result<FittedMember> {
        let key = |part: Part| FitKey { layer, member: member.into(), part };
        if let Some(fit) = self.load(&key(Part::All))? {
            return Ok(FittedMember::new(member, vec![fit.model]));
        }
        let model = |&(repeat, fold): &(u32, u32)| {
            let key = key(Part::Fold { repeat, fold });
            let fit = self.load(&key)?.ok_or_else(|| Error::Damaged {
                place: self.file(&key).display().to_string(),
                problem: "it is gone, and the member cannot predict without it".into(),
            })?;
            Ok(fit.model)
        };
        Ok(FittedMember::new(member, folds.iter().map(model).collect::<Result<_>>()?))
    }

    /// How many bytes the fits of a member take.
    pub fn bytes_of(&self, member: &str) -> u64 {
        let files = fs::read_dir(self.path.join("models").join(member)).into_iter().flatten();
        files.filter_map(|file| file.ok()?.metadata().ok()).map(|about| about.len()).sum()
    }

    /// Removes a new run of which nothing was fitted, so that its folder is as it was before it was made: hidden files may
    /// have been in it, and stay.
    ///
    /// What cannot be removed is only in the way.
    pub fn abandon(self) {
        if self.path.join("models").exists() {
            return;
        }
        let _ = fs::remove_file(self.path.join(LOCK));
        for file in fs::read_dir(&self.path).into_iter().flatten().flatten().filter(is_shown) {
            let _ = fs::remove_file(file.path());
        }
        let _ = fs::remove_dir(&self.path);
    }
}

/// The file that one process at a time holds.
const LOCK: &str = ".lock";

/// Whether a new run may not have it in its folder: all but hidden files.
fn is_shown(entry: &fs::DirEntry) -> bool {
    !entry.file_name().to_string_lossy().starts_with('.')
}

fn lock(path: &Path) -> Result<fs::File> {
    let place = path.join(LOCK);
    let wrong = |problem: String| Error::Damaged { place: path.display().to_string(), problem };
    let file = fs::File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&place)
        .map_err(|error| wrong(format!("it cannot be written: {error}")))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => {
            Err(wrong("another process works in this run: wait for it, or take another folder".into()))
        }
        Err(fs::TryLockError::Error(error)) => Err(wrong(format!("it cannot be locked: {error}"))),
    }
}

impl Store for RunFolder {
    fn load(&self, key: &FitKey) -> Result<Option<Fit>> {
        let path = self.file(key);
        if !path.exists() {
            return Ok(None);
        }
        let fit: Fit = read_sealed(&path, "fit")?;
        if fit.key != *key {
            let problem = format!("it holds the fit {}, not {key}", fit.key);
            return Err(Error::Damaged { place: path.display().to_string(), problem });
        }
        Ok(Some(fit))
    }

    fn save(&self, fit: &Fit) -> Result<()> {
        let path = self.file(&fit.key);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|error| Error::Damaged {
                place: folder.display().to_string(),
                problem: format!("it cannot be written: {error}"),
            })?;
        }
        write_sealed(&path, "fit", fit)?;
        // Nothing depends on it: what cannot be removed is only in the way.
        let _ = fs::remove_dir_all(self.parts(&fit.key));
        Ok(())
    }

    fn checkpoints(&self, key: &FitKey) -> Option<Box<dyn Checkpoints + '_>> {
        Some(Box::new(Parts::new(self.parts(key))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_is_abandoned_takes_nothing_of_others_along() {
        let folder = tempfile::tempdir().unwrap();
        let (new, kept) = (folder.path().join("new"), folder.path().join("kept"));
        RunFolder::create(&new, &"a plan").unwrap().abandon();
        assert!(!new.exists());
        fs::create_dir(&kept).unwrap();
        fs::write(kept.join(".gitkeep"), "mine").unwrap();
        RunFolder::create(&kept, &"a plan").unwrap().abandon();
        let left: Vec<_> = fs::read_dir(&kept).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, [".gitkeep"]);
        // What was fitted stays.
        let run = RunFolder::create(&new, &"a plan").unwrap();
        fs::create_dir(new.join("models")).unwrap();
        run.abandon();
        assert!(new.join("run.json").exists());
    }
}
