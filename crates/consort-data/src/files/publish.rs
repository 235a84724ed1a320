use std::{
    fs::File,
    io::{self, BufWriter},
    path::Path,
};

use crate::{Error, Result};

/// Writes a file so that it is seen whole or not at all: beside its place, synced, renamed, and the directory synced.
///
/// After an error, or a crash, a file that was there before is as it was. What is no regular file (a pipe, a
/// terminal) is written straight into.
///
/// ```
/// # let dir = tempfile::tempdir()?;
/// use std::io::Write;
/// let path = dir.path().join("report.html");
/// consort_data::files::publish(&path, |file| file.write_all(b"<html>"))?;
/// assert_eq!(std::fs::read(&path)?, b"<html>");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`Error::Io`] if the system or `write` refuses.
pub fn publish(path: &Path, write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> Result<()> {
    consort_core::publish(path, write).map_err(Error::path_io(path, "write it"))
}

#[cfg(test)]
mod tests {
    use std::{fs, io::Write};

    use super::*;

    #[test]
    fn a_failed_write_leaves_the_old_file_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out.csv");
        publish(&path, |file| file.write_all(b"old")).unwrap();
        let error = publish(&path, |file| {
            file.write_all(b"half")?;
            Err(io::Error::other("the disk is full"))
        })
        .unwrap_err()
        .to_string();
        assert!(error.contains("out.csv") && error.contains("the disk is full"), "{error}");
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_directory_or_an_absent_folder_is_an_error_that_names_the_place() {
        let dir = tempfile::tempdir().unwrap();
        assert!(publish(dir.path(), |_| Ok(())).unwrap_err().to_string().contains("directory"));
        let absent = dir.path().join("no/such/out.csv");
        assert!(publish(&absent, |_| Ok(())).unwrap_err().to_string().contains("no/such/out.csv"));
    }
}
