use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

/// Writes a file so that it is seen whole or not at all: beside its place, synced, renamed, and the directory synced.
///
/// After an error, or a crash, a file that was there before is as it was. What is no regular file (a pipe, a
/// terminal) is written straight into.
///
/// # Errors
/// If the system or `write` refuses.
///
/// ```
/// # use std::io::Write;
/// let path = std::env::temp_dir().join(format!("consort-publish-{}.txt", std::process::id()));
/// consort_core::publish(&path, |file| file.write_all(b"whole"))?;
/// assert_eq!(std::fs::read(&path)?, b"whole");
/// # std::fs::remove_file(&path)?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn publish(path: &Path, write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> io::Result<()> {
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => Err(io::Error::from(io::ErrorKind::IsADirectory)),
        Ok(found) if !found.is_file() => {
            OpenOptions::new().write(true).open(path).and_then(|file| fill(file, write)).map(drop)
        }
        // A link is followed, so that it stays a link to a whole file.
        Ok(_) => fs::canonicalize(path).and_then(|place| replace(&place, write)),
        // So is a link to what is not there yet.
        Err(problem) => match followed(path) {
            Some(place) => replace(&place, write),
            None => Err(problem),
        },
    }
}

/// Where a path leads through links, though nothing may be there; nothing for links that lead in a circle.
fn followed(path: &Path) -> Option<PathBuf> {
    const MOST_LINKS: usize = 40;
    let mut place = path.to_path_buf();
    for _ in 0..MOST_LINKS {
        let Ok(next) = fs::read_link(&place) else { return Some(place) };
        place = place.parent().unwrap_or(Path::new("")).join(next);
    }
    None
}

/// How the name of a file ends that is being written beside its place.
const PART: &str = ".part";

/// Takes away the files that [`publish`] began in a folder, or in one below it, and that a killed process left. Nobody may be
/// writing there meanwhile; what cannot be removed does no harm.
///
/// ```
/// # let folder = std::env::temp_dir().join(format!("consort-sweep-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder)?;
/// std::fs::write(folder.join(".table.csv.7.0.part"), "ha")?;
/// std::fs::write(folder.join("table.csv"), "whole")?;
/// consort_core::sweep(&folder);
/// assert_eq!(std::fs::read_dir(&folder)?.count(), 1);
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn sweep(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => sweep(&entry.path()),
            Ok(kind) if kind.is_file() && name.starts_with('.') && name.ends_with(PART) => {
                let _ = fs::remove_file(entry.path());
            }
            _ => {}
        }
    }
}

fn replace(place: &Path, write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> io::Result<()> {
    // Two processes, or two threads, that write one place do not share the file beside it.
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let name = place.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_string_lossy();
    // A name may have 255 bytes, and one that has nearly all of them has no room for more. The numbers keep parts apart.
    let name: String = name.chars().take(32).collect();
    let beside = Beside(place.with_file_name(format!(
        ".{name}.{}.{}{PART}",
        std::process::id(),
        COUNT.fetch_add(1, Ordering::Relaxed)
    )));
    let file = OpenOptions::new().write(true).create_new(true).open(&beside.0)?;
    if let Ok(before) = fs::metadata(place) {
        file.set_permissions(before.permissions())?;
    }
    fill(file, write)?.sync_all()?;
    fs::rename(&beside.0, place)?;
    std::mem::forget(beside);
    #[cfg(unix)]
    {
        let directory = place.parent().filter(|d| !d.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(directory)?.sync_all()?;
    }
    Ok(())
}

fn fill(file: File, write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> io::Result<File> {
    let mut out = BufWriter::with_capacity(1 << 16, file);
    write(&mut out)?;
    out.flush()?;
    out.into_inner().map_err(io::IntoInnerError::into_error)
}

/// A file that is being written; it is removed unless it took its place.
struct Beside(PathBuf);

impl Drop for Beside {
    fn drop(&mut self) {
        // It may not exist yet, and there is nobody to tell.
        let _ = fs::remove_file(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("consort-publish-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    #[test]
    fn the_longest_name_that_is_legal_is_written() {
        let folder = folder("long");
        for name in [format!("{}.csv", "x".repeat(251)), format!("{}.csv", "ü".repeat(125))] {
            publish(&folder.join(&name), |file| file.write_all(b"whole")).unwrap();
            assert_eq!(fs::read(folder.join(&name)).unwrap(), b"whole");
        }
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 2);
        fs::remove_dir_all(&folder).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_a_link_whether_or_not_its_file_is_there() {
        use std::os::unix::fs::symlink;
        let folder = folder("link");
        fs::create_dir(folder.join("far")).unwrap();
        symlink("far/second", folder.join("first")).unwrap();
        symlink("third.csv", folder.join("far/second")).unwrap();
        for text in ["new", "newer"] {
            publish(&folder.join("first"), |file| file.write_all(text.as_bytes())).unwrap();
            assert!(fs::symlink_metadata(folder.join("first")).unwrap().is_symlink());
            assert!(fs::symlink_metadata(folder.join("far/second")).unwrap().is_symlink());
            assert_eq!(fs::read_to_string(folder.join("far/third.csv")).unwrap(), text);
        }
        symlink("round", folder.join("round")).unwrap();
        assert!(publish(&folder.join("round"), |_| Ok(())).is_err());
        assert!(fs::symlink_metadata(folder.join("round")).unwrap().is_symlink());
        fs::remove_dir_all(&folder).unwrap();
    }
}
