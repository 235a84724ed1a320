//! What columns mean: declared, or judged and said aloud.

use consort_core::{Gives, Outputs, Target, Task};
use consort_data::files::{Format, ReadOptions, Source, Style};
use half::f16;

use crate::{csv, ids, read, refused, rows};

fn default() -> ReadOptions {
    ReadOptions::default()
}

fn npy(name: &str, descr: &str, fortran: bool, shape: &str, data: Vec<u8>) -> Source {
    let order = if fortran { "True" } else { "False" };
    let mut text = format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}");
    while (text.len() + 11) % 64 != 0 {
        text.push(' ');
    }
    text.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((text.len() as u16).to_le_bytes());
    bytes.extend(text.as_bytes());
    bytes.extend(data);
    Source::bytes(name, Format::Npy, bytes)
}

fn f32s(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|x| x.to_le_bytes()).collect()
}

#[test]
fn a_regression_is_judged_from_pred_and_the_truth_stays_in_64_bits() {
    let truth = csv("t", "id,y,fold\nb,0.1,1\na,16777217,0\n");
    let loaded = read(&[csv("m", "id,pred\na,1.5\nb,2.5\n")], Some(&truth), &default());
    assert_eq!(loaded.predictions.outputs(), &Outputs::target("y"));
    assert_eq!(loaded.target, Some(Target::Values { values: vec![16777217.0, 0.1], names: vec!["y".into()] }));
    let folds = loaded.folds.unwrap();
    assert_eq!((folds.codes, folds.names), (vec![0, 1], vec!["0".to_string(), "1".to_string()]));
    assert_eq!(loaded.style, Style::Values);
    assert!(loaded.judged.iter().any(|said| said.contains("regression")), "{:?}", loaded.judged);
}

#[test]
fn pred_is_a_label_where_the_task_or_the_truth_says_so() {
    let numbers = csv("m", "y,pred,weight\n1,1,3000000000\n0,0,2500000000\n1,0,400000000\n");
    let binary = ReadOptions { task: Some(Task::Binary), weight: Some("weight".into()), ..default() };
    let loaded = read(&[numbers], None, &binary);
    assert_eq!(loaded.predictions.members()[0].gives, Gives::Labels);
    assert_eq!(loaded.predictions.member(0), [0.0, 1.0, 1.0, 0.0, 1.0, 0.0]);
    assert_eq!(loaded.weights.unwrap(), [3e9, 2.5e9, 4e8]);
    assert!(loaded.predictions.ids().are_positions());
    let text = read(&[csv("m", "id,y,pred\n1,a,b\n2,b,a\n")], None, &default());
    assert_eq!(text.predictions.members()[0].gives, Gives::Labels);
}

#[test]
fn the_positive_class_is_the_last_unless_named() {
    let member = csv("m", "id,y,p\n1,good,0.75\n2,bad,0.5\n");
    let last = read(std::slice::from_ref(&member), None, &default());
    assert_eq!(rows(&last, "m")[0], [0.25, 0.75]);
    let first = read(&[member], None, &ReadOptions { positive: Some("bad".into()), ..default() });
    assert_eq!(rows(&first, "m")[0], [0.75, 0.25]);
}

#[test]
fn one_logit_or_score_becomes_two_columns() {
    let member = csv("m", "id,y,p\n1,1,3\n2,0,-2\n");
    let logits = read(std::slice::from_ref(&member), None, &ReadOptions { inputs: Some(Gives::Logits), ..default() });
    assert_eq!(rows(&logits, "m"), [[0.0, 3.0], [0.0, -2.0]]);
    let scores = read(&[member], None, &ReadOptions { inputs: Some(Gives::Scores), ..default() });
    assert_eq!(rows(&scores, "m"), [[-3.0, 3.0], [2.0, -2.0]]);
    assert_eq!(scores.predictions.members()[0].gives, Gives::Scores);
}

