//! What the target is.

use consort_core::{Outputs, Target, Task};
use consort_data::table::{MissingTarget, Roles, Schema, SchemaOptions};

use crate::{csv, infer, numbers, says};

fn with_target(cell: impl Fn(usize) -> String) -> String {
    let mut text = String::from("x,y\n");
    for i in 0..60 {
        text += &format!("{},{}\n", (i * i) % 17, cell(i));
    }
    text
}

fn classes(schema: &Schema) -> Vec<String> {
    match schema.outputs() {
        Outputs::Classes(classes) => classes.names().to_vec(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn texts_booleans_and_few_whole_numbers_are_classes() {
    let classes_of = |cell: &dyn Fn(usize) -> String| classes(&infer(&with_target(cell), "y").unwrap());
    assert_eq!(classes_of(&|i| ["spam", "ham", "01", "naïve"][i % 4].into()), ["01", "ham", "naïve", "spam"]);
    assert_eq!(classes_of(&|i| ["10", "3", "-1"][i % 3].into()), ["-1", "3", "10"]);
    assert_eq!(classes_of(&|i| ["True", "False"][i % 2].into()), ["False", "True"]);
    assert_eq!(classes_of(&|i| ["1.0", "0.0"][i % 2].into()), ["0.0", "1.0"]);
    // Two whole numbers are classes however few the rows.
    assert_eq!(classes(&infer("x,y\n1,5\n2,7\n", "y").unwrap()), ["5", "7"]);
}

#[test]
fn other_numbers_are_numbers_and_it_is_said() {
    for cell in [|i: usize| format!("{}.5", i), |i: usize| i.to_string(), |i: usize| (i % 15).to_string()] {
        let schema = infer(&with_target(cell), "y").unwrap();
        assert_eq!(schema.outputs(), Outputs::target("y"));
        assert!(schema.judged()[0].starts_with("`y`: "), "{:?}", schema.judged());
    }
}

#[test]
fn a_task_overrules_what_would_be_judged() {
    let with = |task| SchemaOptions { task: Some(task), ..SchemaOptions::default() };
    let table = csv(&with_target(|i| (i % 3).to_string()));
    let schema = Schema::infer(&table, &Roles::target("y"), with(Task::Regression)).unwrap();
    assert_eq!(schema.outputs(), Outputs::target("y"));
    let many = csv(&with_target(|i| (i % 15).to_string()));
    let schema = Schema::infer(&many, &Roles::target("y"), with(Task::Multiclass)).unwrap();
    assert_eq!(classes(&schema).len(), 15);
    let error = Schema::infer(&table, &Roles::target("y"), with(Task::Binary)).unwrap_err().to_string();
    assert!(error.contains("3 classes (`0`, `1`, `2`), not two"), "{error}");
    let words = csv(&with_target(|i| ["a", "b"][i % 2].into()));
    let error = Schema::infer(&words, &Roles::target("y"), with(Task::Regression)).unwrap_err().to_string();
    assert!(error.contains("row 1, column `y`: `a` is not a number"), "{error}");
    assert!(Schema::infer(&words, &Roles::target("y"), with(Task::Multilabel)).is_err());
}

#[test]
fn classes_and_the_positive_one_may_be_named() {
    let table = csv(&with_target(|i| ["a", "b"][i % 2].into()));
    let options = SchemaOptions {
        classes: Some(vec!["b".into(), "a".into(), "c".into()]),
        positive: Some("b".into()),
        ..SchemaOptions::default()
    };
    let schema = Schema::infer(&table, &Roles::target("y"), options).unwrap();
    let Outputs::Classes(classes) = schema.outputs() else { panic!() };
    assert_eq!((classes.names(), classes.positive()), (&["b".to_string(), "a".into(), "c".into()][..], 0));
    let options = SchemaOptions { classes: Some(vec!["a".into(), "c".into()]), ..SchemaOptions::default() };
    let error = Schema::infer(&table, &Roles::target("y"), options).unwrap_err().to_string();
    assert!(error.contains("class `b` in row 2 is not one of the classes"), "{error}");
}

#[test]
fn a_missing_target_is_an_error_that_counts_or_a_row_that_is_left_out() {
    let text = "id,x,w,y\na,1,1,no\nb,2,1,\nc,3,1,yes\nd,4,0,\ne,5,1,\n";
    let roles = Roles { weight: Some("w".into()), ..Roles::target("y") };
    let error = Schema::infer(&csv(text), &roles, SchemaOptions::default()).unwrap_err().to_string();
    // A row of weight 0 is absent, and need not have one.
    assert!(error.contains("row 2 and 1 more, column `y`: the target is missing"), "{error}");
    let options = SchemaOptions { missing_target: MissingTarget::Drop, ..SchemaOptions::default() };
    let schema = Schema::infer(&csv(text), &roles, options).unwrap();
    let applied = schema.apply(&csv(text), true).unwrap();
    assert_eq!(applied.kept, Some(vec![0, 2]));
    assert!(says(&applied.warnings, &["3 rows left out", "no target `y`"]));
    assert_eq!(applied.dataset.ids().text(1), "c");
    assert_eq!(numbers(&applied.dataset, "x"), [Some(1.0), Some(3.0)]);
    assert_eq!(schema.dataset(&csv(text), false).unwrap().rows(), 5);
}

#[test]
fn a_target_of_one_value_is_an_error() {
    for cell in ["a", "1", "1.5", "true"] {
        let error = infer(&with_target(|_| cell.into()), "y").unwrap_err().to_string();
        assert!(error.contains(&format!("`y` is `{cell}` in every row")), "{error}");
    }
    let error = infer(&with_target(|_| "NA".into()), "y").unwrap_err().to_string();
    assert!(error.contains("missing in every row"), "{error}");
}

#[test]
fn a_target_that_is_an_id_or_infinite_or_of_dates_is_an_error() {
    let error = infer(&with_target(|i| format!("t{i}")), "y").unwrap_err().to_string();
    assert!(error.contains("60 different values in 60 rows, too many for classes"), "{error}");
    let error =
        infer(&with_target(|i| if i == 9 { "high".into() } else { i.to_string() }), "y").unwrap_err().to_string();
    assert!(error.contains("row 10, column `y`: `high` is not a number"), "{error}");
    let error = infer(&with_target(|i| if i == 9 { "-inf".into() } else { format!("{i}.5") }), "y").unwrap_err();
    assert!(error.to_string().contains("row 10, column `y`: -inf is not a target"), "{error}");
    let error = infer(&with_target(|i| format!("2024-01-{:02}", i % 28 + 1)), "y").unwrap_err().to_string();
    assert!(error.contains("column `y` holds dates, which cannot be a target"), "{error}");
}

#[test]
fn a_class_of_another_spelling_of_one_number_is_found() {
    let schema = infer(&with_target(|i| ["1.0", "0.0"][i % 2].into()), "y").unwrap();
    let dataset = schema.dataset(&csv("x,y\n1,1\n2,0\n"), true).unwrap();
    let Some(Target::Classes { codes, .. }) = dataset.target() else { panic!() };
    assert_eq!(codes, &[1, 0]);
    let error = schema.dataset(&csv("x,y\n1,1\n2,2\n"), true).unwrap_err().to_string();
    assert!(error.contains("t.csv, column `y`: class `2` in row 2 is not one of the classes"), "{error}");
}

#[test]
fn spellings_of_true_and_false_in_one_target_are_two_classes() {
    let schema = infer("x,y\n1,True\n2,true\n3,FALSE\n4,False\n", "y").unwrap();
    let consort_core::Outputs::Classes(classes) = schema.outputs() else { panic!() };
    assert_eq!(classes.names(), ["false", "true"]);
}

#[test]
fn blanks_around_a_label_are_no_part_of_it() {
    let text = with_target(|i| ["yes", "no", "yes ", " no"][i % 4].into());
    let schema = infer(&text, "y").unwrap();
    assert_eq!(classes(&schema), ["no", "yes"]);
    assert!(says(schema.warnings(), &["labels of `y`", "blanks", "such as `no`"]), "{:?}", schema.warnings());
    let dataset = schema.dataset(&csv(&text), true).unwrap();
    let Some(Target::Classes { codes, .. }) = dataset.target() else { panic!() };
    assert_eq!(codes[..4], [1, 0, 1, 0]);
    // A label that is always written so is as good as another.
    let schema = infer(&with_target(|i| ["WD ", "New"][i % 2].into()), "y").unwrap();
    assert_eq!((classes(&schema), schema.warnings().len()), (vec!["New".to_string(), "WD".into()], 0));
}

#[test]
fn classes_that_may_be_missing_or_one_are_said_and_so_is_the_positive_one() {
    let schema = infer(&with_target(|i| ["no", "yes", "YES", "NA"][i % 4].into()), "y").unwrap();
    assert_eq!(classes(&schema), ["NA", "YES", "no", "yes"]);
    assert!(says(schema.warnings(), &["`NA` is a class of `y`", "--missing-values NA"]), "{:?}", schema.warnings());
    assert!(says(schema.warnings(), &["`YES` and `yes` of `y` differ only in case"]), "{:?}", schema.warnings());
    let two = infer(&with_target(|i| ["no", "yes"][i % 2].into()), "y").unwrap();
    assert!(two.warnings().is_empty());
    assert!(two.judged().iter().any(|said| said.contains("the positive class is `yes`")), "{:?}", two.judged());
}

#[test]
fn a_target_of_many_percentages_is_no_class() {
    let error = infer(&with_target(|i| format!("{}.5%", i % 30)), "y").unwrap_err().to_string();
    assert!(error.contains("row 1, column `y`: `0.5%` is not a number: leave out the sign"), "{error}");
    assert_eq!(classes(&infer(&with_target(|i| format!("{}%", i % 3)), "y").unwrap()).len(), 3);
}
