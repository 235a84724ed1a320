//! No digit of the output depends on the order of files, rows or columns, on an idle member, or on threads.

use crate::{credit::members, program::*};

/// What a run writes: every row by its id, and the fitted fusion.
fn outcome(files: &[String], extra: &[&str], method: &[&str]) -> (Vec<(String, String)>, serde_json::Value) {
    let folder = folder();
    let out = path(&folder, "out.csv");
    let mut args = vec!["fuse".to_string(), "--json".into(), "-o".into(), out.clone()];
    args.extend(files.iter().cloned());
    args.extend(extra.iter().chain(method).map(ToString::to_string));
    let mut said = consort(&args).json();
    let text = std::fs::read_to_string(out).unwrap();
    let mut lines: Vec<(String, String)> = text
        .lines()
        .skip(1)
        .map(|line| line.split_once(',').map(|(id, rest)| (id.to_string(), rest.to_string())).unwrap())
        .collect();
    lines.sort();
    let object = said.as_object_mut().unwrap();
    for key in ["output", "columns", "judged"] {
        object.remove(key);
    }
    (lines, said)
}

const METHODS: [&[&str]; 5] = [
    &["--select", "greedy"],
    &["--weights", "optimise"],
    &["--stack", "logistic"],
    &["--rule", "geometric"],
    &["--rule", "mean", "--calibrate", "isotonic"],
];

#[test]
fn permuting_files_rows_and_class_columns_changes_no_digit() {
    let folder = folder();
    let truth = shipped("credit/oof_truth.csv");
    let files = members("oof");
    // The same predictions: files the other way round, rows turned, columns p_good before p_bad.
    let turned: Vec<String> = files
        .iter()
        .rev()
        .map(|file| {
            let name = std::path::Path::new(file).file_name().unwrap().to_str().unwrap();
            if !name.ends_with(".csv") {
                return file.clone();
            }
            let table = columns(file);
            let mut lines = vec!["p_good,id,p_bad".to_string()];
            lines.extend(
                (0..table["id"].len())
                    .rev()
                    .map(|i| format!("{},{},{}", table["p_good"][i], table["id"][i], table["p_bad"][i])),
            );
            write(&folder, name, &(lines.join("\n") + "\n"))
        })
        .collect();
    for method in METHODS {
        let extra = ["--truth", &truth];
        assert_eq!(outcome(&files, &extra, method), outcome(&turned, &extra, method), "{method:?}");
    }
}

#[test]
fn the_number_of_threads_changes_no_digit() {
    let truth = shipped("credit/oof_truth.csv");
    for method in METHODS {
        let run = |threads: &str| outcome(&members("oof"), &["--truth", &truth, "--threads", threads], method);
        assert_eq!(run("1"), run("2"), "{method:?}");
    }
}

#[test]
fn a_member_of_weight_0_changes_no_digit() {
    let folder = folder();
    let files = members("oof");
    let weights = |zero: bool| {
        let mut text =
            "model,weight\nadaboost,1\nforest,2\ngaussian_nb,0.5\nhist_boosting,3\nknn,1\nlogistic,1\nmlp,1\n"
                .to_string();
        text += if zero { "tree,0\n" } else { "" };
        text
    };
    for rule in ["mean", "geometric", "vote:share", "median", "power:2", "rank"] {
        let (with, without) = (write(&folder, "w0.csv", &weights(true)), write(&folder, "w.csv", &weights(false)));
        let all = outcome(&files, &["--member-weights", &with], &["--rule", rule]).0;
        let fewer = outcome(&files[..7], &["--member-weights", &without], &["--rule", rule]).0;
        assert_eq!(all, fewer, "{rule}");
    }
}
