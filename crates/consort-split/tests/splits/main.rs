//! Tests of the splitters through their public interface.

// Helpers of tests are outside of `#[test]`, where clippy does not see that they are tests.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod cases;
mod contracts;
mod errors;
mod properties;
mod reference;

use std::path::PathBuf;

use consort_core::{Classes, RowInfo, Split, Target};

/// A test file.
fn data(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/splits").join(name)
}

/// A column of a CSV file, as text.
fn column(file: &str, name: &str) -> Vec<String> {
    let mut reader = csv::Reader::from_path(data(file)).unwrap();
    let place = reader.headers().unwrap().iter().position(|header| header == name).unwrap();
    reader.records().map(|record| record.unwrap()[place].to_owned()).collect()
}

/// A target of classes from labels.
fn target(labels: &[String]) -> Target {
    let classes = Classes::from_labels(labels).unwrap();
    Target::from_labels(labels, &classes, "test").unwrap()
}

/// Numbers for labels, in byte order.
fn numbers(labels: &[String]) -> Vec<u32> {
    let mut names = labels.to_vec();
    names.sort();
    names.dedup();
    labels.iter().map(|label| names.binary_search(label).unwrap() as u32).collect()
}

/// The fold that tests each row, in the first repeat.
fn tested(split: &Split, rows: usize) -> Vec<Option<u32>> {
    let mut tested = vec![None; rows];
    for fold in split.folds.iter().filter(|fold| fold.repeat == 0) {
        for &row in &fold.test {
            tested[row as usize] = Some(fold.fold);
        }
    }
    tested
}

/// Rows of which only the number is known.
fn plain(rows: usize) -> RowInfo<'static> {
    RowInfo { rows, ..RowInfo::default() }
}
