//! The field cases that concern files.

use std::path::PathBuf;

use consort_core::{Outputs, Target, Task, Warning};
use consort_data::files::{Join, ReadOptions, Source, Style, read_columns, read_member_weights};

use crate::{csv, ids, read, refused, rows};

fn case(path: &str) -> Source {
    Source::stem(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/cases").join(path))
}

fn default() -> ReadOptions {
    ReadOptions::default()
}

fn classes(outputs: &Outputs) -> Vec<String> {
    outputs.classes("the test").unwrap().names().to_vec()
}

fn close(got: &[Vec<f32>], expected: &[&[f64]]) {
    assert_eq!(got.len(), expected.len());
    for (got, expected) in got.iter().zip(expected) {
        assert!(got.iter().zip(*expected).all(|(a, b)| (f64::from(*a) - b).abs() < 1e-6), "{got:?} {expected:?}");
    }
}

#[test]
fn d01_labels_are_opaque_texts() {
    let loaded = read(&[case("d01/m1.csv"), case("d01/m2.csv"), case("d01/m3.csv")], None, &default());
    let names = classes(loaded.predictions.outputs());
    assert_eq!(names, ["01", "ham", "naïve", "phishing, urgent", "spam"]);
    let label = |member: &str| -> Vec<String> {
        rows(&loaded, member).iter().map(|row| names[row.iter().position(|&x| x == 1.0).unwrap()].clone()).collect()
    };
    assert_eq!(label("m1"), ["ham", "spam", "phishing, urgent", "naïve", "01", "spam"]);
    assert_eq!(label("m3"), ["ham", "ham", "phishing, urgent", "naïve", "01", "01"]);
    assert_eq!(loaded.style, Style::Labels);
}

#[test]
fn d02_class_order_is_numeric() {
    let loaded = read(&[case("d02/m1.csv"), case("d02/m2.csv")], Some(&case("d02/truth.csv")), &default());
    assert_eq!(classes(loaded.predictions.outputs()), ["-1", "3", "10"]);
    let Some(Target::Classes { codes, .. }) = loaded.target.clone() else { panic!() };
    assert_eq!(codes, [0, 2, 1, 2, 2]);
    close(&rows(&loaded, "m1")[..2], &[&[0.7, 0.2, 0.1], &[0.1, 0.3, 0.6]]);
}

#[test]
fn d03_rows_are_joined_by_id() {
    let loaded = read(&[case("d03/a.csv"), case("d03/b.csv")], None, &default());
    assert_eq!(ids(&loaded), ["r1", "r2", "r3", "r4", "r5"]);
    let mean: Vec<f32> = rows(&loaded, "a").iter().zip(rows(&loaded, "b")).map(|(a, b)| (a[1] + b[1]) / 2.0).collect();
    assert!(mean.iter().zip([0.8, 0.2, 0.45, 0.7, 0.1]).all(|(a, b)| (a - b).abs() < 1e-6), "{mean:?}");
    for (other, words) in
        [("b_dup", ["r3", "duplicate"]), ("b_missing", ["r2", "missing"]), ("b_extra", ["r9", "b_extra"])]
    {
        let error = refused(&[case("d03/a.csv"), case(&format!("d03/{other}.csv"))], None, &default());
        assert!(words.iter().all(|word| error.contains(word)), "{error}");
    }
}

#[test]
fn d03_an_inner_join_relaxes_missing_and_extra_and_never_duplicates() {
    let inner = ReadOptions { join: Join::Inner, ..default() };
    let few = read(&[case("d03/a.csv"), case("d03/b_missing.csv")], None, &inner);
    assert_eq!(ids(&few), ["r1", "r3", "r4", "r5"]);
    assert!(
        matches!(&few.warnings[..], [Warning::RowsLeftOut { rows: 1, why }] if why.contains("a.csv")),
        "{:?}",
        few.warnings
    );
    assert_eq!(ids(&read(&[case("d03/a.csv"), case("d03/b_extra.csv")], None, &inner)).len(), 5);
    assert!(refused(&[case("d03/a.csv"), case("d03/b_dup.csv")], None, &inner).contains("duplicate id `r3`"));
}

#[test]
fn d04_ids_stay_digit_for_digit() {
    let loaded = read(&[case("d04/a.csv"), case("d04/b.csv")], None, &default());
    let expected = ["9007199254740992", "9007199254740993", "18446744073709551615", "99999999999999999999", "007"];
    assert_eq!(ids(&loaded), expected);
    let mean: Vec<f32> = rows(&loaded, "a").iter().zip(rows(&loaded, "b")).map(|(a, b)| (a[1] + b[1]) / 2.0).collect();
    assert!(mean.iter().zip([0.15, 0.85, 0.4, 0.3, 0.5]).all(|(a, b)| (a - b).abs() < 1e-6), "{mean:?}");
}

#[test]
fn d05_mark_quotes_and_line_ends_are_dropped() {
    let loaded = read(&[case("d05/excel.csv"), case("d05/plain.csv")], None, &default());
    assert_eq!(loaded.columns, [vec!["id", "y", "p"], vec!["id", "p"]]);
    close(&rows(&loaded, "excel"), &[&[0.25, 0.75], &[0.75, 0.25], &[0.5, 0.5]]);
    let Some(Target::Classes { codes, .. }) = loaded.target.clone() else { panic!() };
    assert_eq!(codes, [1, 0, 1]);
}

#[test]
fn d06_decimals_that_come_late_are_numbers() {
    let loaded = read(&[case("d06/late_float.csv")], None, &default());
    let sum: f64 = rows(&loaded, "late_float").iter().map(|row| f64::from(row[1])).sum();
    assert_eq!(loaded.order.len(), 1200);
    assert!((sum - 600.626).abs() < 1e-4, "{sum}");
    let columns = read_columns(&case("d06/late_float.csv"), Some(&["p"])).unwrap();
    let exact: f64 = columns[0].numbers().unwrap().iter().sum();
    assert!((exact - 600.626).abs() < 1e-6 && columns[0].missing() == 0, "{exact}");
}

#[test]
fn d07_null_tokens_are_missing_in_numbers_and_words_in_texts() {
    let columns = read_columns(&case("d07/features.csv"), Some(&["x1", "x2", "country", "y"])).unwrap();
    assert_eq!(columns.iter().map(|c| c.is_numeric()).collect::<Vec<_>>(), [true, true, false, false]);
    assert_eq!(columns.iter().map(|c| c.missing()).collect::<Vec<_>>(), [3, 2, 1, 0]);
    let mean = |x: &[f64]| {
        let present: Vec<f64> = x.iter().copied().filter(|x| !x.is_nan()).collect();
        present.iter().sum::<f64>() / present.len() as f64
    };
    assert_eq!(mean(&columns[0].numbers().unwrap()), 2.0);
    assert_eq!(mean(&columns[1].numbers().unwrap()), 3.75);
    assert_eq!(columns[2].texts().collect::<Vec<_>>(), [Some("NA"), Some("SE"), Some("NA"), None, Some("FR")]);
    let error = refused(&[case("d07/missing_label.csv")], None, &default());
    assert!(error.contains("`y`") && error.contains("row 2"), "{error}");
}

#[test]
fn d08_an_absent_class_counts_as_0_with_a_warning() {
    let loaded = read(&[case("d08/m1.csv"), case("d08/m2.csv"), case("d08/m3.csv")], None, &default());
    close(&rows(&loaded, "m2"), &[&[0.4, 0.6, 0.0], &[0.9, 0.1, 0.0], &[0.5, 0.5, 0.0]]);
    close(&rows(&loaded, "m3"), &[&[0.1, 0.2, 0.7], &[0.15, 0.8, 0.05], &[0.3, 0.1, 0.6]]);
    assert_eq!(loaded.known, [vec![true; 3], vec![true, true, false], vec![true; 3]]);
    assert_eq!(loaded.warnings, [Warning::AbsentClass { member: "m2".into(), class: "c".into() }]);
}

#[test]
fn d09_classes_come_from_the_columns_and_a_label_without_one_is_an_error() {
    let multi = read(&[case("d09/multi.csv")], None, &default());
    assert_eq!(classes(multi.predictions.outputs()), ["a", "b", "c"]);
    let ones = read(&[case("d09/binary_ones.csv")], None, &default());
    assert_eq!(classes(ones.predictions.outputs()), ["0", "1"]);
    let Some(Target::Classes { codes, .. }) = ones.target else { panic!() };
    assert_eq!(codes, [1, 1, 1]);
    let error = refused(&[case("d09/unknown_label.csv")], None, &default());
    assert!(error.contains("`z`") && error.contains("row 2"), "{error}");
}

#[test]
fn d10_a_parquet_file_of_32_bits_reads_as_the_csv_does() {
    let text = read(&[case("d10/sat.csv")], None, &default());
    let binary = read(&[case("d10/sat_f32.parquet")], None, &default());
    assert_eq!(rows(&text, "sat"), rows(&binary, "sat_f32"));
    assert_eq!((&text.target, ids(&text)), (&binary.target, ids(&binary)));
}

#[test]
fn d11_the_order_of_rows_does_not_matter_and_weights_are_read() {
    let options = ReadOptions { weight: Some("w".into()), ..default() };
    let one = read(&[case("d11/pos_first.csv")], None, &options);
    let two = read(&[case("d11/neg_first.csv")], None, &options);
    assert_eq!(one.predictions.member(0), two.predictions.member(0));
    assert_eq!((one.target, one.weights.clone()), (two.target, two.weights));
    assert_eq!(one.weights.unwrap(), [1.0, 2.0, 1.0, 1.0, 0.5, 1.0, 1.0, 1.0, 2.0, 1.0]);
}

#[test]
fn d18_a_wide_file_of_probabilities_is_judged_by_its_truth() {
    let loaded = read(&[case("d18/oof.csv")], None, &ReadOptions { wide: true, ..default() });
    assert_eq!(loaded.predictions.names().collect::<Vec<_>>(), ["m1", "m2", "m3", "m4"]);
    assert_eq!(loaded.predictions.outputs().task(), Task::Binary);
    close(&rows(&loaded, "m4")[..1], &[&[0.376, 0.624]]);
    assert_eq!(loaded.style, Style::Positive);
    assert!(loaded.judged.iter().any(|said| said.contains("binary classification")), "{:?}", loaded.judged);
}

#[test]
fn d20_a_wide_file_of_texts_is_votes_and_the_weights_are_read() {
    let loaded = read(&[case("d20/votes.csv")], None, &ReadOptions { wide: true, ..default() });
    assert_eq!(classes(loaded.predictions.outputs()), ["a", "b", "c"]);
    assert_eq!(rows(&loaded, "m5")[0], [0.0, 0.0, 1.0]);
    let weights = read_member_weights(&case("d20/weights.csv")).unwrap();
    assert_eq!(weights[4], ("m5".into(), 2.5));
}

#[test]
fn true_and_false_are_one_class_however_they_are_spelled() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("b.parquet");
    let frame = polars::prelude::df!("id" => ["1", "2"], "label" => [true, false]).unwrap();
    consort_data::files::write_frame(&path, frame).unwrap();
    let labels = [csv("a", "id,label\n1,True\n2,True\n"), Source::stem(&path)];
    let truth = csv("t", "id,y\n1,TRUE\n2,FALSE\n");
    let loaded = read(&labels, Some(&truth), &default());
    assert_eq!(classes(loaded.predictions.outputs()), ["false", "true"]);
    assert_eq!(
        (rows(&loaded, "a"), rows(&loaded, "b")),
        (vec![vec![0.0, 1.0]; 2], vec![vec![0.0, 1.0], vec![1.0, 0.0]])
    );
    let Some(Target::Classes { codes, .. }) = loaded.target else { panic!() };
    assert_eq!(codes, [1, 0]);
    let columns = [csv("a", "id,p_False,p_True\n1,0.25,0.75\n"), csv("b", "id,p_true,p_false\n1,0.5,0.5\n")];
    let loaded = read(&columns, None, &ReadOptions { positive: Some("True".into()), ..default() });
    assert_eq!(classes(loaded.predictions.outputs()), ["false", "true"]);
    assert!(loaded.warnings.is_empty(), "{:?}", loaded.warnings);
    close(&rows(&loaded, "a"), &[&[0.25, 0.75]]);
    // One spelling stays as it is, and declared classes bind.
    let loaded = read(&columns[..1], None, &default());
    assert_eq!(classes(loaded.predictions.outputs()), ["False", "True"]);
    let declared = ReadOptions { classes: Some(vec!["TRUE".into(), "FALSE".into()]), ..default() };
    assert_eq!(rows(&read(&columns, None, &declared), "a"), [[0.75, 0.25]]);
}
