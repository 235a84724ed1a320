//! Every mistake a person can make has a message that says what, where, and what to do.

use consort_core::{Gives, Missing, Task};
use consort_data::files::{Format, ReadOptions, Source};

use crate::{csv, read, refused};

fn default() -> ReadOptions {
    ReadOptions::default()
}

/// The message for one member file with the default options holds all these words.
fn says(text: &str, words: &[&str]) {
    says_with(text, &default(), words);
}

fn says_with(text: &str, options: &ReadOptions, words: &[&str]) {
    let error = refused(&[csv("m.csv", text)], None, options);
    for word in words.iter().chain(&["m.csv"]) {
        assert!(error.contains(word), "{error:?} does not say {word:?}");
    }
}

#[test]
fn a_file_that_is_not_there_or_is_no_file() {
    let dir = tempfile::tempdir().unwrap();
    let error = refused(&[Source::stem(dir.path().join("none.csv"))], None, &default());
    assert!(error.contains("none.csv") && error.contains("No such file"), "{error}");
    let folder = dir.path().join("runs.csv");
    std::fs::create_dir(&folder).unwrap();
    let error = refused(&[Source::stem(folder)], None, &default());
    assert!(error.contains("runs.csv") && error.contains("folder"), "{error}");
    let error = refused(&[Source::stem("model.pkl")], None, &default());
    assert!(error.contains("`.pkl`") && error.contains(".parquet"), "{error}");
    assert!(refused(&[], None, &default()).contains("at least one file"));
}

#[test]
fn a_file_without_header_or_rows() {
    says("", &["empty"]);
    says("id,p\n", &["no row below the header"]);
}

#[test]
fn columns_that_lack_or_come_twice() {
    says("id,x\na,1\n", &["`id`, `x`", "p_CLASS", "--wide"]);
    says("id;p\na;1\n", &["`id;p`", "commas"]);
    // The number has a comma, which is no reason to speak of quotes.
    says("id;p\na;0,5\n", &["`id;p`", "commas", "decimal points"]);
    says("id\tp\na\t0.5\n", &["one field", "tabs", ".tsv"]);
    says("id,p,p\na,1,1\n", &["duplicate column `p`", "2 and 3"]);
    says("id,p,p_a\na,1,1\n", &["both `p` and `p_CLASS`"]);
    says("id,p_,p_a\na,1,0\n", &["names no class"]);
    says_with("id,p\na,1\n", &ReadOptions { target: Some("out".into()), ..default() }, &["`out`", "--target"]);
    says_with("id,p\na,1\n", &ReadOptions { weight: Some("w".into()), ..default() }, &["`w`", "--weight"]);
    let error = refused(&[csv("a.csv", "id,p\na,1\n"), csv("b.csv", "row,p\na,1\n")], None, &default());
    assert!(error.contains("b.csv") && error.contains("no id column `id`") && error.contains("--id"), "{error}");
    let error = refused(&[csv("a.csv", "id,p\na,1\n")], Some(&csv("t.csv", "id,truth\na,1\n")), &default());
    assert!(error.contains("t.csv") && error.contains("`truth`") && error.contains("--target"), "{error}");
}

#[test]
fn lines_that_are_cut_or_not_utf_8() {
    says("id,p\na,0.5\nb\n", &["line 3", "1 fields", "has 2"]);
    let bytes = Source::bytes("m.csv", Format::Csv, &b"id,p\na,0.5\nb\xff,0.5\n"[..]);
    let error = refused(&[bytes], None, &default());
    assert!(error.contains("line 3, byte 2") && error.contains("UTF-8"), "{error}");
}

