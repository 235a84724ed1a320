//! The field cases that concern tables.

use std::path::PathBuf;

use consort_core::{Outputs, Target};
use consort_data::table::{Kind, Roles, Schema, SchemaOptions, Table, read};

use crate::{levels, numbers};

fn case(path: &str) -> Table {
    read(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/cases").join(path)).unwrap()
}

fn schema(table: &Table, target: &str) -> Schema {
    Schema::infer(table, &Roles::target(target), SchemaOptions::default()).unwrap()
}

#[test]
fn d04_ids_beyond_64_bits_stay_digit_for_digit() {
    // The file has ids and predictions alone; a feature beside them makes it a table to learn from.
    let text =
        std::fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/cases/d04/a.csv")).unwrap();
    let with_feature = |(i, line): (usize, &str)| if i == 0 { format!("{line},x\n") } else { format!("{line},{i}\n") };
    let table = crate::csv(&text.lines().enumerate().map(with_feature).collect::<String>());
    let dataset = schema(&table, "p").dataset(&table, true).unwrap();
    let ids: Vec<_> = (0..5).map(|row| dataset.ids().text(row).into_owned()).collect();
    assert_eq!(ids, ["9007199254740992", "9007199254740993", "18446744073709551615", "99999999999999999999", "007"]);
}

#[test]
fn d05_byte_order_mark_quotes_and_both_line_ends() {
    let table = case("d05/excel.csv");
    let names: Vec<&str> = table.columns().iter().map(|column| column.name()).collect();
    assert_eq!(names, ["id", "y", "p"]);
    let schema = schema(&table, "y");
    assert_eq!(schema.features(), ["p"]);
    let dataset = schema.dataset(&table, true).unwrap();
    assert_eq!((dataset.ids().text(2), numbers(&dataset, "p")[2]), ("e3".into(), Some(0.5)));
}

#[test]
fn d06_decimals_late_in_the_file() {
    let table = case("d06/late_float.csv");
    let p = table.column("p").unwrap();
    assert_eq!((table.rows(), p.kind(), p.missing()), (1200, Kind::Number, 0));
    let sum: f64 = p.values().unwrap().iter().sum();
    assert!((sum - 600.626).abs() < 1e-9, "{sum}");
    assert_eq!(schema(&table, "y").roles().id.as_deref(), Some("id"));
}

#[test]
fn d07_missing_texts_quoted_or_not() {
    let table = case("d07/features.csv");
    let about = |name: &str| {
        let column = table.column(name).unwrap();
        (column.kind(), column.missing())
    };
    assert_eq!(about("x1"), (Kind::Number, 3));
    assert_eq!(about("x2"), (Kind::Number, 2));
    assert_eq!(about("country"), (Kind::Text, 1));
    let dataset = schema(&table, "y").dataset(&table, true).unwrap();
    assert_eq!(levels(&dataset, "country"), [Some("NA"), Some("SE"), Some("NA"), None, Some("FR")]);
    assert_eq!(numbers(&dataset, "x1"), [Some(1.5), None, None, None, Some(2.5)]);

    let table = case("d07/missing_label.csv");
    let error = Schema::infer(&table, &Roles::target("y"), SchemaOptions::default()).unwrap_err().to_string();
    assert!(error.contains("row 2, column `y`: the target is missing"), "{error}");
}

#[test]
fn d15_a_short_series_keeps_its_columns() {
    let table = case("d15/series.csv");
    let schema = schema(&table, "y");
    assert_eq!((schema.features(), schema.outputs()), (vec!["t".to_string(), "x".into()], Outputs::target("y")));
    assert!(schema.set_aside().is_empty());
    let roles = Roles { time: Some("t".into()), ..Roles::target("y") };
    let schema = Schema::infer(&table, &roles, SchemaOptions::default()).unwrap();
    let dataset = schema.dataset(&table, true).unwrap();
    assert_eq!(dataset.time().unwrap(), (0..12).map(f64::from).collect::<Vec<_>>());
    let Some(Target::Values { values, .. }) = dataset.target() else { panic!() };
    assert_eq!((values[0], values[11]), (2.0, 12.9));
}

#[test]
fn d16_fold_labels_come_with_the_rows() {
    let table = case("d16/data.csv");
    let roles = Roles { fold: Some("fold".into()), ..Roles::target("y") };
    let schema = Schema::infer(&table, &roles, SchemaOptions::default()).unwrap();
    assert_eq!(schema.features(), ["x1", "x2"]);
    let applied = schema.apply(&table, true).unwrap();
    assert_eq!(applied.folds.unwrap()[..6], ["z", "z", "a", "a", "m", "a"]);
    let Some(Target::Classes { codes, classes }) = applied.dataset.target() else { panic!() };
    assert_eq!((classes.names(), &codes[..3]), (&["0".to_string(), "1".into()][..], &[1, 0, 1][..]));
    assert_eq!(applied.dataset.ids().text(0), "k99");
}

#[test]
fn d17_tiny_tables_keep_their_features() {
    let table = case("d17/separable.csv");
    let dataset = schema(&table, "y").dataset(&table, true).unwrap();
    assert_eq!(numbers(&dataset, "x")[7], Some(8.0));
    let table = case("d17/xor.csv");
    assert_eq!(schema(&table, "y").features(), ["x1", "x2"]);
    assert_eq!(schema(&table, "y").outputs().len(), 2);
}