#[test]
fn declared_classes_bind_and_one_that_nobody_predicts_is_legal() {
    let options = ReadOptions { classes: Some(vec!["c".into(), "b".into(), "a".into()]), ..default() };
    let loaded = read(&[csv("m", "id,y,p_a,p_b\n1,c,0.25,0.75\n")], None, &options);
    assert_eq!(rows(&loaded, "m")[0], [0.0, 0.75, 0.25]);
    assert_eq!(loaded.warnings.len(), 1);
}

#[test]
fn a_wide_file_is_judged_by_what_it_holds() {
    let wide = ReadOptions { wide: true, ..default() };
    let numbers = read(&[csv("w", "id,y,b,a\n1,2.5,2,3\n2,1.5,1,2\n")], None, &wide);
    assert_eq!(numbers.predictions.names().collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(
        (numbers.predictions.member(0), numbers.given.as_slice()),
        (&[3.0, 2.0][..], &["b".to_string(), "a".into()][..])
    );
    let few = read(&[csv("w", "id,y,a\n1,0.3,0.2\n2,0.7,0.6\n")], None, &wide);
    assert_eq!(few.predictions.outputs().task(), Task::Regression);
    let digits = read(
        &[csv("w", "id,y,a,b\n1,7,7,1\n2,3,3,3\n3,1,1,1\n")],
        None,
        &ReadOptions { task: Some(Task::Multiclass), ..wide.clone() },
    );
    assert_eq!(digits.predictions.outputs().classes("").unwrap().names(), ["1", "3", "7"]);
    let truth = csv("t", "id,y\n2,x\n1,y\n");
    let apart = read(&[csv("w", "id,m1,fold\n1,0.25,0\n2,0.5,1\n")], Some(&truth), &wide);
    assert_eq!(rows(&apart, "m1"), [[0.75, 0.25], [0.5, 0.5]]);
    assert_eq!(apart.folds.unwrap().codes, [0, 1]);
}

#[test]
fn an_array_has_the_rows_of_the_truth() {
    let truth = csv("t", "id,y\nb,yes\na,no\n");
    let one = read(&[npy("m", "<f4", false, "(2,)", f32s(&[0.75, 0.25]))], Some(&truth), &default());
    assert_eq!(
        (ids(&one), rows(&one, "m")),
        (vec!["b".to_string(), "a".into()], vec![vec![0.25, 0.75], vec![0.75, 0.25]])
    );
    let options = ReadOptions { classes: Some(vec!["yes".into(), "no".into()]), ..default() };
    let two = npy("m", "<f4", true, "(2, 2)", f32s(&[0.75, 0.25, 0.25, 0.75]));
    let two = read(&[two, csv("c", "id,p_no,p_yes\na,1,0\nb,0,1\n")], Some(&truth), &options);
    assert_eq!(rows(&two, "m"), [[0.75, 0.25], [0.25, 0.75]]);
    assert_eq!(rows(&two, "c"), [[1.0, 0.0], [0.0, 1.0]]);
    let values =
        read(&[npy("m", "<f4", false, "(2,)", f32s(&[7.0, 8.0]))], Some(&csv("t", "id,y\nb,1.5\na,2\n")), &default());
    assert_eq!(rows(&values, "m"), [[7.0], [8.0]]);
    let short = npy("m", "<f4", false, "(3,)", f32s(&[0.5; 3]));
    assert!(refused(&[short], Some(&truth), &default()).contains("3 rows"));
    let lost = [npy("m", "<f4", false, "(2,)", f32s(&[0.5; 2])), csv("c", "id,p\na,1\nb,0\n")];
    assert!(refused(&lost, None, &default()).contains("--truth"));
}

#[test]
fn halves_that_sum_to_1_within_their_rounding_are_renormalised() {
    let halves = |values: &[f32]| values.iter().flat_map(|x| f16::from_f32(*x).to_le_bytes()).collect::<Vec<u8>>();
    let options = ReadOptions { classes: Some(["a", "b", "c"].map(String::from).to_vec()), ..default() };
    let third = [0.334, 0.333, 0.333];
    let loaded = read(&[npy("m", "<f2", false, "(1, 3)", halves(&third))], None, &options);
    assert!((loaded.predictions.member(0).iter().sum::<f32>() - 1.0).abs() < 1e-6);
    let off = npy("m", "<f2", false, "(1, 3)", halves(&[0.5, 0.3, 0.1]));
    assert!(refused(&[off], None, &options).contains("not to 1"));
    let undeclared = npy("m", "<f2", false, "(1, 3)", halves(&third));
    assert!(refused(&[undeclared], None, &default()).contains("--classes"));
}

#[test]
fn blanks_around_a_label_are_no_part_of_it() {
    let truth = csv("t.csv", "id,y\na,yes \nb,no\nc,yes\n");
    let columns = csv("m", "id,p_no,p_yes\na,0.25,0.75\nb,0.5,0.5\nc,0.5,0.5\n");
    let labels = csv("l", "id,label\na, yes\nb,no \nc,no\n");
    let loaded = read(&[columns, labels], Some(&truth), &default());
    let Some(Target::Classes { codes, classes }) = &loaded.target else { panic!() };
    assert_eq!((classes.names(), &codes[..]), (&["no".to_string(), "yes".into()][..], &[1, 0, 1][..]));
    assert_eq!(rows(&loaded, "l"), [[0.0, 1.0], [1.0, 0.0], [1.0, 0.0]]);
    let warning = loaded.warnings[0].to_string();
    assert!(warning.contains("blanks") && warning.contains("`yes`"), "{warning}");
}

#[test]
fn fields_of_tsv_are_separated_by_tabs() {
    let tsv = |text: &str| Source::bytes("m.tsv", Format::Tsv, text.as_bytes());
    let loaded = read(&[tsv("id\ty\tp\na,\t\"no\"\t0.25\nb\tyes\t0.5\n")], None, &default());
    assert_eq!(
        (ids(&loaded), rows(&loaded, "m.tsv")[0].clone()),
        (vec!["a,".to_string(), "b".into()], vec![0.75, 0.25])
    );
    let error = refused(&[tsv("id,p\na,0.5\n")], None, &default());
    assert!(error.contains("`id,p`") && error.contains("tabs") && error.contains(".csv"), "{error}");
    assert_eq!((Format::of("a.TSV".as_ref()).unwrap(), Source::stem("a.tsv.gz").name), (Format::Tsv, "a".into()));
}

#[test]
fn a_column_of_texts_in_a_wide_file_of_numbers_is_named() {
    let wide = ReadOptions { wide: true, ..default() };
    for y in ["good", "1"] {
        let text = format!("id,y,a,note,b\n1,{y},0.25,fine,0.5\n2,0,0.5,odd,0.75\n");
        let error = refused(&[csv("w.csv", &text)], None, &wide);
        assert!(error.contains("w.csv: column `note` holds texts (`fine`)"), "{error}");
    }
    // Members may well predict labels of which one has figures only.
    let labels = read(&[csv("w", "id,y,a,b\n1,x,x,1\n2,1,1,1\n")], None, &wide);
    assert_eq!(rows(&labels, "b"), [[1.0, 0.0], [1.0, 0.0]]);
}

#[test]
fn one_column_of_two_classes_says_both() {
    let truth = csv("t.csv", "id,y\na,good\nb,bad\n");
    let good = csv("g", "id,p_good\na,0.75\nb,0.5\n");
    let bad = csv("b", "id,p_bad\na,0.25\nb,0.5\n");
    for sources in [vec![good.clone()], vec![bad.clone()], vec![good.clone(), bad]] {
        let loaded = read(&sources, Some(&truth), &default());
        assert_eq!(loaded.predictions.member(0), [0.25, 0.75, 0.5, 0.5]);
        assert!(loaded.warnings.is_empty() && loaded.known[0] == [true, true], "{:?}", loaded.warnings);
        assert!(loaded.judged.iter().any(|said| said.contains("stands alone")), "{:?}", loaded.judged);
    }
    let error = refused(&[csv("m", "id,p_good\na,1.25\nb,0.5\n")], Some(&truth), &default());
    assert!(error.contains("row 1, column `p_good`: 1.25 is not a probability"), "{error}");
    assert!(refused(&[good], None, &default()).contains("only `good` occurs"));
}
