//! A later table, read by the schema of the training table.

use consort_data::table::{Infinite, Roles, Schema, SchemaOptions};

use crate::{csv, infer, levels, numbers, says};

const TRAIN: &str = "id,n,c,b,d,y\nr1,1,u,true,2024-01-01,no\nr2,2.5,v,false,2024-02-03,yes\nr3,,u,,2024-03-09,no\n";

fn schema() -> Schema {
    infer(TRAIN, "y").unwrap()
}

fn refused(text: &str) -> String {
    schema().dataset(&csv(text), false).unwrap_err().to_string()
}

#[test]
fn other_order_and_more_columns_are_fine() {
    let schema = schema();
    let applied = schema.apply(&csv("new,d,c,id,b,n\n1,2024-02-03,v,r9,false,7\n"), false).unwrap();
    assert_eq!(applied.dataset.ids().text(0), "r9");
    assert_eq!(numbers(&applied.dataset, "n"), [Some(7.0)]);
    assert_eq!(numbers(&applied.dataset, "d.month"), [Some(2.0)]);
    assert_eq!(numbers(&applied.dataset, "d.days"), [Some(33.0)]);
    assert!(says(&applied.warnings, &["column `new` is not read"]));
    // The target may be there and is not looked at.
    let applied = schema.apply(&csv("n,c,b,d,y,id\n7,v,false,2024-02-03,what,r1\n"), false).unwrap();
    assert!(applied.dataset.target().is_none() && applied.warnings.is_empty(), "{:?}", applied.warnings);
}

#[test]
fn a_level_unseen_in_training_is_missing_and_counted() {
    let applied = schema().apply(&csv("id,n,c,b,d\n1,1,w,,\n2,1,u,,\n3,1,w,,\n4,1,,,\n"), false).unwrap();
    assert_eq!(levels(&applied.dataset, "c"), [None, Some("u"), None, None]);
    assert!(says(&applied.warnings, &["column `c`: 2 rows have the level `w`, unseen in training"]));
    assert!(says(&applied.warnings, &["column `b` is missing in every row, unlike in training"]));
}

#[test]
fn levels_that_look_like_something_else_are_read_letter_by_letter() {
    let mut text = String::from("x,zip,y\n");
    for i in 0..40 {
        text += &format!("{},{},{}\n", i % 7, ["007", "7", "true", "A1"][i % 4], ["a", "b"][i / 3 % 2]);
    }
    let schema = infer(&text, "y").unwrap();
    for (rows, expected) in [("007\n1,7\n", [Some("007"), Some("7")]), ("true\n1,true\n", [Some("true"); 2])] {
        let dataset = schema.dataset(&csv(&format!("x,zip\n1,{rows}")), false).unwrap();
        assert_eq!(levels(&dataset, "zip"), expected);
    }
}

#[test]
fn a_missing_column_is_an_error_that_names_it() {
    let error = refused("id,c,d\nr1,u,2024-01-01\n");
    assert!(error.contains("no feature column `n`") && error.contains("1 more that are absent"), "{error}");
    let error = schema().dataset(&csv("id,n,c,b,d\n1,1,u,true,2024-01-01\n"), true).unwrap_err().to_string();
    assert!(error.contains("no target column `y`"), "{error}");
}

#[test]
fn a_column_of_another_kind_is_an_error_that_names_column_row_and_text() {
    let error = refused("id,n,c,b,d\n1,1,u,true,2024-01-01\n2,high,u,true,2024-01-01\n");
    assert!(error.contains("t.csv: row 2, column `n`: `high` is not a number"), "{error}");
    let error = refused("id,n,c,b,d\n1,\"1,5\",u,true,2024-01-01\n");
    assert!(error.contains("decimal comma"), "{error}");
    let error = refused("id,n,c,b,d\n1,1,u,yes,2024-01-01\n");
    assert!(error.contains("row 1, column `b`: `yes` is not true or false"), "{error}");
    let error = refused("id,n,c,b,d\n1,1,u,2,2024-01-01\n");
    assert!(error.contains("row 1, column `b`: 2 is not true or false"), "{error}");
    let error = refused("id,n,c,b,d\n1,1,u,true,01.02.2024\n");
    assert!(error.contains("row 1, column `d`: `01.02.2024` is not a date"), "{error}");
    let error = refused("id,n,c,b,d\n1,2024-01-01,u,true,2024-01-01\n");
    assert!(error.contains("column `n` holds dates"), "{error}");
    // What one program writes as true and false, another writes as 1 and 0.
    let dataset = schema().dataset(&csv("id,n,c,b,d\n1,1,u,1,\n2,1,u,0,\n"), false).unwrap();
    assert_eq!(numbers(&dataset, "b"), [Some(1.0), Some(0.0)]);
}

