//! Recipes: a run told by a file, and done again from what it keeps.

use std::{fs, path::Path};

use crate::{fit::products, program::*};

#[test]
fn a_run_is_done_again_to_the_same_bytes_from_the_recipe_that_it_keeps() {
    let folder = folder();
    let place = |name: &str| path(&folder, name);
    fs::copy(shipped("tables/penguins.csv"), place("penguins.csv")).unwrap();
    let recipe = write(
        &folder,
        "recipe.toml",
        r#"
data = "penguins.csv"
target = "species"
ignore = ["year"]
metric = "accuracy"
folds = 3
seed = 7

[[members]]
name = "tree"

[[members]]
name = "slow"
like = "boost"
rounds = 20
learning_rate = 0.02
tree = { leaves = 4 }

[[members]]
name = "small forest"
learner = "random_forest"
trees = 10

[[members]]
like = "linear"
encoder = { encoder = "table", few_levels = 3 }
"#,
    );
    let first = place("first");
    let told = consort(&["fit", "--recipe", &recipe, "-o", &first, "--json"]).json();
    assert_eq!((&told["metric"], &told["seed"]), (&"accuracy".into(), &7.into()));
    let names: Vec<&str> = told["members"].as_array().unwrap().iter().map(|m| m["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["linear", "tree", "slow", "small forest"]);
    assert!(!told["columns"].to_string().contains("nothing"), "{}", told["columns"]);
    // Its own recipe names every parameter, and does the same.
    let kept = format!("{first}/recipe.toml");
    let text = fs::read_to_string(&kept).unwrap();
    assert!(text.contains("rounds = 20") && text.contains("min_rows"), "{text}");
    let again = place("again");
    assert!(consort(&["fit", "--recipe", &kept, "-o", &again]).ok);
    assert!(products(Path::new(&first)) == products(Path::new(&again)));
    assert_eq!(fs::read_to_string(format!("{again}/recipe.toml")).unwrap(), text);
    // Options override it.
    let other = place("other");
    let args =
        ["fit", "--recipe", &kept, "--seed", "8", "--members", "slow,gnb", "--folds", "2", "-o", &other, "--json"];
    let told = consort(&args).json();
    let names: Vec<&str> = told["members"].as_array().unwrap().iter().map(|m| m["name"].as_str().unwrap()).collect();
    assert_eq!((names, &told["seed"]), (vec!["gnb", "slow"], &8.into()));
    let text = fs::read_to_string(format!("{other}/recipe.toml")).unwrap();
    assert!(text.contains("seed = 8") && text.contains("folds = 2") && text.contains("rounds = 20"), "{text}");
}

#[test]
fn every_way_to_say_a_run_is_kept_in_its_recipe() {
    let folder = folder();
    let rows: String =
        (0..60).map(|i| format!("r{i},{},{},{},{}\n", i % 7, i / 6, 1 + i % 3, ["a", "b"][i / 3 % 2])).collect();
    let data = write(&folder, "t.csv", &format!("key,x,g,w,y\n{rows}"));
    let options: [&[&str]; 6] = [
        &["--group", "g", "--weight", "w", "--id", "key", "--positive", "a", "--task", "binary"],
        &["--method", "boost", "--drop-missing-target", "--time-limit", "10m"],
        &["--members", "linear,knn,svm,gnb", "--repeats", "2", "--keep-folds", "--ignore", "g,key"],
        &["--members", "auto", "--layers", "2", "--method", "stack", "--ignore", "key"],
        &["--method", "blend", "--members", "tree,gnb", "--ignore", "key"],
        &["--members", "tree", "--missing-values=-,3", "--categorical", "x,w", "--numeric", "g"],
    ];
    for (number, more) in options.into_iter().enumerate() {
        let (first, again) = (path(&folder, &format!("first {number}")), path(&folder, &format!("again {number}")));
        let ran = consort(&[&["fit", &data, "--target", "y", "--folds", "3", "-o", &first], more].concat());
        assert!(ran.ok, "{more:?}: {}", ran.stderr);
        let kept = format!("{first}/recipe.toml");
        let ran = consort(&["fit", "--recipe", &kept, "-o", &again]);
        assert!(ran.ok, "{more:?}: {}", ran.stderr);
        assert!(products(Path::new(&first)) == products(Path::new(&again)), "{more:?}");
        assert_eq!(fs::read(&kept).unwrap(), fs::read(format!("{again}/recipe.toml")).unwrap(), "{more:?}");
    }
}

#[test]
fn what_is_wrong_in_a_recipe_is_said_with_its_line() {
    let folder = folder();
    let data = shipped("tables/penguins.csv");
    let refused = |text: &str, words: &[&str]| {
        let recipe = write(&folder, "r.toml", text);
        let ran = consort(&["fit", &data, "--target", "species", "--recipe", &recipe, "-o", &path(&folder, "run")]);
        let error = ran.error();
        assert!(words.iter().chain(&["r.toml"]).all(|word| error.contains(word)), "{text}: {error}");
        assert!(!folder.path().join("run").exists(), "{text}");
    };
    refused("fold = \"f\"\nfoldz = 3\n", &["line 2", "foldz", "folds"]);
    refused("folds = \"three\"\n", &["line 1", "three"]);
    refused("folds = 3\nfolds = 4\n", &["line 2", "folds"]);
    refused("folds = 3\nmethod = \"magic\"\n", &["line 2", "magic", "greedy"]);
    refused("members = [\"boost\", 7]\n", &["line 1", "7"]);
    refused("[[members]]\nrounds = 3\n", &["name"]);
    refused(
        "[[members]]\nname = \"boost\"\n\n[[members]]\nname = \"slow\"\nlike = \"boost\"\nround = 3\n",
        &["line 7", "round", "rounds"],
    );
    refused("[[members]]\nname = \"x\"\nlearner = \"magic\"\n", &["line 2", "magic", "random_forest"]);
    refused("members = [\n  \"boost\",\n  \"magic\",\n]\n", &["line 3", "magic"]);
    refused("= 3", &["line 1"]);
    refused("seed = 99999999999999999999\n", &["line 1"]);
    let both = write(&folder, "both.toml", "group = \"island\"\ntime = \"year\"\n");
    let run = path(&folder, "run");
    let ran = consort(&["fit", &data, "--target", "species", "--recipe", &both, "-o", &run]);
    assert!(ran.error().contains("asks for both"), "{}", ran.stderr);
    assert!(consort(&["fit", "--recipe", "nowhere.toml", "-o", &run]).error().contains("nowhere.toml"));
    assert!(consort(&["fit", "-o", &run]).error().contains("--recipe"));
}
