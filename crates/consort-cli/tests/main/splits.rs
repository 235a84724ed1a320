//! Splits through the program.

use serde_json::Value;

use crate::program::*;

/// The fold that tests each row, in the order of the table.
fn folds(args: &[&str]) -> (Vec<usize>, Value) {
    let folder = folder();
    let out = path(&folder, "split.csv");
    let args: Vec<&str> = ["split"].iter().chain(args).chain(&["--json", "-o", &out]).copied().collect();
    let said = consort(&args).json();
    (columns(out)["fold"].iter().map(|fold| fold.parse().unwrap()).collect(), said)
}

#[test]
fn d13_stratified_folds_are_balanced_in_size_and_in_every_class() {
    let data = case("d13/y.csv");
    let labels = columns(&data)["y"].clone();
    for shuffle in [&["--no-shuffle"][..], &["--seed", "3"]] {
        let (fold, said) = folds(&[&[&data[..], "--folds", "7", "--stratify", "y"], shuffle].concat());
        let mut sizes = [0; 7];
        let mut counts = std::collections::HashMap::<(&str, usize), i32>::new();
        for (label, &fold) in labels.iter().zip(&fold) {
            sizes[fold] += 1;
            *counts.entry((label, fold)).or_default() += 1;
        }
        sizes.sort_unstable();
        assert_eq!(sizes, [6, 6, 7, 7, 7, 7, 7]);
        for label in &labels {
            let of = |fold| counts.get(&(label.as_str(), fold)).copied().unwrap_or(0);
            let (least, most) = ((0..7).map(of).min().unwrap(), (0..7).map(of).max().unwrap());
            assert!(most - least <= 1, "class {label}: {least} to {most}");
        }
        assert_eq!(said["rows"], 47);
    }
    let (fold, _) = folds(&[&data, "--folds", "7", "--stratify", "y", "--no-shuffle"]);
    for (k, rows) in
        expected("d13", "reference: scikit-learn test folds without shuffle").as_array().unwrap().iter().enumerate()
    {
        for row in rows.as_array().unwrap() {
            assert_eq!(fold[row.as_u64().unwrap() as usize], k);
        }
    }
    let ran = consort(&["split", &case("d13/tiny.csv"), "--folds", "3", "--stratify", "y"]);
    assert!(ran.error().contains('3') && ran.error().contains('2'), "{}", ran.stderr);
    assert_eq!(
        folds(&[&case("d13/tiny.csv"), "--folds", "2", "--stratify", "y", "--no-shuffle"]).0,
        [0, 1, 0, 1, 0, 1]
    );
}

#[test]
fn d14_windows_of_time_are_exact() {
    let data = case("d14/series.csv");
    let windows = |args: &[&str]| {
        let said = consort(&[&["split", &data[..], "--time", "t", "--json"], args].concat()).json();
        let ends = |rows: &Value| {
            let rows: Vec<u64> = rows.as_array().unwrap().iter().map(|row| row.as_u64().unwrap()).collect();
            [*rows.first().unwrap(), *rows.last().unwrap()]
        };
        said["folds"]
            .as_array()
            .unwrap()
            .iter()
            .map(|fold| [ends(&fold["train"]), ends(&fold["test"])].concat())
            .collect::<Vec<_>>()
    };
    let want = |check: &str| -> Vec<Vec<u64>> { serde_json::from_value(expected("d14", check)).unwrap() };
    let text = "[train_start, train_end, test_start, test_end] inclusive";
    assert_eq!(windows(&["--folds", "5"]), want(&format!("n_splits=5: {text}")));
    assert_eq!(
        windows(&["--folds", "3", "--test-size", "4", "--gap", "2"]),
        want(&format!("n_splits=3,test_size=4,gap=2: {text}"))
    );
    assert_eq!(
        windows(&["--folds", "4", "--max-train-size", "6"]),
        want(&format!("n_splits=4,max_train_size=6: {text}"))
    );
    for args in [&["--folds", "5", "--test-size", "5"][..], &["--folds", "4", "--test-size", "5", "--gap", "3"]] {
        let ran = consort(&[&["split", &data[..], "--time", "t"], args].concat());
        assert!(ran.error().contains("23"), "{}", ran.stderr);
    }
}

#[test]
fn permuting_the_rows_of_a_table_moves_no_id_to_another_fold() {
    let folder = folder();
    let rows: Vec<String> = (0..60).map(|i| format!("u{i},{},g{}", i % 3, i % 7)).collect();
    let mut turned = rows.clone();
    turned.reverse();
    let table = |name: &str, rows: &[String]| write(&folder, name, &format!("id,y,g\n{}\n", rows.join("\n")));
    let (a, b) = (table("a.csv", &rows), table("b.csv", &turned));
    for how in [&["--stratify", "y"][..], &["--group", "g"], &[]] {
        let of = |data: &str, name: &str| {
            let out = path(&folder, name);
            assert!(consort(&[&["split", data, "-o", &out, "--seed", "5"], how].concat()).ok);
            let columns = columns(out);
            columns["id"].iter().cloned().zip(columns["fold"].clone()).collect::<std::collections::BTreeMap<_, _>>()
        };
        assert_eq!(of(&a, "sa.csv"), of(&b, "sb.csv"), "{how:?}");
    }
}

#[test]
fn a_split_is_drawn_in_the_order_that_parts_its_rows() {
    let folder = folder();
    let data = case("d14/series.csv");
    let file = |name: &str| path(&folder, name);
    let (svg, json) = (file("folds.svg"), file("folds.json"));
    let base = ["split", &data, "--time", "t", "--folds", "3", "--json", "--chart"];
    let said = consort(&[&base[..], &[&svg]].concat()).json();
    assert_eq!(said["chart"], svg.as_str());
    let text = std::fs::read_to_string(&svg).unwrap();
    assert!(text.contains("in the order of t") && text.contains("fold 3") && !text.contains("NaN"), "{text}");
    consort(&[&base[..], &[&json]].concat()).json();
    let chart: Value = serde_json::from_str(&std::fs::read_to_string(&json).unwrap()).unwrap();
    let folds = said["folds"].as_array().unwrap();
    for (fit, fold) in chart["fits"].as_array().unwrap().iter().zip(folds) {
        assert_eq!(fit["test"], fold["test"].as_array().unwrap().len());
        // In the order of time what is learnt from ends before what is tested begins.
        let cells = fit["cells"].as_array().unwrap();
        let has = |part: usize| move |cell: &Value| cell[part].as_f64().unwrap() > 0.0;
        let (learnt, tested) = (cells.iter().rposition(has(0)).unwrap(), cells.iter().position(has(2)).unwrap());
        assert!(learnt < tested, "{learnt} {tested}");
    }
    let refused = consort(&[&base[..], &[&file("folds.pdf"), "--output", &file("too-early.csv")]].concat());
    assert!(!std::path::Path::new(&file("too-early.csv")).exists());
    assert!(refused.error().contains("a chart is written as .svg, .png or .json"), "{}", refused.stderr);
    assert!(!std::path::Path::new(&file("folds.pdf")).exists());
}
