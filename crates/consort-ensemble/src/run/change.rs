use std::{
    fs, io,
    path::{Path, PathBuf},
};

use consort_core::{Error, Result};
use serde::{Deserialize, Serialize};

use super::RunFolder;
use crate::NamedLearner;

/// A change of several files of a run that takes place as a whole, or not at all.
///
/// What is to come is written into a folder of its own. That folder's renaming is the moment in which the change has taken
/// place: from then on its files are moved to theirs and what is gone is removed, and where a process is killed meanwhile,
/// [`RunFolder::open`] goes on with that.
#[derive(Debug)]
pub struct RunChange<'a> {
    run: &'a RunFolder,
    gone: Gone,
}

/// What is removed of a run.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Gone {
    /// Members whose predictions are no longer asked for.
    predictions: Vec<String>,
    /// Members whose models are no longer asked for.
    models: Vec<String>,
}

/// The folder of a change that is being written, that of one that has taken place, and the file there of what is gone.
const WRITTEN: &str = ".change.part";
const TAKEN: &str = ".change";
const GONE: &str = "gone.json";

impl RunChange<'_> {
    /// The folder into which files are written, each at the place that it is to have in the run.
    pub fn folder(&self) -> PathBuf {
        self.run.path().join(WRITTEN)
    }

    /// Removes a member's predictions.
    pub fn remove_predictions(&mut self, member: &str) {
        self.gone.predictions.push(member.into());
    }

    /// Removes what was fitted of a member.
    pub fn remove_models(&mut self, member: &str) {
        self.gone.models.push(member.into());
    }

    /// Lets the change take place.
    ///
    /// # Errors
    /// If a file cannot be written, moved or removed. Until the folder was renamed, the run is as it was; after that, it goes
    /// on with the change when it is opened again.
    pub fn commit(self) -> Result<()> {
        let (written, run) = (self.folder(), self.run.path());
        let text = serde_json::to_vec(&self.gone).map_err(Error::custom)?;
        fs::write(written.join(GONE), text)
            .and_then(|()| fs::rename(&written, run.join(TAKEN)))
            .and_then(|()| fs::File::open(run)?.sync_all())
            .map_err(|error| wrong(&written, "written", &error))?;
        go_on(run)
    }
}

impl RunFolder {
    /// Begins a change of several files.
    ///
    /// # Errors
    /// If its folder cannot be made.
    pub fn change(&self) -> Result<RunChange<'_>> {
        let change = RunChange { run: self, gone: Gone::default() };
        let folder = change.folder();
        fs::create_dir_all(folder.join("predictions")).map_err(|error| wrong(&folder, "made", &error))?;
        Ok(change)
    }
}

/// Throws away a change that was not ready, and ends one that has taken place.
pub(super) fn go_on(run: &Path) -> Result<()> {
    remove(&run.join(WRITTEN))?;
    let taken = run.join(TAKEN);
    let list = taken.join(GONE);
    if !taken.is_dir() {
        return Ok(());
    }
    let text = fs::read(&list).map_err(|error| wrong(&list, "read", &error))?;
    let gone: Gone = serde_json::from_slice(&text).map_err(|error| wrong(&list, "read", &error.into()))?;
    if let Some(name) = gone.predictions.iter().chain(&gone.models).find(|name| !NamedLearner::may_be_named(name)) {
        let problem = format!("`{name}` cannot be the name of a member");
        return Err(Error::Damaged { place: list.display().to_string(), problem });
    }
    // All of this can be done twice.
    for folder in ["predictions", ""] {
        let from = taken.join(folder);
        for entry in fs::read_dir(&from).into_iter().flatten().flatten() {
            let (name, path) = (entry.file_name(), entry.path());
            if path.is_file() && name != GONE {
                fs::rename(&path, run.join(folder).join(&name)).map_err(|error| wrong(&path, "moved", &error))?;
            }
        }
    }
    for name in &gone.predictions {
        remove(&run.join("predictions").join(format!("{name}.parquet")))?;
    }
    for name in &gone.models {
        remove(&run.join("models").join(name))?;
    }
    remove(&taken)
}

/// Removes a file or a folder, if it is there.
fn remove(path: &Path) -> Result<()> {
    let done = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match done {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(wrong(path, "removed", &error)),
        _ => Ok(()),
    }
}

fn wrong(place: &Path, done: &str, error: &io::Error) -> Error {
    Error::Damaged { place: place.display().to_string(), problem: format!("it cannot be {done}: {error}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(folder: &Path) -> RunFolder {
        let run = RunFolder::create(folder, &"a plan").unwrap();
        fs::create_dir_all(folder.join("predictions")).unwrap();
        fs::create_dir_all(folder.join("models/knn")).unwrap();
        for file in ["predictions/knn.parquet", "predictions/boost.parquet", "members.json"] {
            fs::write(folder.join(file), "old").unwrap();
        }
        run
    }

    fn begin(run: &RunFolder) -> RunChange<'_> {
        let mut change = run.change().unwrap();
        for file in ["predictions/boost.parquet", "members.json"] {
            fs::write(change.folder().join(file), "new").unwrap();
        }
        change.remove_predictions("knn");
        change.remove_models("knn");
        change
    }

    fn is_changed(folder: &Path) {
        for file in ["predictions/boost.parquet", "members.json"] {
            assert_eq!(fs::read_to_string(folder.join(file)).unwrap(), "new");
        }
        assert!(!folder.join("predictions/knn.parquet").exists() && !folder.join("models/knn").exists());
        assert!(!folder.join(TAKEN).exists() && !folder.join(WRITTEN).exists());
    }

    #[test]
    fn a_change_takes_place_as_a_whole() {
        let folder = tempfile::tempdir().unwrap();
        let run = run(folder.path());
        begin(&run).commit().unwrap();
        is_changed(folder.path());
    }

    #[test]
    fn one_that_was_not_ready_is_forgotten_and_one_that_took_place_is_ended() {
        let folder = tempfile::tempdir().unwrap();
        let run = run(folder.path());
        drop(begin(&run));
        go_on(folder.path()).unwrap();
        assert_eq!(fs::read_to_string(folder.path().join("members.json")).unwrap(), "old");
        assert!(!folder.path().join(WRITTEN).exists());
        // Killed after the renaming, and after the first file was moved.
        let change = begin(&run);
        fs::write(change.folder().join(GONE), serde_json::to_vec(&change.gone).unwrap()).unwrap();
        fs::rename(change.folder(), folder.path().join(TAKEN)).unwrap();
        fs::rename(folder.path().join(TAKEN).join("members.json"), folder.path().join("members.json")).unwrap();
        drop(run);
        let (_run, plan): (RunFolder, String) = RunFolder::open(folder.path()).unwrap();
        assert_eq!(plan, "a plan");
        is_changed(folder.path());
    }

    #[test]
    fn nothing_outside_of_the_run_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let run = run(folder.path());
        let mut change = begin(&run);
        change.remove_models("../elsewhere");
        let error = change.commit().unwrap_err().to_string();
        assert!(error.contains("cannot be the name of a member"), "{error}");
    }
}
