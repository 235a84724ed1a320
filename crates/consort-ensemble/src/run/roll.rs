use std::{fs, path::Path, time::Duration};

use consort_core::{Error, LossHistory, Result, publish};
use serde::{Deserialize, Serialize};

use crate::NamedLearner;

/// The format that this version writes, and the newest that it reads.
const FORMAT: u32 = 1;

/// Who is in the ensemble of a run that is done: `members.json`. Beside the plan, which never changes, it is what
/// changes when a member is added, dropped or replaced.
///
/// ```
/// use consort_ensemble::run::{Origin, Roll, RollEntry};
/// let entry = RollEntry { name: "forest".into(), origin: Origin::Fitted, checksum: "…".into(), ..RollEntry::default() };
/// let roll = Roll { members: vec![entry], ..Roll::default() };
/// assert!(roll.find("forest").is_some() && roll.find("boost").is_none());
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Roll {
    /// The number of its format.
    pub format: u32,
    /// The last layer, whose members these are.
    pub layer: u32,
    /// Repeat and fold of the fits that each fitted member has.
    pub folds: Vec<(u32, u32)>,
    /// Whether members were added, dropped or replaced since the run was done.
    pub is_changed: bool,
    /// The checksum of the file of what members are scored on, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub truth: Option<String>,
    /// The members, in the order in which the fusion reads them.
    pub members: Vec<RollEntry>,
}

impl Default for Roll {
    fn default() -> Self {
        Self { format: FORMAT, layer: 0, folds: Vec::new(), is_changed: false, truth: None, members: Vec::new() }
    }
}

/// Where a member's predictions come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The run fitted it, and can predict new rows with it.
    #[default]
    Fitted,
    /// They were joined in from a file: there is no model of it here.
    Foreign,
}

/// One member of a run.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RollEntry {
    /// Its name.
    pub name: String,
    /// Where its predictions come from.
    pub origin: Origin,
    /// The checksum of its file of predictions.
    pub checksum: String,
    /// How long its fits took in sum; 0 for a foreign member.
    #[serde(default)]
    pub fit_time: Duration,
    /// How long its predictions took in sum; 0 for a foreign member.
    #[serde(default)]
    pub predict_time: Duration,
    /// Its score on rows that it learnt from, in the metric of the run, where that is known.
    #[serde(default)]
    pub own_score: Option<f64>,
    /// How the loss of its first fold's model went while it learnt, where it remembers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub histories: Vec<LossHistory>,
}

impl Roll {
    /// The file's name in the folder of a run.
    pub const FILE: &str = "members.json";

    /// Reads it from the folder of a run.
    ///
    /// # Errors
    /// [`Error::Damaged`] if the run is not done yet, or the file is damaged, of a newer format or has a name that no
    /// member may have.
    pub fn load(run: &Path) -> Result<Self> {
        let place = run.join(Self::FILE);
        let wrong = |problem: String| Error::Damaged { place: place.display().to_string(), problem };
        let text = fs::read(&place).map_err(|error| {
            let hint = "the run is not done: go on with `consort fit --resume`";
            wrong(format!("it cannot be read ({error}); {hint}"))
        })?;
        let roll: Self =
            serde_json::from_slice(&text).map_err(|error| wrong(format!("it is no list of members: {error}")))?;
        if roll.format > FORMAT {
            let problem = format!("it has format {}, and this version reads up to {FORMAT}", roll.format);
            return Err(wrong(format!("{problem}: take a newer consort")));
        }
        // A name becomes that of files, which are written and removed.
        match roll.members.iter().find(|member| !NamedLearner::may_be_named(&member.name)) {
            Some(member) => Err(wrong(format!("`{}` cannot be the name of a member", member.name))),
            None => Ok(roll),
        }
    }

    /// Writes it into the folder of a run.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn save(&self, run: &Path) -> Result<()> {
        let place = run.join(Self::FILE);
        let text = serde_json::to_vec_pretty(self).map_err(Error::custom)?;
        publish(&place, |file| std::io::Write::write_all(file, &text)).map_err(|error| Error::Damaged {
            place: place.display().to_string(),
            problem: format!("it cannot be written: {error}"),
        })
    }

    /// The member of this name.
    pub fn find(&self, name: &str) -> Option<&RollEntry> {
        self.members.iter().find(|member| member.name == name)
    }
}

/// The checksum of a file.
///
/// # Errors
/// [`Error::Damaged`] if it cannot be read.
pub fn file_checksum(path: &Path) -> Result<String> {
    let mut sum = blake3::Hasher::new();
    let read = |mut file: fs::File| std::io::copy(&mut file, &mut sum);
    fs::File::open(path).and_then(read).map_err(|error| Error::Damaged {
        place: path.display().to_string(),
        problem: format!("it cannot be read: {error}"),
    })?;
    Ok(sum.finalize().to_hex().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_comes_back_and_what_is_newer_or_no_list_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let refused = |says: &str| {
            let error = Roll::load(folder.path()).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        };
        refused("--resume");
        let entry = RollEntry { name: "a".into(), fit_time: Duration::from_millis(1500), ..RollEntry::default() };
        let roll = Roll { folds: vec![(0, 0), (0, 1)], members: vec![entry], ..Roll::default() };
        roll.save(folder.path()).unwrap();
        assert_eq!(Roll::load(folder.path()).unwrap(), roll);
        Roll { format: 99, ..roll.clone() }.save(folder.path()).unwrap();
        refused("newer consort");
        let outside = RollEntry { name: "../../elsewhere".into(), ..RollEntry::default() };
        Roll { members: vec![outside], ..roll }.save(folder.path()).unwrap();
        refused("cannot be the name of a member");
        fs::write(folder.path().join(Roll::FILE), "{}").unwrap();
        refused("no list of members");
    }

    #[test]
    fn a_checksum_tells_one_byte() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("f");
        let sum = |bytes: &[u8]| {
            fs::write(&file, bytes).unwrap();
            file_checksum(&file).unwrap()
        };
        assert_eq!(sum(b"ab"), sum(b"ab"));
        assert_ne!(sum(b"ab"), sum(b"ac"));
        assert!(file_checksum(&folder.path().join("none")).is_err());
    }
}
