use std::{
    collections::HashMap,
    fs,
    path::PathBuf,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use consort_core::{Checkpoints, Error, Result};
use serde_bytes::{ByteBuf, Bytes};

use super::{read_sealed, write_sealed};

/// How often a part is written at most: a fit of seconds is never, and one of hours loses no more than this and an epoch.
const EVERY: Duration = Duration::from_secs(10);

/// A folder of what the parts of one fit keep, a sealed file each.
#[derive(Debug)]
pub(super) struct Parts {
    folder: PathBuf,
    begun: Instant,
    saved: Mutex<HashMap<String, Instant>>,
}

impl Parts {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder, begun: Instant::now(), saved: Mutex::default() }
    }

    /// Names of parts are the fit's own; only letters, digits, `-` and `_` are left in that of a file.
    fn file(&self, part: &str) -> PathBuf {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        self.folder.join(part.chars().map(|c| if is_plain(c) { c } else { '_' }).collect::<String>() + ".state")
    }
}

impl Checkpoints for Parts {
    fn load(&self, part: &str) -> Result<Option<Vec<u8>>> {
        let path = self.file(part);
        if !path.exists() {
            return Ok(None);
        }
        let state: ByteBuf = read_sealed(&path, "checkpoint")?;
        Ok(Some(state.into_vec()))
    }

    fn save(&self, part: &str, state: &[u8]) -> Result<()> {
        fs::create_dir_all(&self.folder).map_err(|error| Error::Damaged {
            place: self.folder.display().to_string(),
            problem: format!("it cannot be written: {error}"),
        })?;
        write_sealed(&self.file(part), "checkpoint", Bytes::new(state))?;
        self.saved.lock().unwrap_or_else(PoisonError::into_inner).insert(part.into(), Instant::now());
        Ok(())
    }

    fn is_due(&self, part: &str) -> bool {
        let saved = self.saved.lock().unwrap_or_else(PoisonError::into_inner).get(part).copied();
        saved.unwrap_or(self.begun).elapsed() >= EVERY
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_comes_back_whole_or_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let parts = Parts::new(folder.path().join("fit.part"));
        assert_eq!(parts.load("a/b").unwrap(), None);
        assert!(!parts.is_due("a/b"), "a fit that has just begun has nothing to lose");
        parts.save("a/b", &[1, 2, 255]).unwrap();
        parts.save("a/b", &[7, 0, 255]).unwrap();
        assert_eq!(parts.load("a/b").unwrap().as_deref(), Some(&[7, 0, 255][..]));
        assert!(folder.path().join("fit.part/a_b.state").is_file());
        fs::write(parts.file("a/b"), b"short").unwrap();
        assert!(parts.load("a/b").unwrap_err().to_string().contains("a_b.state"));
    }
}
