//! Folds that nobody asked for: as many as a small table allows.

use std::fmt::Write;

use crate::program::*;

/// Twelve rows of two classes, in three groups and three years.
fn few(folder: &tempfile::TempDir) -> String {
    let mut text = "x,z,patient,year,y\n".to_owned();
    for i in 0..12 {
        let y = if (i / 2 + i) % 2 == 0 { "no" } else { "yes" };
        writeln!(text, "{},{},p{},{},{y}", i * 7 % 12, i * 5 % 11, i / 4, 2020 + i % 3).unwrap();
    }
    write(folder, "few.csv", &text)
}

#[test]
fn a_fit_of_few_groups_times_or_rows_draws_fewer_folds_and_says_so() {
    let folder = folder();
    let data = few(&folder);
    let half = "x,y\n1,no\n2,no\n3,no\n4,yes\n5,yes\n6,yes\n";
    let half = write(&folder, "half.csv", half);
    for (name, table, more, folds, limit) in [
        ("groups", &data, &["--group", "patient"][..], 3, "groups"),
        ("times", &data, &["--time", "year"], 2, "times"),
        ("classes", &half, &[], 3, "rows of the largest class"),
    ] {
        let run = path(&folder, name);
        let asked = ["fit", table, "--target", "y", "-o", &run, "--members", "tree", "--method", "average"];
        let ran = consort(&[&asked[..], more].concat());
        assert!(ran.ok, "{name}: {}", ran.stderr);
        let said = format!("{folds} folds are drawn, not the usual 5: there are too few {limit} for more");
        assert!(ran.stderr.contains(&said), "{name}: {}", ran.stderr);
        let recipe = std::fs::read_to_string(folder.path().join(name).join("recipe.toml")).unwrap();
        assert!(recipe.contains(&format!("folds = {folds}\n")), "{recipe}");
    }
    let run = path(&folder, "asked");
    let asked = ["fit", &data, "--target", "y", "-o", &run, "--folds", "5"];
    let error = consort(&[&asked[..], &["--group", "patient"]].concat());
    assert!(error.error().contains("--folds is 5, but must be at most 3, the number of groups"), "{}", error.stderr);
    let error = consort(&[&asked[..], &["--time", "year"]].concat());
    assert!(error.error().contains("--folds is 5, but must be at most 2"), "{}", error.stderr);
}

#[test]
fn a_split_of_few_groups_makes_fewer_folds_and_says_so() {
    let folder = folder();
    let data = few(&folder);
    let told = consort(&["split", &data, "--group", "patient", "--json"]).json();
    assert_eq!(told["folds"].as_array().unwrap().len(), 3);
    assert!(told["judged"].to_string().contains("3 folds are made, not the usual 5"), "{told}");
    let told = consort(&["split", &data, "--json"]).json();
    assert_eq!(told["folds"].as_array().unwrap().len(), 5);
    assert!(!told["judged"].to_string().contains("usual"), "{told}");
}
