//! `consort diagnose`: faults that are planted are found, and those that are absent are not.

use std::fmt::Write;

use serde_json::Value;

use crate::program::*;

/// The names of the checks that found something.
fn found(told: &Value) -> Vec<&str> {
    told["findings"].as_array().unwrap().iter().map(|finding| finding["check"].as_str().unwrap()).collect()
}

fn passed(told: &Value, check: &str) -> bool {
    told["passed"].as_array().unwrap().iter().any(|passed| passed == check)
}

fn finding<'a>(told: &'a Value, check: &str) -> &'a Value {
    let findings = told["findings"].as_array().unwrap();
    findings.iter().find(|finding| finding["check"] == check).unwrap_or_else(|| panic!("no {check}: {told}"))
}

#[test]
fn a_copy_among_the_members_is_found_and_said_with_what_to_do() {
    let [one, other] = ["logistic", "gaussian_nb"].map(|name| shipped(&format!("credit/oof/{name}.csv")));
    let truth = shipped("credit/oof_truth.csv");
    let copy = format!("copy={one}");
    let args = ["diagnose", &one, &other, &copy, "--truth", &truth];
    let said = consort(&args);
    assert!(said.ok, "{}", said.stderr);
    let table = said.stdout.lines().find(|line| line.contains("duplicates")).unwrap();
    assert!(
        table.trim_start().starts_with("warning") && table.contains("`logistic` says exactly the same as `copy`"),
        "{table}"
    );
    assert!(said.stdout.contains("do: Leave one of them out"), "{}", said.stdout);
    assert!(said.stdout.contains("time-order, which needs the time"), "{}", said.stdout);
    let json = consort(&[&args[..], &["--json"]].concat()).json();
    let copies = finding(&json, "duplicates");
    assert_eq!((&copies["severity"], &copies["of"]), (&"warning".into(), &"logistic".into()));
    assert_eq!(copies["evidence"]["root mean square difference"], 0.0);
    let without = consort(&["diagnose", &one, &other, "--truth", &truth, "--json"]).json();
    assert!(passed(&without, "duplicates") && passed(&without, "leakage"), "{without}");
}

#[test]
fn the_exit_code_says_whether_something_as_bad_was_found() {
    let [one, other] = ["logistic", "hist_boosting"].map(|name| shipped(&format!("credit/oof/{name}.csv")));
    let (truth, copy) = (shipped("credit/oof_truth.csv"), format!("copy={one}"));
    let code = |args: &[&str]| consort(&[&["diagnose", "--truth", &truth], args].concat()).code;
    assert_eq!(code(&[&one, &other, &copy]), Some(0), "a finding is no error");
    assert_eq!(code(&[&one, &other, &copy, "--fail-on", "warning"]), Some(3));
    assert_eq!(code(&[&one, &other, &copy, "--fail-on", "fault"]), Some(0), "a copy is no fault");
    assert_eq!(code(&[&one, "--fail-on", "terror"]), Some(2));
    assert_eq!(code(&["nowhere.csv"]), Some(1));
    assert!(consort(&["diagnose", &one]).error().contains("--truth"));
}

#[test]
fn a_member_that_knows_the_answer_is_a_fault() {
    let folder = folder();
    let truth = shipped("credit/oof_truth.csv");
    let known = columns(&truth);
    let mut text = "id,p_bad,p_good\n".to_owned();
    for (id, y) in known["id"].iter().zip(&known["y"]) {
        let bad = if y == "bad" { 0.999 } else { 0.001 };
        writeln!(text, "{id},{bad},{}", 1.0 - bad).unwrap();
    }
    let oracle = write(&folder, "oracle.csv", &text);
    let honest = shipped("credit/oof/logistic.csv");
    let told = consort(&["diagnose", &oracle, &honest, "--truth", &truth, "--fold", "fold", "--json"]).json();
    let leak = finding(&told, "leakage");
    assert_eq!((&leak["severity"], &leak["of"], &told["worst"]), (&"fault".into(), &"oracle".into(), &"fault".into()));
}

