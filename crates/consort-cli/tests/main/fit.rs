//! From a table to an ensemble, and on to new rows.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::program::{case, consort, shipped};

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

/// Members that are fitted in no time.
const QUICK: [&str; 2] = ["--members", "tree,boost"];

fn fit(data: &str, target: &str, run: &Path, more: &[&str]) -> crate::program::Ran {
    let run = text(run);
    let mut args = vec!["fit", data, "--target", target, "-o", &run];
    args.extend(more);
    consort(&args)
}

/// All that a run leaves for others, but what holds times: the report and the list of members.
pub(crate) fn products(run: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files: Vec<PathBuf> = fs::read_dir(run.join("predictions")).unwrap().map(|e| e.unwrap().path()).collect();
    files.extend(
        ["bundle.consort", "fusion.json", "split.parquet", "truth.parquet", "recipe.toml"].map(|name| run.join(name)),
    );
    files.sort();
    files.into_iter().map(|file| (file.strip_prefix(run).unwrap().into(), fs::read(&file).unwrap())).collect()
}

#[test]
fn a_table_becomes_an_ensemble_that_predicts_new_rows() {
    let place = folder();
    let run = place.path().join("run");
    let told =
        fit(&shipped("tables/credit_train.csv"), "Status", &run, &["--members", "boost,forest", "--json"]).json();
    let score = |value: &serde_json::Value| value["log_loss"].as_f64().unwrap();
    let nested = score(&told["ensemble"]["nested"]);
    assert!((0.35..0.46).contains(&nested), "{nested}");
    assert_eq!(told["members"].as_array().unwrap().len(), 2);
    for file in [
        "run.json",
        "recipe.toml",
        "members.json",
        "split.parquet",
        "truth.parquet",
        "fusion.json",
        "report.html",
        "bundle.consort",
        "predictions/boost.parquet",
    ] {
        assert!(run.join(file).is_file(), "{file}");
    }
    // On rows that no fit saw it scores about what it was said to.
    let test = shipped("tables/credit_test.csv");
    let told = consort(&["evaluate", &text(&run), &test, "--json"]).json();
    let ensemble = &told["predictions"][0];
    assert_eq!(ensemble["name"], "ensemble");
    assert!((score(&ensemble["scores"]) - nested).abs() < 0.06, "{ensemble}");
    // The predictions, scored as files, give the same number.
    let predicted = text(&place.path().join("pred.csv"));
    assert!(consort(&["predict", &text(&run), &test, "-o", &predicted]).ok);
    let told = consort(&["evaluate", &predicted, "--truth", &test, "--target", "Status", "--json"]).json();
    assert!((score(&told["predictions"][0]["scores"]) - score(&ensemble["scores"])).abs() < 1e-6, "{told}");
    // So does the bundle alone, without the table's target.
    let bundle = text(&place.path().join("model.consort"));
    assert!(consort(&["bundle", &text(&run), "-o", &bundle]).ok);
    fs::remove_dir_all(&run).unwrap();
    let again = text(&place.path().join("again.csv"));
    let lines = fs::read_to_string(&test).unwrap();
    let without_target = place.path().join("new.csv");
    let drop_second = |line: &str| {
        line.split(',')
            .enumerate()
            .filter(|(k, _)| *k != 1)
            .map(|(_, cell)| cell.to_owned())
            .collect::<Vec<_>>()
            .join(",")
            + "\n"
    };
    fs::write(&without_target, lines.lines().map(drop_second).collect::<String>()).unwrap();
    assert!(consort(&["predict", &bundle, &text(&without_target), "-o", &again]).ok);
    assert_eq!(fs::read(&again).unwrap(), fs::read(&predicted).unwrap());
}

#[test]
fn threads_and_the_order_of_members_change_no_byte() {
    let place = folder();
    let data = shipped("tables/penguins.csv");
    let with = |name: &str, more: &[&str]| {
        let run = place.path().join(name);
        let ran = fit(&data, "species", &run, more);
        assert!(ran.ok, "{}", ran.stderr);
        products(&run)
    };
    let one = with("one", &["--members", "tree,boost,forest", "--threads", "1"]);
    let two = with("two", &["--members", "forest,tree,boost", "--threads", "2"]);
    assert!(one == two);
    let other = with("other", &["--members", "tree,boost,forest", "--seed", "1"]);
    assert!(one != other, "the seed decides the folds");
}

