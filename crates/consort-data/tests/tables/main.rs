//! Tables: from a file to a data set.

// Helpers of tests are outside of `#[test]`, where clippy does not see that they are tests.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod at_predict_time;
mod cases;
mod hostile;
mod kinds;
mod targets;

use consort_core::{Column, Dataset, Features, Warning};
use consort_data::{
    Result,
    files::{Format, Source},
    table::{Roles, Schema, SchemaOptions, Table, read_source},
};

/// A CSV file in memory.
fn csv(text: &str) -> Table {
    read(text).unwrap()
}

fn read(text: &str) -> Result<Table> {
    read_source(&Source::bytes("t.csv", Format::Csv, text.as_bytes()))
}

fn infer(text: &str, target: &str) -> Result<Schema> {
    Schema::infer(&read(text)?, &Roles::target(target), SchemaOptions::default())
}

fn columns(dataset: &Dataset) -> &[Column] {
    match dataset.features() {
        Features::Columns(columns) => columns,
        Features::Dense { .. } => &[],
    }
}

/// The numbers of a feature, with `None` for a missing one.
fn numbers(dataset: &Dataset, name: &str) -> Vec<Option<f32>> {
    match columns(dataset).iter().find(|column| column.name() == name) {
        Some(Column::Numeric { values, .. }) => values.iter().map(|x| (!x.is_nan()).then_some(*x)).collect(),
        other => panic!("`{name}` is {other:?}"),
    }
}

/// The levels of a feature's rows, with `None` for a missing one.
fn levels<'a>(dataset: &'a Dataset, name: &str) -> Vec<Option<&'a str>> {
    match columns(dataset).iter().find(|column| column.name() == name) {
        Some(Column::Categorical { codes, levels, .. }) => {
            codes.iter().map(|&code| levels.get(code as usize).map(String::as_str)).collect()
        }
        other => panic!("`{name}` is {other:?}"),
    }
}

fn says(warnings: &[Warning], words: &[&str]) -> bool {
    warnings.iter().map(ToString::to_string).any(|text| words.iter().all(|word| text.contains(word)))
}
