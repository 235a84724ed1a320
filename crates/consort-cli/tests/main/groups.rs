//! `--group`: rows that belong together stay together.

use std::fmt::Write;

use serde_json::Value;
use tempfile::TempDir;

use crate::program::*;

/// 60 visits, each in the files four times under another id: the truth with its group, and two members.
fn copies(folder: &TempDir) -> [String; 3] {
    let noise = |i: usize, salt: usize| ((i * 7919 + salt * 104_729) % 1000) as f64 / 1000.0;
    let (mut truth, mut a, mut b) = ("id,y,visit,fold\n".to_string(), "id,p\n".to_string(), "id,p\n".to_string());
    for i in 0..60 {
        let y = i % 2;
        for copy in 0..4 {
            let p = |salt| 0.05 + 0.9 * (0.3 * y as f64 + 0.7 * noise(i, salt));
            writeln!(truth, "r{i}-{copy},{y},v{},{}", i, copy % 2).unwrap();
            writeln!(a, "r{i}-{copy},{}", p(1)).unwrap();
            writeln!(b, "r{i}-{copy},{}", p(2)).unwrap();
        }
    }
    [write(folder, "truth.csv", &truth), write(folder, "a.csv", &a), write(folder, "b.csv", &b)]
}

fn width(gain: &Value) -> f64 {
    let number = |end: &str| gain["interval"][end].as_f64().unwrap();
    number("high") - number("low")
}

#[test]
fn fuse_judges_by_whole_groups() {
    let folder = folder();
    let [truth, a, b] = copies(&folder);
    let run = |more: &[&str]| {
        let args = [&["fuse", &a, &b, "--truth", &truth, "--rule", "mean", "--folds", "5", "--json"], more].concat();
        consort(&args).json()
    };
    let (apart, whole) = (run(&[]), run(&["--group", "visit"]));
    assert_eq!(apart["verdict"]["gains"][0]["drawn"], serde_json::json!({"rows": 240}));
    assert_eq!(whole["verdict"]["gains"][0]["drawn"], serde_json::json!({"groups": 60}));
    assert!(whole["verdict"]["text"].as_str().unwrap().contains("whole groups of rows, of which there are 60"));
    // Four copies of a row say what one says, so the interval is about twice as wide.
    let (narrow, wide) = (width(&apart["verdict"]["gains"][0]), width(&whole["verdict"]["gains"][0]));
    assert!(wide > 1.6 * narrow, "{wide} {narrow}");
}

#[test]
fn folds_that_tear_groups_are_told_of() {
    let folder = folder();
    let [truth, a, b] = copies(&folder);
    let args = ["fuse", &a, &b, "--truth", &truth, "--rule", "mean", "--fold", "fold", "--group", "visit", "--json"];
    let warnings = consort(&args).json()["warnings"].to_string();
    assert!(warnings.contains("60 groups are in more than one of the folds"), "{warnings}");
}

#[test]
fn compare_draws_whole_groups() {
    let folder = folder();
    let [truth, a, b] = copies(&folder);
    for metric in ["log_loss", "roc_auc"] {
        let run = |more: &[&str]| {
            let args =
                [&["compare", &a, &b, "--truth", &truth, "--metric", metric, "--resamples", "500"], more].concat();
            consort(&args)
        };
        let pair = |said: &Value| -> f64 {
            let interval = list(&said["pairs"][0]["interval"]);
            interval[1] - interval[0]
        };
        let (apart, whole) = (run(&["--json"]).json(), run(&["--json", "--group", "visit"]).json());
        assert_eq!(apart["resampled"], serde_json::json!({"rows": 240}));
        assert_eq!(whole["resampled"], serde_json::json!({"groups": 60}));
        assert!(pair(&whole) > 1.6 * pair(&apart), "{metric}: {} {}", pair(&whole), pair(&apart));
        assert!(run(&["--group", "visit"]).stdout.contains("The intervals draw 60 groups of rows."));
    }
}

#[test]
fn groups_that_are_not_there_are_told_of() {
    let folder = folder();
    let [truth, a, b] = copies(&folder);
    let error = |args: &[&str]| consort(args).error().to_string();
    for command in ["fuse", "compare"] {
        let said = error(&[command, &a, &b, "--truth", &truth, "--group", "site"]);
        assert!(said.contains("`site`") && said.contains("--group") && said.contains("visit"), "{said}");
    }
    let one = write(&folder, "one.csv", "id,y,g\na,0,x\nb,1,x\nc,0,x\n");
    let (p, q) =
        (write(&folder, "p.csv", "id,p\na,0.5\nb,0.25\nc,0.5\n"), write(&folder, "q.csv", "id,p\na,0.5\nb,1\nc,0\n"));
    let said = error(&["compare", &p, &q, "--truth", &one, "--group", "g"]);
    assert!(said.contains("one group"), "{said}");
    let hole = write(&folder, "hole.csv", "id,y,g\na,0,x\nb,1,\nc,0,x\n");
    let said = error(&["compare", &p, &q, "--truth", &hole, "--group", "g"]);
    assert!(said.contains("hole.csv") && said.contains("row 2") && said.contains("group"), "{said}");
    let bare = write(&folder, "bare.csv", "id,p,g\na,0.5,x\nb,0.25,y\nc,0.5,z\n");
    let said = error(&["fuse", &bare, "--group", "g"]);
    assert!(said.contains("truth"), "{said}");
    // One group cannot be split, and that is said.
    let ran = consort(&["fuse", &p, &q, "--truth", &one, "--group", "g", "--rule", "mean"]);
    assert!(ran.ok && ran.stderr.contains("one group cannot be split"), "{}", ran.stderr);
}

#[test]
fn fit_judges_its_ensemble_by_whole_groups_and_a_report_made_later_does_too() {
    let folder = folder();
    let mut table = "id,x,z,outcome,visit\n".to_string();
    for i in 0..60 {
        let noise = |salt: usize| ((i * 7919 + salt * 104_729) % 1000) as f64 / 1000.0;
        let y = usize::from(noise(1) + noise(2) > 1.0);
        for copy in 0..4 {
            writeln!(table, "r{i}-{copy},{},{},{y},v{i}", noise(1), noise(3)).unwrap();
        }
    }
    let data = write(&folder, "visits.csv", &table);
    let fit = |run: &str, more: &[&str]| {
        let args = ["fit", &data, "--target", "outcome", "-o", run, "--members", "tree,gnb", "--json"];
        let more: &[&str] = if more.is_empty() { &["--ignore", "visit"] } else { more };
        consort(&[&args, more].concat()).json()
    };
    let (alone, together) = (path(&folder, "alone"), path(&folder, "together"));
    assert_eq!(fit(&alone, &[])["verdict"]["gains"][0]["drawn"], serde_json::json!({"rows": 240}));
    let told = fit(&together, &["--group", "visit"]);
    assert_eq!(told["verdict"]["gains"][0]["drawn"], serde_json::json!({"groups": 60}));
    assert!(told["verdict"]["text"].as_str().unwrap().contains("whole groups of rows, of which there are 60"));
    let again = consort(&["report", &together, "-o", &path(&folder, "again.html"), "--json"]).json();
    assert_eq!(again["verdict"], told["verdict"]);
}
