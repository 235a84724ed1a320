//! The rows and the answers of other programs that lie in `tests/data/models`.

use consort_core::{Column, Dataset, Features};
use serde_json::Value;

pub(crate) fn read(name: &str) -> String {
    std::fs::read_to_string(format!("{}/tests/data/models/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// The rows that all reference models were asked about.
pub(crate) fn rows() -> Dataset {
    let text = read("rows.csv");
    let rows: Vec<Vec<f32>> =
        text.lines().map(|line| line.split(',').map(|word| word.parse().unwrap()).collect()).collect();
    let names = ["a", "b", "hole", "sparse", "kind", "count"];
    let columns = (0..6)
        .map(|f| Column::Numeric { name: names[f].into(), values: rows.iter().map(|row| row[f]).collect() })
        .collect();
    Dataset::new(Features::Columns(columns)).unwrap()
}

/// All numbers of a list of lists, in order.
pub(crate) fn flat(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(items) => items.iter().flat_map(flat).collect(),
        other => vec![other.as_f64().unwrap()],
    }
}

pub(crate) fn assert_near(name: &str, got: impl IntoIterator<Item = f64>, want: &[f64], tolerance: f64) {
    let got: Vec<f64> = got.into_iter().collect();
    assert_eq!(got.len(), want.len(), "{name}");
    for (i, (got, want)) in got.iter().zip(want).enumerate() {
        assert!((got - want).abs() <= tolerance * want.abs().max(1.0), "{name}, number {i}: {got}, not {want}");
    }
}
