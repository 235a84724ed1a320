//! What `fuse`, `evaluate` and `compare` say of results, and where they put them.

use std::fmt::Write;

use crate::program::*;

/// Noise in [−1, 1] that has a pattern, but not that of the rows.
fn noise(i: usize, salt: usize) -> f64 {
    ((i * 7919 + salt * 104_729) % 1000) as f64 / 500.0 - 1.0
}

/// Two members of a question with two answers, and the truth with small weights and one group.
fn members(folder: &tempfile::TempDir, rows: usize) -> [String; 3] {
    let mut truth = "id,y,w,one,day\n".to_owned();
    let (mut a, mut b) = ("id,p_no,p_yes\n".to_owned(), "id,p_no,p_yes\n".to_owned());
    for i in 0..rows {
        let y = i * 31 % 7 < 3;
        let p = |salt: usize| (0.5 + if y { 0.2 } else { -0.2 } + 0.25 * noise(i, salt)).clamp(0.05, 0.95);
        let day = ["mon", "tue", "wed", "thu", "fri"][i % 5];
        writeln!(truth, "r{i:03},{},0.001,g,{day}", if y { "yes" } else { "no" }).unwrap();
        writeln!(a, "r{i:03},{:.4},{:.4}", 1.0 - p(1), p(1)).unwrap();
        writeln!(b, "r{i:03},{:.4},{:.4}", 1.0 - p(2), p(2)).unwrap();
    }
    [write(folder, "a.csv", &a), write(folder, "b.csv", &b), write(folder, "truth.csv", &truth)]
}

/// What a run says that must go well.
#[track_caller]
fn well<S: AsRef<str>>(args: &[S]) -> Ran {
    let ran = consort(args);
    assert!(ran.ok, "{}", ran.stderr);
    ran
}

#[test]
fn a_report_is_written_though_there_is_nothing_to_judge() {
    let folder = folder();
    let [a, b, truth] = members(&folder, 60);
    let (saved, report) = (path(&folder, "f.json"), path(&folder, "report.md"));
    well(&["fuse", &a, &b, "--truth", &truth, "--save", &saved]);
    well(&["fuse", "--with", &saved, &a, &b, "--report", &report]);
    assert!(std::fs::read_to_string(&report).unwrap().contains("Ensemble by"));
    // One group cannot be split: the members are scored, the ensemble is not.
    let one = path(&folder, "one.md");
    let said = well(&["fuse", &a, &b, "--truth", &truth, "--group", "one", "--report", &one]);
    assert!(said.stderr.contains("one group cannot be split"), "{}", said.stderr);
    let text = std::fs::read_to_string(&one).unwrap();
    assert!(text.contains("it is not judged") && text.contains("log\\_loss"), "{text}");
    let error = consort(&["fuse", &a, &b, "--truth", &truth, "--folds", "1"]);
    assert!(error.error().contains("--folds is 1, but must be at least 2"), "{}", error.stderr);
}

#[test]
fn results_do_not_write_over_each_other() {
    let folder = folder();
    let [a, b, truth] = members(&folder, 20);
    let out = path(&folder, "s.csv");
    let ran = consort(&["fuse", &a, &b, "--truth", &truth, "-o", &out, "--save", &out]);
    assert!(ran.error().contains("-o and --save both go there"), "{}", ran.stderr);
    assert!(!std::path::Path::new(&out).exists());
}

#[test]
fn a_saved_fusion_is_judged_by_what_it_was_fitted_for() {
    let folder = folder();
    let [a, b, truth] = members(&folder, 60);
    let saved = path(&folder, "f.json");
    well(&["fuse", &a, &b, "--truth", &truth, "--metric", "roc_auc", "--save", &saved]);
    let apply = ["fuse", "--with", &saved, &a, &b, "--truth", &truth, "--json"];
    assert_eq!(well(&apply).json()["metric"], "roc_auc");
    assert_eq!(well(&[&apply[..], &["--metric", "brier"]].concat()).json()["metric"], "brier");
    // A file of before has no metric.
    let text = std::fs::read_to_string(&saved).unwrap();
    assert!(text.contains("\"metric\": \"roc_auc\""), "{text}");
    let ran = consort(&["fuse", "--with", &saved, &a, &b, "--metric", "brier"]);
    assert!(ran.error().contains("--truth"), "{}", ran.stderr);
}

#[test]
fn scores_are_not_taken_for_probabilities() {
    let folder = folder();
    let [a, b, truth] = members(&folder, 60);
    let out = path(&folder, "ranks.csv");
    let said = well(&["fuse", &a, &b, "--truth", &truth, "--rule", "rank", "-o", &out]);
    assert!(said.stdout.contains("the numbers are scores, not probabilities"), "{}", said.stdout);
    assert!(columns(&out).contains_key("score_yes"));
    let scores = well(&["evaluate", &out, "--truth", &truth, "--json"]).json();
    let scores = &scores["predictions"][0]["scores"];
    assert!(scores["log_loss"].is_null() && scores["roc_auc"].as_f64().unwrap() > 0.6, "{scores}");
}