/// A wave over 300 days, seen by two members; the folds are every fifth day, or blocks of sixty.
fn days(folder: &tempfile::TempDir) -> [String; 3] {
    let mut truth = "id,y,day,mixed,block,place\n".to_owned();
    let (mut a, mut b) = ("id,pred\n".to_owned(), "id,pred\n".to_owned());
    for i in 0..300usize {
        let noise = |salt: usize| ((i * 7919 + salt * 104_729) % 1000) as f64 / 500.0 - 1.0;
        let y = 4.0 * (i as f64 / 9.0).sin();
        writeln!(truth, "d{i:03},{y},2026-{:02}-{:02},{},{},p{}", 1 + i / 28, 1 + i % 28, i % 5, i / 60, i / 60)
            .unwrap();
        writeln!(a, "d{i:03},{}", y + noise(1)).unwrap();
        writeln!(b, "d{i:03},{}", y + noise(2)).unwrap();
    }
    [write(folder, "truth.csv", &truth), write(folder, "a.csv", &a), write(folder, "b.csv", &b)]
}

#[test]
fn folds_that_mix_past_and_future_or_tear_groups_are_found_and_blocks_are_not() {
    let folder = folder();
    let [truth, a, b] = days(&folder);
    let run = |fold: &str| {
        let named = ["--fold", fold, "--time", "day", "--group", "place", "--json"];
        consort(&[&["diagnose", &a, &b, "--truth", &truth][..], &named].concat()).json()
    };
    let mixed = run("mixed");
    assert_eq!(finding(&mixed, "time-order")["severity"], "fault");
    let torn = finding(&mixed, "groups-apart");
    assert!(torn["what"].as_str().unwrap().contains("5 groups have rows in both train and test"), "{torn}");
    // Folds are called as the file calls them.
    let text = std::fs::read_to_string(&truth).unwrap();
    let named = (0..5).fold(text, |text, k| text.replace(&format!(",p{k}"), &format!("b,p{k}")));
    std::fs::write(&truth, named).unwrap();
    let torn = finding(&run("mixed"), "groups-apart")["what"].to_string();
    assert!(torn.contains("such as in fold 0:") && !torn.contains("repeat"), "{torn}");
    let blocks = run("block");
    assert!(passed(&blocks, "time-order") && passed(&blocks, "groups-apart"), "{blocks}");
    let plain = consort(&["diagnose", &a, &b, "--truth", &truth, "--json"]).json();
    let skipped = texts(&plain["skipped"].as_array().unwrap().iter().map(|s| s["check"].clone()).collect());
    assert!(skipped.contains(&"groups-apart".into()) && skipped.contains(&"time-order".into()), "{plain}");
    let wrong = consort(&["diagnose", &a, "--truth", &truth, "--time", "hour"]);
    assert!(wrong.error().contains("no column `hour`"), "{}", wrong.stderr);
}

