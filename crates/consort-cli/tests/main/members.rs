//! Members of a run that come and go, and its report.

use std::{fs, path::Path};

use serde_json::Value;

use crate::program::*;

fn fit(data: &str, run: &str, more: &[&str]) -> Ran {
    consort(&[&["fit", data, "--target", "species", "-o", run, "--members", "tree,boost,gnb"], more].concat())
}

fn weight(told: &Value, name: &str) -> f64 {
    let members = told["members"].as_array().unwrap();
    members.iter().find(|member| member["name"] == name).unwrap_or_else(|| panic!("no {name}: {told}"))["weight"]
        .as_f64()
        .unwrap()
}

/// A member's predictions in a run as CSV, each row's probabilities mixed with the truth: better than any member.
fn oracle(run: &str, to: &str, data: &str) {
    let truth = columns(data)["species"].clone();
    let csv = format!("{to}.all.csv");
    assert!(consort(&["fuse", &format!("{run}/predictions/tree.parquet"), "-o", &csv]).ok);
    let made = columns(&csv);
    let mut names: Vec<&String> = made.keys().filter(|name| name.starts_with("p_")).collect();
    names.sort();
    let ids = made.get("id");
    let mut text = if ids.is_some() { "id," } else { "" }.to_owned();
    text += &names.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(",");
    for row in 0..truth.len() {
        text += "\n";
        if let Some(ids) = ids {
            text += &format!("{},", ids[row]);
        }
        let of = |name: &str| if name[2..] == truth[row] { "0.98" } else { "0.01" };
        text += &names.iter().map(|name| of(name)).collect::<Vec<_>>().join(",");
    }
    fs::write(to, text + "\n").unwrap();
}

