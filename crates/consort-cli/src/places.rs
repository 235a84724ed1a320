//! Where results may go: to places that can be written, and never over what they are made of.

use std::path::{Path, PathBuf};

use crate::{
    failure::{Failure, Result},
    inputs,
};

/// Refuses a place that cannot be written; said before the work, not after it.
pub(crate) fn writable(path: &Path) -> Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let problem = match std::fs::metadata(folder) {
        Ok(found) if !found.is_dir() => std::io::Error::other("its folder is a file"),
        Ok(_) if path.is_dir() => std::io::Error::other("it is a folder"),
        Ok(_) => return Ok(()),
        Err(error) => error,
    };
    Err(Failure::file(path, "it cannot be written", problem))
}

/// Refuses a place that is one of the files that are read.
pub(crate) fn apart<'a>(output: &Path, read: impl IntoIterator<Item = &'a Path>) -> Result<()> {
    let Ok(there) = output.canonicalize() else { return Ok(()) };
    match read.into_iter().find(|read| read.canonicalize().is_ok_and(|read| read == there)) {
        None => Ok(()),
        Some(_) => Err(Failure::usage(format!(
            "{}: this file is read, and would be written over: choose another place for the result",
            output.display()
        ))),
    }
}

/// Refuses two results in one place; each comes with the option that names it.
pub(crate) fn distinct<const N: usize>(results: [(&str, &Option<PathBuf>); N]) -> Result<()> {
    let mut seen: Vec<(&str, PathBuf)> = Vec::new();
    for (option, path) in results {
        let Some(path) = path else { continue };
        let there = place(path);
        if let Some((first, _)) = seen.iter().find(|(_, other)| *other == there) {
            return Err(Failure::usage(format!(
                "{}: {first} and {option} both go there: choose another place for one",
                path.display()
            )));
        }
        seen.push((option, there));
    }
    Ok(())
}

/// Where a file is or will be, by its folder, whatever way leads there.
fn place(path: &Path) -> PathBuf {
    if let Ok(there) = path.canonicalize() {
        return there;
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    folder.join(path.file_name().unwrap_or_default())
}

/// Refuses a place that is a file of a run, but for its reports.
pub(crate) fn outside(output: &Path, run: &Path) -> Result<()> {
    let is_report = output.file_stem().is_some_and(|stem| stem == "report");
    let (Ok(there), Ok(run)) = (output.canonicalize(), run.canonicalize()) else { return Ok(()) };
    if is_report || !(there == run || run.is_dir() && there.starts_with(run)) {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "{}: this file belongs to the run, and would be written over: choose another place for the result",
        output.display()
    )))
}

/// The files of members given as `NAME=FILE` or `FILE`.
pub(crate) fn files(members: &[String]) -> Vec<PathBuf> {
    members.iter().map(|member| PathBuf::from(inputs::source(member).file())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_results_do_not_go_to_one_place() {
        let folder = tempfile::tempdir().unwrap();
        let (one, other) = (folder.path().join("s.csv"), folder.path().join("t.csv"));
        let roundabout = folder.path().join(".").join("s.csv");
        assert!(distinct([("-o", &Some(one.clone())), ("--save", &Some(roundabout.clone()))]).is_err());
        assert!(distinct([("-o", &Some(one.clone())), ("--report", &None), ("--save", &Some(other))]).is_ok());
        std::fs::write(&one, "x").unwrap();
        let error = distinct([("-o", &Some(one)), ("--save", &Some(roundabout))]).unwrap_err().to_string();
        assert!(error.contains("-o and --save both go there"), "{error}");
    }

    #[test]
    fn results_go_over_nothing_that_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let (table, run) = (folder.path().join("table.csv"), folder.path().join("run"));
        std::fs::create_dir(&run).unwrap();
        for file in [&table, &run.join("run.json"), &run.join("report.html")] {
            std::fs::write(file, "x").unwrap();
        }
        let roundabout = run.join("..").join("table.csv");
        assert!(apart(&roundabout, [table.as_path()]).is_err());
        assert!(apart(&folder.path().join("new.csv"), [table.as_path()]).is_ok());
        assert!(outside(&run.join("run.json"), &run).is_err());
        assert!(outside(&run.join("report.html"), &run).is_ok());
        assert!(outside(&run.join("new.csv"), &run).is_ok() && outside(&table, &run).is_ok());
        // A bundle is a file, and is read.
        assert!(outside(&table, &table).is_err());
    }
}