#[test]
fn fits_that_are_done_are_not_done_again_and_damaged_ones_are_named() {
    let place = folder();
    let run = place.path().join("run");
    let data = shipped("tables/penguins.csv");
    assert!(fit(&data, "species", &run, &QUICK).ok);
    let before = products(&run);
    let kept = run.join("models/boost/l0-r0-f1.fit");
    let made = fs::metadata(&kept).unwrap().modified().unwrap();
    assert!(consort(&["fit", "--resume", &text(&run)]).ok);
    assert_eq!(fs::metadata(&kept).unwrap().modified().unwrap(), made);
    assert!(products(&run) == before);
    let mut bytes = fs::read(&kept).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&kept, bytes).unwrap();
    let ran = consort(&["fit", "--resume", &text(&run)]);
    // The member is left out and named; the others stand.
    assert!(ran.ok && ran.stderr.contains("checksum"), "{}", ran.stderr);
}

#[test]
fn time_groups_folds_and_weights_are_heeded() {
    let place = folder();
    let rows = |line: &dyn Fn(usize) -> String| (0..240).map(|i| line(i) + "\n").collect::<String>();
    let table = place.path().join("t.csv");
    let line = |i: usize| {
        let x = (i * 37 % 101) as f64 / 10.0;
        format!("{x},{},{},{},{},{}", (i * 53 % 17), i / 6, i, 1 + i % 3, x + (i % 5) as f64 / 7.0)
    };
    fs::write(&table, format!("x,z,site,day,w,y\n{}", rows(&line))).unwrap();
    let data = text(&table);
    for (name, more) in [
        ("group", vec!["--group", "site"]),
        ("time", vec!["--time", "day"]),
        ("weight", vec!["--weight", "w"]),
        ("repeats", vec!["--repeats", "2"]),
        ("layers", vec!["--layers", "2"]),
        ("keep", vec!["--keep-folds"]),
        ("stack", vec!["--method", "stack"]),
        ("blend", vec!["--method", "blend"]),
        ("vote", vec!["--method", "vote"]),
        ("average", vec!["--method", "average"]),
        ("mae", vec!["--metric", "mae"]),
    ] {
        let run = place.path().join(name);
        let ran = fit(&data, "y", &run, &[&QUICK[..], &more[..], &["--json"]].concat());
        let told = ran.json();
        let warnings = told["warnings"].to_string();
        assert_eq!(warnings.contains("no fold tests them"), matches!(name, "time" | "blend"), "{name}: {warnings}");
        let out = text(&place.path().join(format!("{name}.csv")));
        assert!(consort(&["predict", &text(&run), &data, "-o", &out]).ok, "{name}");
        assert_eq!(fs::read_to_string(&out).unwrap().lines().count(), 241, "{name}");
    }
}

#[test]
fn boosting_alone_and_over_members_is_fitted_and_predicted() {
    let place = folder();
    let data = shipped("tables/penguins.csv");
    for (name, more, members) in [
        ("adaboost", &["--method", "adaboost"][..], &["adaboost"][..]),
        ("over", &["--method", "adaboost", "--members", "gnb,tree"], &["gnb", "tree"]),
        ("boost", &["--method", "boost"], &["boost"]),
    ] {
        let run = place.path().join(name);
        let told = fit(&data, "species", &run, &[more, &["--folds", "2", "--json"]].concat()).json();
        let names: Vec<&str> =
            told["members"].as_array().unwrap().iter().map(|m| m["name"].as_str().unwrap()).collect();
        assert_eq!(names, members, "{told}");
        // Naive Bayes is weak on this table, boosted or not; trees are not.
        let accuracies = told["members"].as_array().unwrap().iter().map(|m| m["scores"]["accuracy"].as_f64().unwrap());
        assert!(accuracies.fold(0.0, f64::max) > 0.95, "{told}");
        let out = text(&place.path().join(format!("{name}.csv")));
        assert!(consort(&["predict", &text(&run), &data, "-o", &out]).ok, "{name}");
    }
}