#[test]
fn a_foreign_member_joins_counts_predicts_and_leaves_without_a_trace() {
    let folder = folder();
    let (run, data) = (path(&folder, "run"), shipped("tables/penguins.csv"));
    assert!(fit(&data, &run, &[]).ok);
    let fusion = || fs::read(Path::new(&run).join("fusion.json")).unwrap();
    let bundle = || fs::read(Path::new(&run).join("bundle.consort")).unwrap();
    let before = (fusion(), bundle());

    let told = consort(&["members", &run, "--json"]).json();
    let names: Vec<&str> = told["members"].as_array().unwrap().iter().map(|m| m["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["gnb", "tree", "boost"]);
    assert!(told["members"][0]["bytes"].as_u64().unwrap() > 0, "{told}");
    assert!((before.0 == fusion()) && before.1 == bundle(), "to list changes nothing");

    let net = path(&folder, "net.csv");
    oracle(&run, &net, &data);
    let told = consort(&["members", &run, "add", &format!("net={net}"), "--json"]).json();
    assert!(weight(&told, "net") > 0.5, "{told}");
    assert_eq!(told["members"][3]["origin"], "foreign");
    assert!(fusion() != before.0);
    assert!(Path::new(&run).join("predictions/net.parquet").is_file());

    // New rows need its predictions of them.
    let out = path(&folder, "out.csv");
    let refused = consort(&["predict", &run, &data, "-o", &out]);
    assert!(refused.error().contains("`net`") && refused.stderr.contains("--member net=FILE"), "{}", refused.stderr);
    let given = format!("net={net}");
    assert!(consort(&["predict", &run, &data, "--member", &given, "-o", &out]).ok);
    let told = consort(&["evaluate", &run, &data, "--member", &given, "--metrics", "accuracy", "--json"]).json();
    assert_eq!(told["predictions"][0]["scores"]["accuracy"], 1.0, "{told}");
    assert!(consort(&["predict", &run, &data, "--member", "other=x.csv", "-o", &out]).error().contains("other"));
    // A run whose members were changed does not go on as it was begun.
    assert!(consort(&["fit", "--resume", &run]).error().contains("changed"));

    // It leaves, and the fusion is the bytes that it was.
    assert!(consort(&["members", &run, "drop", "net"]).ok);
    assert!(!Path::new(&run).join("predictions/net.parquet").exists());
    assert!(fusion() == before.0 && bundle() == before.1);
    assert!(consort(&["predict", &run, &data, "-o", &out]).ok);
}

#[test]
fn members_are_dropped_and_replaced_and_only_the_fusion_is_fitted_anew() {
    let folder = folder();
    let (run, data) = (path(&folder, "run"), shipped("tables/penguins.csv"));
    assert!(fit(&data, &run, &["--method", "average"]).ok);
    let kept = Path::new(&run).join("models/boost/l0-all.fit");
    let made = fs::metadata(&kept).unwrap().modified().unwrap();
    let told = consort(&["members", &run, "drop", "tree", "--json"]).json();
    assert_eq!(told["members"].as_array().unwrap().len(), 2, "{told}");
    assert!(!Path::new(&run).join("models/tree").exists());
    let net = path(&folder, "net.csv");
    oracle_of(&run, &net, &data);
    let told = consort(&["members", &run, "replace", &format!("gnb={net}"), "--json"]).json();
    assert_eq!(told["members"].as_array().unwrap().len(), 2);
    assert_eq!(fs::metadata(&kept).unwrap().modified().unwrap(), made);

    let refused = |args: &[&str], words: &[&str]| {
        let ran = consort(&[&["members", &run], args].concat());
        let error = ran.error();
        assert!(words.iter().all(|word| error.contains(word)), "{error}");
    };
    refused(&["drop", "boost", "gnb"], &["at least one"]);
    refused(&["drop", "nobody"], &["nobody", "boost"]);
    refused(&["add", &format!("boost={net}")], &["boost", "replace"]);
    refused(&["replace", &format!("nobody={net}")], &["nobody"]);
    refused(&["add", &format!(".x={net}")], &[".x"]);
    refused(&["add", "net=nowhere.csv"], &["nowhere.csv"]);
    let short = write(&folder, "short.csv", "p_Adelie,p_Chinstrap,p_Gentoo\n1,0,0\n");
    refused(&["add", &short], &["short.csv", "rows"]);
    // A file that was touched is named; the member can be replaced or dropped.
    let gnb = Path::new(&run).join("predictions/gnb.parquet");
    let mut bytes = fs::read(&gnb).unwrap();
    bytes[40] ^= 1;
    fs::write(&gnb, bytes).unwrap();
    refused(&[], &["gnb.parquet", "is not what it was"]);
    assert!(consort(&["members", &run, "drop", "gnb"]).ok);
    assert!(consort(&["members", &path(&folder, "none")]).error().contains("no run"));
}

/// As [`oracle`], of a run that has lost its tree.
fn oracle_of(run: &str, to: &str, data: &str) {
    let boost = Path::new(run).join("predictions/boost.parquet");
    let tree = Path::new(run).join("predictions/tree.parquet");
    fs::copy(boost, &tree).unwrap();
    oracle(run, to, data);
    fs::remove_file(tree).unwrap();
}

#[test]
fn a_member_that_was_not_read_predicts_by_its_folds_when_it_is() {
    let folder = folder();
    let (run, data) = (path(&folder, "run"), shipped("tables/penguins.csv"));
    let told = fit(&data, &run, &["--method", "greedy", "--json"]).json();
    let unread = told["members"].as_array().unwrap().iter().find(|member| member["weight"] == 0.0);
    let Some(unread) = unread.map(|member| member["name"].as_str().unwrap().to_owned()) else {
        panic!("choose members of which greedy selection leaves one out: {told}");
    };
    let others: Vec<&str> = ["tree", "boost", "gnb"].into_iter().filter(|name| *name != unread).collect();
    let told = consort(&["members", &run, "drop", others[0], others[1], "--json"]).json();
    assert_eq!(weight(&told, &unread), 1.0);
    assert!(told["warnings"].to_string().contains("fold models"), "{told}");
    let out = path(&folder, "out.csv");
    assert!(consort(&["predict", &run, &data, "-o", &out]).ok);
}

#[test]
fn the_files_of_a_run_are_those_of_fuse_and_its_report_is_made_anew() {
    let folder = folder();
    let (run, data) = (path(&folder, "run"), shipped("tables/penguins.csv"));
    let told = fit(&data, &run, &["--method", "greedy", "--json"]).json();
    // The same numbers by the road of files.
    let files: Vec<String> = ["boost", "gnb", "tree"].map(|name| format!("{run}/predictions/{name}.parquet")).into();
    let truth = format!("{run}/truth.parquet");
    let by_files = consort(&[
        "fuse",
        &files[0],
        &files[1],
        &files[2],
        "--truth",
        &truth,
        "--calibrate",
        "smoothed-temperature",
        "--json",
    ])
    .json();
    let score = |told: &Value| told["ensemble"]["nested"]["log_loss"].as_f64().unwrap();
    // The weights are the same; the temperature is fitted on folds that each draws with a seed of its own.
    let (files_score, run_score) = (score(&by_files), score(&told));
    assert!((files_score / run_score - 1.0).abs() < 0.01, "{files_score} {run_score}");
    for name in ["boost", "gnb", "tree"] {
        near(&[weight(&by_files, name)], &[weight(&told, name)]);
    }
    let report = path(&folder, "report.html");
    let again = consort(&["report", &run, "-o", &report, "--json"]).json();
    assert_eq!((score(&again), &again["verdict"]), (score(&told), &told["verdict"]));
    assert!(fs::read_to_string(&report).unwrap().contains("greedy"));
    let other = consort(&["report", &run, "-o", &report, "--metric", "accuracy", "--json"]).json();
    assert_eq!(other["metric"], "accuracy");
    // Of files alone.
    let told = consort(&["report", &files[0], &files[1], "--truth", &truth, "-o", &report, "--json"]).json();
    assert!(["boost", "gnb"].contains(&told["verdict"]["best"].as_str().unwrap()), "{told}");
    let html = fs::read_to_string(&report).unwrap();
    assert!(html.contains("is first in log_loss") && !html.contains("tree"));
    assert!(consort(&["report", &files[0], "-o", &report]).error().contains("truth"));
    assert!(consort(&["report", &run, &files[0], "-o", &report]).error().contains("one run"));
}

#[test]
fn predictions_bear_ids_repeats_and_folds() {
    let folder = folder();
    let rows: String = (0..60).map(|i| format!("r{i},{},{}\n", i % 7, ["a", "b"][i / 3 % 2])).collect();
    let data = write(&folder, "t.csv", &format!("id,x,y\n{rows}"));
    for (repeats, has_folds) in [("1", true), ("2", false)] {
        let run = path(&folder, &format!("run {repeats}"));
        let args =
            ["fit", &data, "--target", "y", "-o", &run, "--members", "tree", "--folds", "3", "--repeats", repeats];
        assert!(consort(&args).ok);
        // Read by the library: the program writes no member files.
        let read = |name: &str| {
            let source = consort::data::files::Source::stem(Path::new(&run).join(name));
            consort::data::files::read_columns(&source, None).unwrap()
        };
        let names = |columns: &[consort::data::files::TextColumn]| -> Vec<String> {
            columns.iter().map(|column| column.name().to_owned()).collect()
        };
        let member = read("predictions/tree.parquet");
        let expected: &[&str] =
            if has_folds { &["id", "repeat", "fold", "p_a", "p_b", "label"] } else { &["id", "p_a", "p_b", "label"] };
        assert_eq!(names(&member), expected);
        assert_eq!(member[0].text(7), Some("r7"));
        let split = read("split.parquet");
        assert_eq!(names(&split), ["id", "repeat", "fold"]);
        assert_eq!(split[0].len(), if has_folds { 60 } else { 120 });
        let truth = read("truth.parquet");
        assert_eq!(names(&truth), ["id", "y", "fold"]);
        assert_eq!((truth[1].text(0), truth[1].text(3)), (Some("a"), Some("b")));
        if has_folds {
            let (of_member, of_truth) = (member[2].numbers().unwrap(), truth[2].numbers().unwrap());
            assert_eq!(of_member, of_truth);
        }
    }
}