#[test]
fn infinite_and_huge_numbers_are_named_or_missing() {
    for huge in ["inf", "-Infinity", "1e300"] {
        let text = format!("id,n,c,b,d\n1,1,u,true,2024-01-01\n2,{huge},u,true,2024-01-01\n");
        let error = refused(&text);
        assert!(error.contains("row 2, column `n`") && error.contains("is not a finite number"), "{error}");
        let options = SchemaOptions { infinite: Infinite::Missing, ..SchemaOptions::default() };
        let schema = Schema::infer(&csv(TRAIN), &Roles::target("y"), options).unwrap();
        assert_eq!(numbers(&schema.dataset(&csv(&text), false).unwrap(), "n"), [Some(1.0), None]);
    }
}

#[test]
fn ids_are_texts_and_a_doubled_one_is_named() {
    let dataset = schema().dataset(&csv("id,n,c,b,d\n007,1,,,\n9007199254740993,,,,\n"), false).unwrap();
    assert_eq!((dataset.ids().text(0), dataset.ids().text(1)), ("007".into(), "9007199254740993".into()));
    let error = refused("id,n,c,b,d\nr1,1,,,\nr2,1,,,\nr1,1,,,\n");
    assert!(error.contains("t.csv: duplicate id `r1` (rows 1 and 3"), "{error}");
    assert!(refused("id,n,c,b,d\nr1,1,,,\n,1,,,\n").contains("row 2, column `id`: the id is missing"));
}

#[test]
fn weights_groups_times_and_folds_come_along() {
    let text = "x,w,g,t,f,y\n1,2,b,2024-01-02,z,no\n2,0.5,a,2024-01-01,,yes\n3,1,b,2024-01-03,a,no\n";
    let some = |name: &str| Some(name.to_string());
    let roles = Roles { weight: some("w"), group: some("g"), time: some("t"), fold: some("f"), ..Roles::target("y") };
    let schema = Schema::infer(&csv(text), &roles, SchemaOptions::default()).unwrap();
    assert_eq!(schema.features(), ["x"]);
    let applied = schema.apply(&csv(text), true).unwrap();
    let dataset = &applied.dataset;
    assert_eq!((dataset.weights(), dataset.groups()), (Some(&[2.0, 0.5, 1.0][..]), Some(&[1, 0, 1][..])));
    assert_eq!(dataset.time().unwrap()[1], 19_723.0);
    assert_eq!(applied.folds.unwrap(), ["z", "", "a"]);
    // To be evaluated, a table needs the target and the weights, no more; to be predicted, neither.
    assert!(schema.dataset(&csv("x,w,y\n1,2,no\n"), true).unwrap().groups().is_none());
    assert!(schema.dataset(&csv("x,y\n1,no\n"), true).is_err());
    assert!(schema.dataset(&csv("x\n1\n"), false).is_ok());
    let bad = text.replace("0.5", "-1");
    let error = Schema::infer(&csv(&bad), &roles, SchemaOptions::default()).unwrap_err().to_string();
    assert!(error.contains("row 2, column `w`: -1 is not a weight"), "{error}");
    let bad = text.replace("2024-01-03", "tomorrow");
    let error = Schema::infer(&csv(&bad), &roles, SchemaOptions::default()).unwrap_err().to_string();
    assert!(error.contains("column `t`, row 3: `tomorrow` is not a date"), "{error}");
}

#[test]
fn new_rows_need_an_id_only_if_it_was_asked_for() {
    let train = csv("id,x,y\na,1,no\nb,2,yes\nc,3,no\n");
    let judged = Schema::infer(&train, &Roles::target("y"), SchemaOptions::default()).unwrap();
    assert!(judged.id_is_judged());
    let judged: Schema = serde_json::from_str(&serde_json::to_string(&judged).unwrap()).unwrap();
    let applied = judged.apply(&csv("x\n5\n6\n"), false).unwrap();
    assert!(applied.dataset.ids().are_positions());
    assert!(says(&applied.warnings, &["positions", "no id column `id`"]), "{:?}", applied.warnings);
    assert_eq!(judged.apply(&csv("id,x\nq,5\n"), false).unwrap().dataset.ids().text(0), "q");
    let roles = Roles { id: Some("id".into()), ..Roles::target("y") };
    let asked = Schema::infer(&train, &roles, SchemaOptions::default()).unwrap();
    let error = asked.apply(&csv("x\n5\n6\n"), false).unwrap_err().to_string();
    assert!(error.contains("no id column `id`"), "{error}");
}
