//! Tables as people have them: codes made of figures, marks for what is missing, blanks around labels, ids that come and go.

use crate::program::*;

/// 60 rows whose labels have blanks here and there.
fn table(header: &str, cells: impl Fn(usize) -> String) -> String {
    let label = |i: usize| ["yes", "no", "yes ", "no", "yes"][(i * 3 + i / 4) % 5];
    let rows: String = (0..60).map(|i| format!("r{i},{},{},{}\n", (i * 7) % 13, cells(i), label(i))).collect();
    format!("id,x,{header},y\n{rows}")
}

#[test]
fn a_run_of_labels_with_blanks_reads_its_own_files() {
    let folder = folder();
    let data = write(&folder, "t.csv", &table("z", |i| (i % 4).to_string()));
    let run = path(&folder, "run");
    let ran = consort(&["fit", &data, "--target", "y", "--members", "tree,gnb", "--folds", "3", "-o", &run]);
    assert!(ran.ok, "{}", ran.stderr);
    let said = format!("{}{}", ran.stdout, ran.stderr);
    assert!(said.contains("blanks") && said.contains("the positive class is `yes`"), "{said}");
    let told = consort(&["evaluate", &run, &data, "--json"]);
    assert!(told.ok, "{}", told.stderr);
    let predictions = format!("{run}/predictions/tree.parquet");
    let ran = consort(&["evaluate", &predictions, "--truth", &data]);
    assert!(ran.ok, "{}", ran.stderr);
}

#[test]
fn weights_that_make_few_rows_of_many_are_told() {
    let folder = folder();
    let run = path(&folder, "run");
    let said = |weight: &str| {
        let data = write(&folder, "t.csv", &table("w", |_| weight.into()));
        let args = ["fit", &data, "--target", "y", "--weight", "w", "--members", "tree", "--folds", "3", "-o", &run];
        let ran = consort(&args);
        assert!(ran.ok, "{}", ran.stderr);
        std::fs::remove_dir_all(&run).unwrap();
        ran.stderr
    };
    assert!(said("0.0166667").contains("sum to 1.0000, so 60 rows count as so many"), "{}", said("0.0166667"));
    assert!(!said("0.5").contains("count as so many"));
}

#[test]
fn new_rows_are_read_as_the_run_was_told_to_and_need_no_id_that_was_not_asked_for() {
    let folder = folder();
    let cells = |i: usize| format!("{},0{}", ["-", "1.5", "-9", "2.5"][i % 4], i % 3);
    let data = write(&folder, "t.csv", &table("v,code", cells));
    let run = path(&folder, "run");
    let fit = ["fit", &data, "--target", "y", "--members", "tree", "--folds", "3", "--missing-values=-,-9", "-o", &run];
    let told = consort(&[&fit[..], &["--categorical", "x", "--json"]].concat()).json();
    let used = |name: &str| {
        let columns = told["columns"].as_array().unwrap();
        columns.iter().find(|column| column["column"] == name).unwrap()["used_as"].as_str().unwrap().to_owned()
    };
    assert_eq!([used("v"), used("code"), used("x")], ["number", "category of 3 levels", "category of 13 levels"]);
    let new = write(&folder, "new.csv", "x,v,code\n5,-,01\n6,-9,02\n");
    let out = path(&folder, "pred.csv");
    let ran = consort(&["predict", &run, &new, "-o", &out]);
    assert!(ran.ok, "{}", ran.stderr);
    assert!(ran.stderr.contains("positions"), "{}", ran.stderr);
    assert_eq!(columns(&out)["label"].len(), 2);
    // The recipe says the same.
    let again = path(&folder, "again");
    let ran = consort(&["fit", "--recipe", &format!("{run}/recipe.toml"), "-o", &again]);
    assert!(ran.ok, "{}", ran.stderr);
    assert!(crate::fit::products(run.as_ref()) == crate::fit::products(again.as_ref()));
}