#[test]
fn quotes_that_are_not_closed_where_they_must_be() {
    says("id,label\nr1,x\nr2,\"y\nr3,z\nr4,\"w\"\n", &["line 3 opens", "line 5", "text after it"]);
    says("id,label\nr1,x\nr2,\"y\" z\nr3,z\n", &["line 3 has text after a closing quote"]);
    says("id,label\nr1,x\nr2,\"y\nr3,z\n", &["line 3 opens a quote that is never closed"]);
    says("id,label\nr1,x\nr2,\"y", &["line 3 opens a quote that is never closed"]);
    // Here the record that takes the rest of the file has too few fields, too.
    says("id,label\nr1,x\n\"r2,y\nr3,z\n", &["line 3 opens a quote that is never closed"]);
    // In the second part that is read, and beside quotes that are sound.
    let mut long = String::from("id,label\n");
    (0..40_000).for_each(|i| long += &format!("\"r{i}\",\"a \"\"b\"\"\nc\"\n"));
    says(&format!("{long}x,\"y\nz,\"w\"\n"), &["line 80002 opens", "line 80003"]);
    assert_eq!(read(&[csv("m.csv", &long)], None, &default()).order.len(), 40_000);
}

#[test]
fn numbers_that_are_none() {
    says("id,p\na,0.5\nb,high\n", &["line 3 (row 2)", "column `p`", "`high`"]);
    says("id,p\na,\n", &["row 1", "column `p` is NaN"]);
    says("id,p,y\na,NA,no\nb,0.5,yes\n", &["row 1", "column `p` is NaN"]);
    says("id,label\na,x\nb,\nc,y\n", &["row 2", "column `label` is NaN"]);
    says("id,p_a,p_b\na,1,inf\n", &["row 1", "`b` is inf"]);
    says("id,pred\na,1e300\n", &["row 1", "not a finite number"]);
}

#[test]
fn ids_that_are_missing_doubled_or_floats() {
    says("id,p\na,0.5\na,0.5\n", &["duplicate id `a`", "rows 1 and 2"]);
    says("id,p\na,0.5\n,0.5\n", &["row 2", "id is missing"]);
}

#[test]
fn rows_that_are_no_probabilities_are_told_by_the_row_of_their_file() {
    says("id,p\nb,0.5\na,1.25\n", &["row 2", "`p`", "1.25", "logits or scores"]);
    says("id,p_x,p_y\nb,0.5,0.5\na,0.5,0.4\n", &["row 2 (id `a`)", "sum to 0.9"]);
    says("id,p_x,p_y\nb,-0.5,1.5\n", &["row 1 (id `b`)", "below 0"]);
}

#[test]
fn truth_weights_and_folds_that_do_not_fit() {
    says("id,p,y\na,0.5,1\nb,0.5,\n", &["row 2", "`y`", "truth is missing"]);
    says("id,pred,y\na,0.5,1\nb,0.5,NA\n", &["row 2", "`y`", "truth is missing"]);
    let weight = ReadOptions { weight: Some("w".into()), ..default() };
    says_with("id,p,w\na,0.5,1\nb,0.5,-1\n", &weight, &["row 2", "`w`", "-1", "at least 0"]);
    says_with("id,p,w\na,0.5,x\n", &weight, &["row 1", "`w`", "`x` is not a number"]);
    let fold = ReadOptions { fold: Some("k".into()), ..default() };
    says_with("id,p,k\na,0.5,1\nb,0.5,\n", &fold, &["row 2", "`k`", "fold is missing"]);
    says_with("id,pred,y\na,1,x\n", &ReadOptions { task: Some(Task::Regression), ..default() }, &["row 1", "`x`"]);
}

#[test]
fn classes_that_do_not_fit() {
    says("id,y,p_a,p_b\n1,c,0.5,0.5\n", &["class `c` in row 1", "`a`, `b`"]);
    says("id,y,p\n1,a,0.5\n2,b,0.5\n3,c,0.5\n", &["`a`, `b`, `c`", "two classes"]);
    says("id,y,p\n1,good,0.5\n", &["only `good` occurs", "--classes"]);
    let declared = ReadOptions { classes: Some(vec!["b".into(), "a".into()]), ..default() };
    says_with("id,p_a,p_z\n1,0.5,0.5\n", &declared, &["`p_z`", "`b`, `a`"]);
    says_with("id,label\n1,z\n", &declared, &["class `z` in row 1", "column `label`"]);
    let positive = ReadOptions { positive: Some("z".into()), ..default() };
    let error = refused(&[csv("m.csv", "id,p_a,p_b\n1,0.5,0.5\n")], None, &positive);
    assert!(error.contains("positive class `z`") && error.contains("`a`, `b`"), "{error}");
    let scores = ReadOptions { inputs: Some(Gives::Scores), ..default() };
    let error = refused(&[csv("a.csv", "id,p_a,p_b\n1,3,5\n"), csv("b.csv", "id,p_a\n1,4\n")], None, &scores);
    assert!(error.contains("no score for class `b`"), "{error}");
}

