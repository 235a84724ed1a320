//! What makes an estimate too good is found and said by `consort fit`.

use std::{fs, path::Path};

use serde_json::Value;

use crate::program::*;

fn fit(data: &str, run: &str, more: &[&str]) -> Value {
    let members: &[&str] = if more.contains(&"--members") { &[] } else { &["--members", "tree"] };
    consort(&[&["fit", data, "--target", "y", "-o", run, "--json"], members, more].concat()).json()
}

fn checks(told: &Value) -> Vec<&str> {
    told["findings"].as_array().unwrap().iter().map(|finding| finding["check"].as_str().unwrap()).collect()
}

/// Two numbers, five rows a site, one a day, folds that tear sites, and a target that the numbers tell in part.
fn rows(count: usize) -> String {
    let row = |i: usize| {
        let (x, z) = (i * 7919 % 1009, i * 104_729 % 997);
        format!("{x},{z},s{},{i},{},{}\n", i / 5, i % 5, x + i * 31 % 401)
    };
    (0..count).map(row).collect()
}

const HEADER: &str = "x,z,site,day,part,y\n";
const ROLES: [&str; 2] = ["--ignore", "site,day,part"];

#[test]
fn sound_rows_and_folds_are_not_called_leaks() {
    let folder = folder();
    let data = write(&folder, "t.csv", &format!("{HEADER}{}", rows(200)));
    for (name, more) in [
        ("plain", &ROLES[..]),
        ("group", &["--group", "site", "--ignore", "day,part"]),
        ("time", &["--time", "day", "--ignore", "site,part"]),
        ("given", &["--fold", "part", "--ignore", "site,day"]),
        ("bag", &["--method", "bag", "--repeats", "5", "--ignore", "site,day,part"]),
    ] {
        let told = fit(&data, &path(&folder, name), more);
        assert!(checks(&told).is_empty(), "{name}: {}", told["findings"]);
    }
}

#[test]
fn copies_of_rows_in_other_folds_are_found_and_said_wherever_scores_are() {
    let folder = folder();
    let run = path(&folder, "run");
    let data = write(&folder, "t.csv", &format!("{HEADER}{0}{0}", rows(100)));
    let ran = consort(&["fit", &data, "--target", "y", "-o", &run, "--members", "tree", ROLES[0], ROLES[1]]);
    assert!(ran.ok && ran.stderr.contains("Copies of rows are on both sides of a fold"), "{}", ran.stderr);
    let report = |path: &Path| fs::read_to_string(path).unwrap().contains("Copies of rows are on both sides of a fold");
    assert!(report(&Path::new(&run).join("report.html")));
    // A report that is made anew says it too.
    let again = path(&folder, "again.html");
    let told = consort(&["report", &run, "-o", &again, "--json"]).json();
    assert_eq!(checks(&told), ["copies-apart"]);
    assert!(report(Path::new(&again)));
}

#[test]
fn a_group_that_straddles_given_folds_is_found_and_scores_are_judged_by_groups() {
    let folder = folder();
    let data = write(&folder, "t.csv", &format!("{HEADER}{}", rows(200)));
    let told = fit(&data, &path(&folder, "torn"), &["--fold", "part", "--group", "site", "--ignore", "day"]);
    assert_eq!(checks(&told), ["groups-apart"]);
    assert!(told["warnings"].to_string().contains("Groups are on both sides of a fold"), "{told}");
    let told =
        fit(&data, &path(&folder, "whole"), &["--group", "site", "--ignore", "day,part", "--members", "tree,knn"]);
    assert!(checks(&told).is_empty());
    assert_eq!(told["verdict"]["gains"][0]["drawn"], serde_json::json!({"groups": 40}), "{told}");
    // So is what is judged later.
    let told = consort(&["members", &path(&folder, "whole"), "--json"]).json();
    assert_eq!(told["verdict"]["gains"][0]["drawn"], serde_json::json!({"groups": 40}), "{told}");
}

#[test]
fn an_order_of_time_that_given_folds_ignore_is_found() {
    let folder = folder();
    let data = write(&folder, "t.csv", &format!("{HEADER}{}", rows(200)));
    let told = fit(&data, &path(&folder, "run"), &["--fold", "part", "--time", "day", "--ignore", "site"]);
    assert_eq!(checks(&told), ["future-known"]);
}

#[test]
fn a_column_that_tells_the_target_is_said_once() {
    let folder = folder();
    let rows: String =
        (0..200).map(|i| format!("{},{},{}\n", i * 7919 % 1009, i * 31 % 401 * 2 + 1, i * 31 % 401)).collect();
    let data = write(&folder, "t.csv", &format!("x,copy,y\n{rows}"));
    let told = fit(&data, &path(&folder, "run"), &[]);
    assert_eq!(checks(&told), ["telling-feature"]);
    let warnings = told["warnings"].as_array().unwrap();
    let about = |warning: &&Value| warning["text"].as_str().unwrap().contains("`copy`");
    assert_eq!(warnings.iter().filter(about).count(), 1, "{told}");
}

#[test]
fn the_probe_says_that_nothing_leaks_and_changes_nothing() {
    let folder = folder();
    let data = write(&folder, "t.csv", &format!("{HEADER}{}", rows(120)));
    let [plain, probed] = ["plain", "probed"].map(|name| path(&folder, name));
    fit(&data, &plain, &ROLES);
    for more in [&ROLES[..], &["--method", "bag", "--repeats", "5", ROLES[0], ROLES[1]]] {
        fs::remove_dir_all(&probed).ok();
        let told = fit(&data, &probed, &[more, &["--probe"]].concat());
        let probe = &told["probe"];
        assert!(probe["p_value"].as_f64().unwrap() > 0.01 && probe["scores"].as_array().unwrap().len() == 3, "{probe}");
        let chance = probe["chance"].as_f64().unwrap();
        assert!(told["ensemble"]["nested"]["rmse"].as_f64().unwrap() < 0.8 * chance, "the true target is told: {told}");
    }
    // A run that is done can still be probed.
    let before = crate::fit::products(Path::new(&plain));
    let told = consort(&["fit", "--resume", &plain, "--probe", "--json"]).json();
    assert!(told["probe"]["p_value"].as_f64().unwrap() > 0.01, "{told}");
    assert!(crate::fit::products(Path::new(&plain)) == before);
    let ran = consort(&["fit", "--resume", &plain, "--probe"]);
    assert!(ran.stdout.contains("with the target shuffled") && ran.stdout.contains("no leak"), "{}", ran.stdout);
}
