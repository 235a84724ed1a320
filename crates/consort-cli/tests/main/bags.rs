//! `--method bag` and `--method boost`: many fits of one member, side by side or one after another.

use std::{fs, path::Path};

use serde_json::Value;

use crate::{fit::products, program::*};

fn fit(data: &str, target: &str, run: &str, more: &[&str]) -> Ran {
    consort(&[&["fit", data, "--target", target, "-o", run], more].concat())
}

fn names(told: &Value) -> Vec<&str> {
    told["members"].as_array().unwrap().iter().map(|member| member["name"].as_str().unwrap()).collect()
}

fn nested(told: &Value, metric: &str) -> f64 {
    told["ensemble"]["nested"][metric].as_f64().unwrap()
}

#[test]
fn a_bag_is_told_by_the_rows_that_its_draws_leave_out() {
    let folder = folder();
    let run = path(&folder, "run");
    let ran = fit(&shipped("tables/credit_train.csv"), "Status", &run, &["--method", "bag", "--json"]);
    let told = ran.json();
    assert_eq!(names(&told), ["tree"]);
    let fits = fs::read_dir(Path::new(&run).join("models/tree")).unwrap().map(|file| file.unwrap().path());
    let fits = fits.filter(|path| path.extension().is_some_and(|ending| ending == "fit")).count();
    assert_eq!(fits, 50, "each draw is a fit of its own");
    assert!(!told["warnings"].to_string().contains("no fold tests"), "{told}");
    // Deep trees know the rows that they saw, and score on others what was said.
    let score = |table: &str| {
        let told = consort(&["evaluate", &run, table, "--metrics", "brier,accuracy", "--json"]).json();
        let scores = &told["predictions"][0]["scores"];
        (scores["brier"].as_f64().unwrap(), scores["accuracy"].as_f64().unwrap())
    };
    let (seen, unseen) = (score(&shipped("tables/credit_train.csv")), score(&shipped("tables/credit_test.csv")));
    let honest = (nested(&told, "brier"), nested(&told, "accuracy"));
    assert!(seen.1 > honest.1 + 0.1, "{seen:?} {honest:?}");
    assert!((honest.0 - unseen.0).abs() < 0.02 && (honest.1 - unseen.1).abs() < 0.03, "{honest:?} {unseen:?}");
    // It is a run like others: a bundle predicts the same, and the report can be made anew.
    let (bundle, test) = (path(&folder, "bag.consort"), shipped("tables/credit_test.csv"));
    assert!(consort(&["bundle", &run, "-o", &bundle]).ok);
    let [one, other] = ["one.csv", "other.csv"].map(|name| path(&folder, name));
    assert!(
        consort(&["predict", &run, &test, "-o", &one]).ok && consort(&["predict", &bundle, &test, "-o", &other]).ok
    );
    assert!(fs::read(one).unwrap() == fs::read(other).unwrap());
    let again = consort(&["report", &run, "-o", &path(&folder, "again.html"), "--json"]).json();
    assert!((nested(&again, "brier") - honest.0).abs() < 1e-6, "{again}");
}

#[test]
fn bags_of_members_do_not_depend_on_threads_and_go_on_where_they_were_stopped() {
    let folder = folder();
    let data = shipped("tables/penguins.csv");
    let [one, two] = ["one", "two"].map(|name| path(&folder, name));
    let bag = ["--method", "bag", "--repeats", "12"];
    let told =
        fit(&data, "species", &one, &[&bag[..], &["--members", "tree,gnb", "--threads", "1", "--json"]].concat());
    assert_eq!(names(&told.json()), ["gnb", "tree"]);
    assert!(fit(&data, "species", &two, &[&bag[..], &["--members", "gnb,tree", "--threads", "2"]].concat()).ok);
    assert!(products(Path::new(&one)) == products(Path::new(&two)));
    for gone in ["models/tree/l0-r7-f0.fit", "models/gnb/l0-r0-f0.fit", "bundle.consort", "members.json"] {
        fs::remove_file(Path::new(&one).join(gone)).unwrap();
    }
    assert!(consort(&["fit", "--resume", &one]).ok);
    assert!(products(Path::new(&one)) == products(Path::new(&two)));
    // Its recipe does it again, and a member can go.
    let again = path(&folder, "again");
    let ran = consort(&["fit", "--recipe", &format!("{one}/recipe.toml"), "-o", &again]);
    assert!(ran.ok, "{}", ran.stderr);
    assert!(products(Path::new(&again)) == products(Path::new(&two)));
    assert!(consort(&["members", &two, "drop", "gnb"]).ok);
    assert!(consort(&["predict", &two, &data, "-o", &path(&folder, "out.csv")]).ok);
}