#[test]
fn files_of_different_kinds() {
    let error = refused(
        &[csv("a.csv", "id,p_a,p_b\n1,0.5,0.5\n"), csv("b.csv", "id,pred\n1,4\n")],
        None,
        &ReadOptions { task: Some(Task::Regression), ..default() },
    );
    assert!(error.contains("a.csv") && error.contains("regression"), "{error}");
    let labels = ReadOptions { inputs: Some(Gives::Labels), ..default() };
    says_with("id,p\n1,0.5\n", &labels, &["labels"]);
    let values = ReadOptions { inputs: Some(Gives::Values), ..default() };
    says_with("id,p\n1,0.5\n", &values, &["`pred`"]);
    let multilabel = ReadOptions { task: Some(Task::Multilabel), ..default() };
    assert!(refused(&[csv("m", "id,p\n1,0.5\n")], None, &multilabel).contains("multilabel"));
    let error = refused(&[csv("a", "id,p\n1,0.5\n"), csv("a", "id,p\n1,0.5\n")], None, &default());
    assert!(error.contains("duplicate member `a`"), "{error}");
    let error = refused(&[csv("a.csv", "p\n0.5\n0.5\n"), csv("b.csv", "p\n0.5\n")], None, &default());
    assert!(error.contains("b.csv has 1 rows") && error.contains("a.csv"), "{error}");
}

#[test]
fn packed_and_binary_files_that_are_damaged() {
    let gz = Source::bytes("m.csv.gz", Format::CsvGz, &b"id,p\na,0.5\n"[..]);
    let error = refused(&[gz], None, &default());
    assert!(error.contains("m.csv.gz") && error.contains("gzip"), "{error}");
    let parquet = Source::bytes("m.parquet", Format::Parquet, &b"PAR1 and then nothing of the kind PAR1"[..]);
    let error = refused(&[parquet], None, &default());
    assert!(error.contains("m.parquet") && error.contains("not Parquet"), "{error}");
    let npy = Source::bytes("m.npy", Format::Npy, &b"id,p\na,0.5\n"[..]);
    let error = refused(&[npy], None, &default());
    assert!(error.contains("m.npy") && error.contains("NumPy"), "{error}");
}

#[test]
fn a_blank_line_in_a_file_of_one_column_is_a_missing_cell() {
    says("p\n0.1\n\n0.3\n0.4\n", &["row 2", "NaN"]);
    says("label\r\na\r\n\r\nb\r\n", &["row 2", "NaN"]);
    let options = ReadOptions { missing: Missing::Available, ..default() };
    let pair = [csv("a", "p\n0.1\n\n0.3\n0.4\n\n\n"), csv("b", "p\n0.5\n0.5\n0.5\n0.5\n")];
    let loaded = read(&pair, None, &options);
    assert_eq!(loaded.order.len(), 4);
    assert!(loaded.predictions.is_missing(0, 1) && !loaded.predictions.is_missing(0, 2));
    // The line of what comes after it is told right.
    says("p\n0.1\n\n\nhigh\n", &["line 5 (row 4)"]);
}

#[test]
fn two_columns_of_one_truth_value_in_one_file() {
    says("id,p_false,p_true,p_True\n1,0.5,0.25,0.25\n", &["`p_true` and `p_True`", "one class"]);
}

#[test]
fn a_policy_for_missing_predictions_lets_them_through() {
    let options = ReadOptions { missing: Missing::Available, ..default() };
    let loaded = read(&[csv("m", "id,p_a,p_b\n1,0.5,0.5\n2,NA,0.5\n")], None, &options);
    assert!(loaded.predictions.is_missing(0, 1) && !loaded.predictions.is_missing(0, 0));
    let loaded = read(&[csv("m", "id,label\n1,a\n2,\n")], None, &options);
    assert!(loaded.predictions.is_missing(0, 1));
}