#[test]
fn small_weights_and_members_that_are_not_read_are_told_apart() {
    let folder = folder();
    let [a, b, truth] = members(&folder, 60);
    let said = well(&["fuse", &a, &b, "--truth", &truth, "--weight", "w", "--stack", "logistic"]);
    assert!(said.stderr.contains("the weights of column `w` sum to 0.06"), "{}", said.stderr);
    // Who is sure of the wrong class silences the others, unless it has no weight.
    let sure = write(&folder, "sure.csv", "id,p_no,p_yes\nr000,1,0\nr001,0,1\n");
    let turned = write(&folder, "turned.csv", "id,p_no,p_yes\nr000,0,1\nr001,1,0\n");
    let weights =
        |turned: u32| write(&folder, &format!("w{turned}.csv"), &format!("model,weight\nsure,1\nturned,{turned}\n"));
    let fused = |turned_weight: u32| {
        let args = ["fuse", &sure, &turned, "--rule", "geometric", "--member-weights", &weights(turned_weight)];
        well(&args).stderr.contains("silences")
    };
    assert!(fused(1) && !fused(0));
}

#[test]
fn compare_goes_by_the_confidence_that_it_is_given() {
    let folder = folder();
    let [a, b, truth] = members(&folder, 300);
    let flat: String =
        std::fs::read_to_string(&a).unwrap().lines().skip(1).fold("id,p_no,p_yes\n".into(), |text, line| {
            format!("{text}{},0.5,0.5\n", line.split(',').next().unwrap())
        });
    let flat = write(&folder, "flat.csv", &flat);
    let compare = |more: &[&str]| consort(&[&["compare", &a, &b, &flat, "--truth", &truth], more].concat());
    let usual = compare(&["--confidence", "0.9995", "--resamples", "500"]);
    assert!(usual.stdout.contains("99.95 % interval"), "{}", usual.stdout);
    // Of 500 resamples no p-value is below 0.0005.
    assert!(!usual.stdout.lines().any(|line| line.trim_end().ends_with(" better")), "{}", usual.stdout);
    assert!(compare(&[]).stdout.lines().any(|line| line.trim_end().ends_with(" better")));
    assert!(compare(&["--resamples", "1"]).error().contains("at least 100"));
}

#[test]
fn scores_of_fewer_rows_say_so() {
    let folder = folder();
    let [a, b, truth] = members(&folder, 100);
    // The member `easy` is `a` where that is right.
    let right = columns(&truth)["y"].clone();
    let mut easy = "id,p_no,p_yes\n".to_owned();
    for (line, y) in std::fs::read_to_string(&a).unwrap().lines().skip(1).zip(&right) {
        let cells: Vec<&str> = line.split(',').collect();
        let p: f64 = cells[2].parse().unwrap();
        match (p >= 0.65) == (y == "yes") && (p - 0.5).abs() > 0.15 {
            true => writeln!(easy, "{line}").unwrap(),
            false => writeln!(easy, "{},,", cells[0]).unwrap(),
        }
    }
    let easy = write(&folder, "easy.csv", &easy);
    let args = ["fuse", &a, &b, &easy, "--truth", &truth, "--missing", "available", "--rule", "mean"];
    let told = well(&[&args[..], &["--json"]].concat()).json();
    assert_ne!(told["verdict"]["best_member"], "easy", "{}", told["verdict"]);
    let said = well(&args).stdout;
    let lines: Vec<&str> = said.lines().collect();
    assert!(lines[0].contains("of rows"), "{said}");
    let place = |name: &str| lines.iter().position(|line| line.trim_start().starts_with(name)).unwrap();
    assert!(place("easy") > place("a ") && place("easy") > place("b "), "{said}");
}

#[test]
fn folds_are_called_by_their_names_and_members_of_files_as_they_are() {
    let folder = folder();
    let [a, b, truth] = members(&folder, 300);
    // On Thursdays both are off.
    let days = columns(&truth)["day"].clone();
    for file in [&a, &b] {
        let mut text = "id,p_no,p_yes\n".to_owned();
        for (line, day) in std::fs::read_to_string(file).unwrap().lines().skip(1).zip(&days) {
            let cells: Vec<&str> = line.split(',').collect();
            let (no, yes) = if day == "thu" { (cells[2], cells[1]) } else { (cells[1], cells[2]) };
            writeln!(text, "{},{no},{yes}", cells[0]).unwrap();
        }
        std::fs::write(file, text).unwrap();
    }
    let told = well(&["diagnose", &a, &b, "--truth", &truth, "--fold", "day", "--json"]).json();
    let found = told["findings"].as_array().unwrap();
    let shift = found.iter().find(|finding| finding["check"] == "fold-shift").unwrap();
    assert_eq!(shift["of"], "thu", "{shift}");
    assert!(shift["what"].as_str().unwrap().contains("fold thu"), "{shift}");
    let ran = consort(&["evaluate", &a, "--truth", &truth, "--member", "x=nothere.csv"]);
    assert!(ran.error().contains("--member goes with a run"), "{}", ran.stderr);
}