#[test]
fn a_run_is_diagnosed_with_its_folds_its_fits_and_its_table() {
    let folder = folder();
    let (run, table) = (path(&folder, "run"), path(&folder, "penguins.csv"));
    let rows = std::fs::read_to_string(shipped("tables/penguins.csv")).unwrap();
    std::fs::write(&table, &rows).unwrap();
    let fit = |table: &str, run: &str| {
        let fitted =
            consort(&["fit", table, "--target", "species", "-o", run, "--members", "tree,linear", "--folds", "3"]);
        assert!(fitted.ok, "{}", fitted.stderr);
    };
    fit(&table, &run);
    let told = consort(&["diagnose", &run, "--json"]).json();
    for check in ["fold-shift", "overfit-weights", "copies-apart", "rows-twice", "telling-feature"] {
        assert!(passed(&told, check), "{check}: {told}");
    }
    assert!(!told["skipped"].as_array().unwrap().iter().any(|skipped| skipped["check"] == "overfit-members"), "{told}");
    // Every row twice: whoever tests one has learnt from the other.
    let (twice, run_twice) = (path(&folder, "twice.csv"), path(&folder, "run twice"));
    let (head, body) = rows.split_once('\n').unwrap();
    std::fs::write(&twice, format!("{head}\n{body}{body}")).unwrap();
    fit(&twice, &run_twice);
    let doubled = consort(&["diagnose", &run_twice, "--json"]).json();
    assert_eq!(finding(&doubled, "copies-apart")["severity"], "fault");
    assert!(!found(&told).contains(&"copies-apart"));
    // A table that changed or went says nothing of the run.
    std::fs::write(&table, rows.replace("39.1", "39.2")).unwrap();
    let changed = consort(&["diagnose", &run, "--json"]).json();
    assert!(changed["warnings"][0]["text"].as_str().unwrap().contains("not what it was"), "{changed}");
    assert!(!passed(&changed, "copies-apart") && passed(&changed, "fold-shift"));
    std::fs::remove_file(&table).unwrap();
    assert!(consort(&["diagnose", &run]).stderr.contains("the table of the run is not looked at"));
    assert!(consort(&["diagnose", &run, &run]).error().contains("not both"));
    assert!(consort(&["diagnose", &run, "--time", "year"]).error().contains("a run knows"));
}

#[test]
fn a_report_of_a_run_shows_fits_and_costs() {
    let folder = folder();
    let run = path(&folder, "run");
    let table = shipped("tables/penguins.csv");
    assert!(consort(&["fit", &table, "--target", "species", "-o", &run, "--members", "tree,gnb"]).ok);
    let html = std::fs::read_to_string(format!("{run}/report.html")).unwrap();
    assert!(html.contains("Rows fitted on against rows not seen") && html.contains("time to fit, in seconds"));
    let listed = consort(&["members", &run, "--json"]).json();
    let members = listed["members"].as_array().unwrap();
    assert!(members.iter().all(|member| member["own_rows_score"].as_f64().unwrap() >= 0.0), "{listed}");
}

/// The probabilities of `good` in a file of the examples, row by row.
fn of_good(file: &str) -> Vec<(String, f64)> {
    let read = columns(file);
    read["id"].iter().cloned().zip(read["p_good"].iter().map(|p| p.parse().unwrap())).collect()
}

#[test]
fn a_member_of_the_other_class_is_found_and_one_of_other_names_is_refused() {
    let folder = folder();
    let [one, other] = ["logistic", "hist_boosting"].map(|name| shipped(&format!("credit/oof/{name}.csv")));
    let truth = shipped("credit/oof_truth.csv");
    let (mut reversed, mut capital) = ("id,p\n".to_owned(), "id,p_Bad,p_Good\n".to_owned());
    for (id, good) in of_good(&one) {
        writeln!(reversed, "{id},{}", 1.0 - good).unwrap();
        writeln!(capital, "{id},{},{good}", 1.0 - good).unwrap();
    }
    let reversed = write(&folder, "reversed.csv", &reversed);
    let told = consort(&["diagnose", &reversed, &other, "--truth", &truth, "--json"]).json();
    let worse = finding(&told, "worse-than-blind");
    assert_eq!((&worse["severity"], &worse["of"]), (&"warning".into(), &"reversed".into()), "{told}");
    assert!(worse["advice"].to_string().contains("--positive"), "{worse}");
    assert!(worse["evidence"]["area under its ROC curve"].as_f64().unwrap() < 0.3, "{worse}");
    let told = consort(&["diagnose", &one, &other, "--truth", &truth, "--json"]).json();
    assert!(passed(&told, "worse-than-blind"), "{told}");

    let capital = write(&folder, "capital.csv", &capital);
    for command in ["diagnose", "evaluate", "fuse"] {
        let ran = consort(&[command, &capital, &other, "--truth", &truth]);
        let error = ran.error();
        assert!(
            error.contains("`capital`: it has the classes `Bad`, `Good`, and the truth has `bad`, `good`"),
            "{error}"
        );
    }
}
