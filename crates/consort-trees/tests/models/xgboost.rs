use consort_core::{Column, Dataset, Features, Model, Samples};
use consort_trees::{boosting::BoostedTrees, import};
use serde_json::Value;

use crate::reference::{assert_near, flat, read, rows};

const READABLE: [&str; 22] = [
    "binary",
    "categories",
    "one_hot",
    "logit",
    "logistic",
    "softprob",
    "softmax",
    "regression",
    "exact",
    "absolute",
    "quantile",
    "quantiles",
    "huber",
    "squared_log",
    "poisson",
    "gamma",
    "tweedie",
    "rank",
    "forest",
    "dart",
    "stopped",
    "targets",
];

pub(crate) fn text(name: &str) -> String {
    read(&format!("xgboost_{name}.json"))
}

pub(crate) fn model(name: &str) -> BoostedTrees {
    import::xgboost(&text(name)).unwrap()
}

pub(crate) fn answers(name: &str) -> Value {
    serde_json::from_str::<Value>(&read("xgboost.json")).unwrap()[name].clone()
}

#[test]
fn predictions_are_those_of_xgboost() {
    let data = rows();
    let samples = Samples::all(&data);
    for name in READABLE {
        let model = model(name);
        assert_near(name, model.scores(&samples).unwrap(), &flat(&answers(name)["raw"]), 1e-6);
        let want = flat(&answers(name)["prediction"]);
        let got = model.predict(&samples).unwrap();
        if name == "softmax" {
            // XGBoost gives the number of the likeliest class.
            let likeliest = |row: &[f32]| (0..3).max_by(|&a, &b| row[a].total_cmp(&row[b])).unwrap() as f64;
            assert_near(name, (0..got.rows()).map(|i| likeliest(got.row(i))), &want, 0.0);
            continue;
        }
        // Where XGBoost gives the probability of the second class alone, two columns are given here.
        let skip = usize::from(want.len() * 2 == got.values().len());
        let columns = got.columns();
        let got = (0..got.rows()).flat_map(|i| got.row(i)[skip..columns].to_vec()).map(f64::from);
        assert_near(name, got, &want, 1e-6);
    }
}

#[test]
fn the_best_rounds_are_those_of_early_stopping() {
    let data = rows();
    let best = import::xgboost_best(&text("stopped")).unwrap();
    let answers = answers("stopped");
    assert_eq!([model("stopped").rounds() as f64, best.rounds() as f64], flat(&answers["rounds"])[..]);
    assert_near("best", best.scores(&Samples::all(&data)).unwrap(), &flat(&answers["best"]), 1e-6);
    assert_eq!(import::xgboost_best(&text("regression")).unwrap().rounds(), model("regression").rounds());
    // Two trees a round count as two rounds here.
    let several = text("softmax").replacen("\"attributes\":{}", "\"attributes\":{\"best_iteration\":\"0\"}", 1);
    assert_eq!(import::xgboost_best(&several).unwrap().rounds(), 2);
}

#[test]
fn the_levels_that_a_file_holds_are_those_of_the_columns() {
    let answers = answers("levels");
    let texts = |name: &str| -> Column {
        let levels: Vec<String> = serde_json::from_value(answers["table"][name]["levels"].clone()).unwrap();
        let codes = serde_json::from_value(answers["table"][name]["codes"].clone()).unwrap();
        Column::Categorical { name: name.into(), codes, levels }
    };
    let values = flat(&answers["table"]["x"]).into_iter().map(|x| x as f32).collect();
    let columns = vec![Column::Numeric { name: "x".into(), values }, texts("colour"), texts("size")];
    let data = Dataset::new(Features::Columns(columns)).unwrap();
    let got = model("levels").scores(&Samples::all(&data)).unwrap();
    assert_near("levels", got, &flat(&answers["raw"]), 1e-6);
    let beyond = text("levels").replacen("[98,108,", "[-61,-92,", 1);
    assert!(import::xgboost(&beyond).map(|_| ()).unwrap_err().to_string().contains("beyond ASCII"));
}

#[test]
fn what_cannot_be_kept_is_refused_by_name() {
    let refused = |name: &str| import::xgboost(&text(name)).map(|_| ()).unwrap_err().to_string();
    assert!(refused("hinge").contains("binary:hinge"), "{}", refused("hinge"));
    assert!(refused("linear").contains("gblinear"), "{}", refused("linear"));
    assert!(refused("vector").contains("multi_output_tree"), "{}", refused("vector"));
    assert!(import::xgboost("").map(|_| ()).unwrap_err().to_string().contains(".json"));
    assert!(import::xgboost("{}").map(|_| ()).unwrap_err().to_string().contains("learner"));
    let several = text("targets").replace("reg:squarederror", "binary:logistic");
    assert!(import::xgboost(&several).map(|_| ()).unwrap_err().to_string().contains("with 3 targets"));
}

#[test]
fn damage_is_named() {
    let text = text("regression");
    let refused = |from: &str, to: &str| {
        let other = text.replacen(from, to, 1);
        assert_ne!(other, text, "{from}");
        import::xgboost(&other).map(|_| ()).unwrap_err().to_string()
    };
    assert!(refused("\"left_children\":[1,", "\"left_children\":[0,").contains("tree 0"));
    assert!(refused("\"left_children\":[1,", "\"left_children\":[-7,").contains("no node"));
    assert!(refused("\"sum_hessian\":[", "\"sum_hessian\":[1,").contains("`sum_hessian`"));
    assert!(refused("\"tree_info\":[0,", "\"tree_info\":[1,").contains("output 1 of 1"));
    assert!(refused("\"tree_info\":[0,", "\"tree_info\":[").contains("6 trees"));
    assert!(refused("\"base_score\":\"[", "\"base_score\":\"[1,").contains("base_score"));
    assert!(refused("\"num_class\":\"0\"", "\"num_class\":\"4000000000\"").contains("4000000000 outputs"));
    assert!(
        refused("\"num_feature\":\"6\",\"num_target\"", "\"num_feature\":\"18446744073709551615\",\"num_target\"")
            .contains("6 names")
    );
    let unnamed = text.replace("[\"a\",\"b\",\"hole\",\"sparse\",\"kind\",\"count\"]", "[]").replacen(
        "\"num_feature\":\"6\",\"num_target\"",
        "\"num_feature\":\"4000000000\",\"num_target\"",
        1,
    );
    assert!(import::xgboost(&unnamed).map(|_| ()).unwrap_err().to_string().contains("without names"));
    let large = read("xgboost_categories.json").replacen("\"categories\":[0,", "\"categories\":[4294967295,", 1);
    assert!(import::xgboost(&large).map(|_| ()).unwrap_err().to_string().contains("categories"));
}
