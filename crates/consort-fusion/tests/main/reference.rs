//! The reference data, read.

use std::{collections::BTreeMap, path::PathBuf};

use consort_core::{Classes, Gives, Ids, Outputs, Predictions, Target};
use serde_json::Value;

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

/// A JSON file of reference values.
pub(crate) fn json(name: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path(name)).unwrap()).unwrap()
}

/// Numbers of a JSON array.
pub(crate) fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

/// The columns of a CSV file by name, as texts.
pub(crate) fn columns(name: &str) -> BTreeMap<String, Vec<String>> {
    let mut reader = csv::Reader::from_path(path(name)).unwrap();
    let names: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let mut columns: BTreeMap<String, Vec<String>> = names.iter().map(|name| (name.clone(), Vec::new())).collect();
    for record in reader.records() {
        for (name, text) in names.iter().zip(record.unwrap().iter()) {
            columns.get_mut(name).unwrap().push(text.to_owned());
        }
    }
    columns
}

/// A column as numbers.
pub(crate) fn column(table: &BTreeMap<String, Vec<String>>, name: &str) -> Vec<f64> {
    table[name].iter().map(|text| text.parse().unwrap()).collect()
}

/// Members' predictions with what came true.
pub(crate) struct Case {
    pub(crate) predictions: Predictions,
    pub(crate) target: Target,
    pub(crate) weights: Vec<f64>,
}

/// Binary members from P(y = 1), a column each.
pub(crate) fn binary_of(table: &BTreeMap<String, Vec<String>>, members: &[&str]) -> (Predictions, Target) {
    let classes = Classes::new(["0", "1"]).unwrap();
    let target = Target::from_labels(&table["y"], &classes, "y").unwrap();
    let mut builder = Predictions::builder(Outputs::Classes(classes), Ids::positions(target.rows()));
    for member in members {
        let values: Vec<f32> = column(table, member).into_iter().flat_map(|p| [(1.0 - p) as f32, p as f32]).collect();
        builder = builder.member(*member, Gives::Probabilities, &values).unwrap();
    }
    (builder.build().unwrap(), target)
}

/// `binary.csv`.
pub(crate) fn binary() -> Case {
    let table = columns("binary.csv");
    let (predictions, target) = binary_of(&table, &["m1", "m2", "m3", "m4", "m5"]);
    Case { predictions, target, weights: column(&table, "w") }
}

/// `multi_*.csv`.
pub(crate) fn multi() -> Case {
    let truth = columns("multi_truth.csv");
    let classes = Classes::new(["a", "b", "c", "d"]).unwrap();
    let target = Target::from_labels(&truth["y"], &classes, "y").unwrap();
    let mut builder = Predictions::builder(Outputs::Classes(classes), Ids::positions(target.rows()));
    for member in ["m1", "m2", "m3", "m4"] {
        let table = columns(&format!("multi_{member}.csv"));
        let parts: Vec<Vec<f64>> = ["p_a", "p_b", "p_c", "p_d"].iter().map(|name| column(&table, name)).collect();
        let values: Vec<f32> = (0..target.rows()).flat_map(|i| parts.iter().map(move |p| p[i] as f32)).collect();
        builder = builder.member(member, Gives::Probabilities, &values).unwrap();
    }
    Case { predictions: builder.build().unwrap(), target, weights: column(&truth, "w") }
}

/// `regression.csv`.
pub(crate) fn regression() -> Case {
    let table = columns("regression.csv");
    let target = Target::from_values(column(&table, "y"), "y").unwrap();
    let mut builder = Predictions::builder(Outputs::target("y"), Ids::positions(target.rows()));
    for member in ["m1", "m2", "m3", "m4", "m5"] {
        let values: Vec<f32> = column(&table, member).into_iter().map(|x| x as f32).collect();
        builder = builder.member(member, Gives::Values, &values).unwrap();
    }
    Case { predictions: builder.build().unwrap(), target, weights: column(&table, "w") }
}

/// Each number within `tolerance` of the other.
pub(crate) fn assert_near(got: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(got.len(), expected.len());
    for (i, (a, b)) in got.iter().zip(expected).enumerate() {
        assert!((a - b).abs() <= tolerance, "number {i}: {a} is not {b} within {tolerance}\n{got:?}\n{expected:?}");
    }
}
