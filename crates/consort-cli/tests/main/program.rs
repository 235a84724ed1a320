//! Runs the program and reads what it says.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use assert_cmd::Command;
use serde_json::Value;

/// What a run of the program said.
pub(crate) struct Ran {
    pub(crate) ok: bool,
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// The JSON object, of a run that went well.
    pub(crate) fn json(&self) -> Value {
        assert!(self.ok, "{}", self.stderr);
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {}", self.stdout))
    }

    /// The message of a run that failed; it must be an error, not a panic.
    pub(crate) fn error(&self) -> &str {
        assert!(!self.ok, "it went well: {}", self.stdout);
        assert!(self.stderr.starts_with("error: "), "{}", self.stderr);
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
        &self.stderr
    }
}

pub(crate) fn consort<S: AsRef<str>>(args: &[S]) -> Ran {
    let output = Command::cargo_bin("consort").unwrap().args(args.iter().map(AsRef::as_ref)).output().unwrap();
    Ran {
        ok: output.status.success(),
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A file of case `dNN`.
pub(crate) fn case(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/cases").join(name).display().to_string()
}

/// What a case expects, by the name of the check.
pub(crate) fn expected(case_name: &str, check: &str) -> Value {
    let text = std::fs::read_to_string(case(&format!("{case_name}/expected.json"))).unwrap();
    let value: Value = serde_json::from_str(&text).unwrap();
    let checks = value["checks"].as_array().unwrap();
    let found = checks.iter().find(|found| found["name"] == check);
    found.unwrap_or_else(|| panic!("{case_name} has no check {check:?}"))["expect"].clone()
}

/// A file that ships with the examples.
pub(crate) fn shipped(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/data").join(name).display().to_string()
}

pub(crate) fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

pub(crate) fn path(folder: &tempfile::TempDir, name: &str) -> String {
    folder.path().join(name).display().to_string()
}

pub(crate) fn text_of(path: &Path) -> String {
    path.display().to_string()
}

pub(crate) fn write(folder: &tempfile::TempDir, name: &str, text: &str) -> String {
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

/// The columns of a CSV file, by name.
pub(crate) fn columns(file: impl Into<PathBuf>) -> HashMap<String, Vec<String>> {
    let mut reader = csv::Reader::from_path(file.into()).unwrap();
    let names: Vec<String> = reader.headers().unwrap().iter().map(Into::into).collect();
    let mut columns: HashMap<String, Vec<String>> = names.iter().map(|name| (name.clone(), Vec::new())).collect();
    for record in reader.records() {
        for (name, cell) in names.iter().zip(record.unwrap().iter()) {
            columns.get_mut(name).unwrap().push(cell.into());
        }
    }
    columns
}

pub(crate) fn numbers(column: &[String]) -> Vec<f64> {
    column.iter().map(|cell| cell.parse().unwrap()).collect()
}

/// Equal to 1e-6, two-sided.
#[track_caller]
pub(crate) fn near(got: &[f64], want: &[f64]) {
    assert_eq!(got.len(), want.len(), "{got:?} {want:?}");
    for (got_one, want_one) in got.iter().zip(want) {
        assert!((got_one - want_one).abs() < 1e-6, "{got:?} is not {want:?}");
    }
}

pub(crate) fn list(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

pub(crate) fn texts(value: &Value) -> Vec<String> {
    let text =
        |x: &Value| x.as_str().map_or_else(|| if x.is_null() { String::new() } else { x.to_string() }, Into::into);
    value.as_array().unwrap().iter().map(text).collect()
}