#[test]
fn a_bag_draws_whole_groups_and_heeds_weights_and_layers() {
    let folder = folder();
    // Each row four times: a draw that tears copies apart has seen what it is asked.
    let row =
        |i: usize| format!("{},{},v{},{},{}\n", i / 4 * 37 % 101, i / 4 * 53 % 17, i / 4, 1 + i % 2, i / 4 * 29 % 47);
    let rows: String = (0..240).map(row).collect();
    let data = write(&folder, "t.csv", &format!("x,z,visit,w,y\n{rows}"));
    let bag = |name: &str, more: &[&str]| {
        let own = ["--method", "bag", "--repeats", "10", "--members", "tree", "--json"];
        fit(&data, "y", &path(&folder, name), &[&own[..], more].concat()).json()
    };
    let (torn, whole) = (bag("torn", &["--ignore", "visit,w"]), bag("whole", &["--group", "visit", "--ignore", "w"]));
    assert!(torn["findings"].to_string().contains("copies-apart") && whole["findings"].as_array().unwrap().is_empty());
    assert!(
        nested(&torn, "rmse") < 0.7 * nested(&whole, "rmse"),
        "{} {}",
        nested(&torn, "rmse"),
        nested(&whole, "rmse")
    );
    for (name, more) in [("weights", ["--weight", "w"]), ("layers", ["--layers", "2"])] {
        let told = bag(name, &[&more[..], &["--group", "visit"]].concat());
        assert!(nested(&told, "rmse") > 0.7 * nested(&whole, "rmse"), "{told}");
        assert!(consort(&["predict", &path(&folder, name), &data, "-o", &path(&folder, "out.csv")]).ok);
    }
}

#[test]
fn any_learner_of_numbers_is_boosted_whatever_the_target() {
    let folder = folder();
    let penguins = shipped("tables/penguins.csv");
    for (name, target, metric, bounds) in
        [("classes", "species", "accuracy", 0.95..1.0), ("numbers", "body_mass_g", "r2", 0.8..0.95)]
    {
        let run = path(&folder, name);
        let more = ["--method", "boost", "--members", "linear,tree", "--folds", "3", "--drop-missing-target", "--json"];
        let told = fit(&penguins, target, &run, &more).json();
        assert_eq!(names(&told), ["linear", "tree"]);
        assert!(bounds.contains(&nested(&told, metric)), "{told}");
        let out = path(&folder, "out.csv");
        assert!(consort(&["predict", &run, &penguins, "-o", &out]).ok);
        let again = path(&folder, &format!("{name} again"));
        let ran = consort(&["fit", "--recipe", &format!("{run}/recipe.toml"), "-o", &again]);
        assert!(ran.ok, "{}", ran.stderr);
        assert!(products(Path::new(&again)) == products(Path::new(&run)));
    }
}

#[test]
fn a_learner_of_classes_is_not_boosted_and_is_named() {
    let folder = folder();
    let penguins = shipped("tables/penguins.csv");
    let more = ["--method", "boost", "--members", "gnb,tree", "--folds", "2", "--json"];
    let told = fit(&penguins, "species", &path(&folder, "run"), &more).json();
    assert_eq!(names(&told), ["tree"]);
    assert!(told["warnings"].to_string().contains("left out `gnb`"), "{told}");
    let ran = fit(&penguins, "species", &path(&folder, "alone"), &["--method", "boost", "--members", "logistic"]);
    assert!(ran.error().contains("`logistic`"), "{}", ran.stderr);
}

#[test]
fn what_does_not_go_with_a_bag_is_said_before_any_work() {
    let folder = folder();
    let (penguins, run) = (shipped("tables/penguins.csv"), path(&folder, "run"));
    for (more, words) in [
        (&["--fold", "year"][..], &["--fold", "--method bag"][..]),
        (&["--time", "year"], &["--time", "future"]),
        (&["--folds", "5"], &["--folds", "--repeats"]),
        (&["--repeats", "0"], &["--repeats"]),
        (&["--members", "magic"], &["magic"]),
    ] {
        let ran = fit(&penguins, "species", &run, &[&["--method", "bag"], more].concat());
        assert!(words.iter().all(|word| ran.error().contains(word)), "{more:?}: {}", ran.stderr);
        assert!(!Path::new(&run).exists(), "{more:?}");
    }
}

#[test]
fn patches_and_other_losses_are_said_in_a_recipe() {
    let folder = folder();
    let recipe = write(
        &folder,
        "r.toml",
        r#"
folds = 2
method = "average"

[[members]]
name = "patches"
learner = "bagging"
members = 10
features = 0.5
draw = { subsample = { share = 0.5 } }
of = { learner = "decision_tree" }

[[members]]
name = "median line"
learner = "boosting"
loss = { loss = "absolute" }
of = { learner = "encoded", encoder = { encoder = "table" }, of = { learner = "linear" } }
"#,
    );
    let told = fit(
        &shipped("tables/penguins.csv"),
        "body_mass_g",
        &path(&folder, "run"),
        &["--recipe", &recipe, "--drop-missing-target", "--json"],
    );
    let told = told.json();
    assert_eq!(names(&told).len(), 2, "{told}");
    assert!(nested(&told, "r2") > 0.7, "{told}");
}