#[test]
fn what_a_person_gets_wrong_is_said() {
    let place = folder();
    let penguins = shipped("tables/penguins.csv");
    let run = place.path().join("run");
    let says = |args: &[&str], words: &[&str]| {
        let ran = consort(args);
        let said = ran.stderr.clone();
        assert!(!ran.ok && !said.contains("panicked"), "{args:?}: {said}");
        assert!(words.iter().all(|word| said.contains(word)), "{args:?}: {said}");
    };
    let out = text(&run);
    says(&["fit", &penguins, "--target", "nobody", "-o", &out], &["nobody"]);
    says(&["fit", &penguins, "--target", "species", "-o", &out, "--members", "magic"], &["magic", "boost"]);
    says(&["fit", &penguins, "--target", "species", "-o", &out, "--metric", "rmse"], &["rmse"]);
    says(&["fit", &penguins, "--target", "species", "-o", &out, "--time-limit", "soon"], &["soon", "10m"]);
    says(&["fit", &penguins, "--target", "species", "-o", &out, "--folds", "1"], &["fold"]);
    says(&["fit", &penguins, "--target", "species"], &["--output"]);
    says(&["fit", "none.csv", "--target", "species", "-o", &out], &["none.csv"]);
    assert!(!run.exists(), "what fails before it begins leaves nothing");
    says(&["predict", &out, &penguins, "-o", "x.csv"], &["run"]);

    assert!(fit(&penguins, "species", &run, &QUICK).ok);
    says(&["fit", &penguins, "--target", "species", "-o", &out], &["holds", "--resume"]);
    // A table that changed since does not go on.
    let copy = place.path().join("copy.csv");
    fs::copy(&penguins, &copy).unwrap();
    let second = place.path().join("second");
    assert!(fit(&text(&copy), "species", &second, &QUICK).ok);
    let changed = fs::read_to_string(&copy).unwrap().replacen("39.1", "39.2", 1);
    fs::write(&copy, changed).unwrap();
    says(&["fit", "--resume", &text(&second)], &["is not what it was"]);
    // New rows without a column, and with words for numbers.
    let new = place.path().join("new.csv");
    fs::write(&new, "island,sex,year\nDream,male,2007\n").unwrap();
    says(&["predict", &out, &text(&new), "-o", "x.csv"], &["bill_length_mm"]);
    let header = fs::read_to_string(&penguins).unwrap().lines().next().unwrap().to_owned();
    fs::write(&new, format!("{header}\nAdelie,Dream,long,18,180,3500,male,2007\n")).unwrap();
    says(&["predict", &out, &text(&new), "-o", "x.csv"], &["bill_length_mm", "long"]);
    // No bundle, a cut one, a file of another kind.
    let cut = place.path().join("cut.consort");
    let bundle = fs::read(run.join("bundle.consort")).unwrap();
    fs::write(&cut, &bundle[..bundle.len() / 2]).unwrap();
    says(&["predict", &text(&cut), &penguins, "-o", "x.csv"], &["checksum"]);
    says(&["predict", &penguins, &penguins, "-o", "x.csv"], &["no file of consort"]);
    says(&["fit", "--resume", &text(place.path())], &["no run"]);
}

#[test]
fn a_level_and_a_column_that_training_did_not_have_are_answered_with_a_warning() {
    let place = folder();
    let run = place.path().join("run");
    let penguins = shipped("tables/penguins.csv");
    assert!(fit(&penguins, "species", &run, &QUICK).ok);
    let new = place.path().join("new.csv");
    fs::write(
        &new,
        "extra,year,sex,body_mass_g,flipper_length_mm,bill_depth_mm,bill_length_mm,island\n1,2008,female,3400,185,17,38,Atlantis\n",
    )
    .unwrap();
    let out = place.path().join("out.csv");
    let ran = consort(&["predict", &text(&run), &text(&new), "-o", &text(&out)]);
    assert!(ran.ok && ran.stderr.contains("Atlantis"), "{}", ran.stderr);
    assert!(fs::read_to_string(&out).unwrap().lines().nth(1).unwrap().ends_with("Adelie"));
}

#[test]
fn d17_data_that_one_stump_parts_is_fitted_and_predicted() {
    let place = folder();
    let run = place.path().join("run");
    let data = case("d17/separable.csv");
    let ran = fit(&data, "y", &run, &["--method", "adaboost", "--folds", "2", "--json"]);
    assert!(ran.ok, "{}", ran.stderr);
    let told = consort(&["evaluate", &text(&run), &data, "--metrics", "accuracy", "--json"]).json();
    assert_eq!(told["predictions"][0]["scores"]["accuracy"], 1.0, "{told}");
}
