use consort_core::{Model, Samples};
use consort_trees::{boosting::BoostedTrees, import};
use serde_json::Value;

use crate::reference::{assert_near, flat, read, rows};

const READABLE: [&str; 17] = [
    "binary",
    "binary_sigmoid",
    "multiclass",
    "regression",
    "l1",
    "huber",
    "fair",
    "mape",
    "quantile",
    "poisson",
    "gamma",
    "tweedie",
    "cross_entropy",
    "zero_as_missing",
    "no_missing",
    "forest",
    "dart",
];

pub(crate) fn model(name: &str) -> BoostedTrees {
    import::lightgbm(&read(&format!("lightgbm_{name}.txt"))).unwrap()
}

pub(crate) fn answers(name: &str) -> Value {
    serde_json::from_str::<Value>(&read("lightgbm.json")).unwrap()[name].clone()
}

#[test]
fn predictions_are_those_of_lightgbm() {
    let data = rows();
    for name in READABLE {
        let model = model(name);
        let want = flat(&answers(name)["prediction"]);
        let got = model.predict(&Samples::all(&data)).unwrap();
        // Where LightGBM gives the probability of the second class alone, two columns are given here.
        let skip = usize::from(want.len() * 2 == got.values().len());
        let columns = got.columns();
        let got = (0..got.rows()).flat_map(|i| got.row(i)[skip..columns].to_vec()).map(f64::from);
        assert_near(name, got, &want, 1e-6);
    }
}

#[test]
fn what_cannot_be_kept_is_refused_by_name() {
    let data = |name: &str| import::lightgbm(&read(&format!("lightgbm_{name}.txt"))).unwrap_err().to_string();
    assert!(data("linear").contains("linear trees"), "{}", data("linear"));
    assert!(data("ova").contains("multiclassova"), "{}", data("ova"));
    assert!(data("sqrt").contains("regression sqrt"), "{}", data("sqrt"));
    assert!(data("lambda").contains("cross_entropy_lambda"), "{}", data("lambda"));
    let old = read("lightgbm_l1.txt").replace("version=v4", "version=v2");
    assert!(import::lightgbm(&old).unwrap_err().to_string().contains("v2"));
    assert!(import::lightgbm("").is_err());
    assert!(import::lightgbm("{\"learner\": {}}").unwrap_err().to_string().contains("save_model"));
}

#[test]
fn a_feature_whose_zeros_are_missing_to_some_splits_only_is_refused() {
    let text = read("lightgbm_zero_as_missing.txt");
    let mixed = text.replacen("decision_type=6", "decision_type=10", 1);
    assert_ne!(mixed, text);
    assert!(import::lightgbm(&mixed).unwrap_err().to_string().contains("zeros are missing to some"));
}

#[test]
fn damage_is_named_with_its_tree_and_field() {
    let text = read("lightgbm_regression.txt");
    let refused = |from: &str, to: &str| {
        let other = text.replacen(from, to, 1);
        assert_ne!(other, text, "{from}");
        import::lightgbm(&other).unwrap_err().to_string()
    };
    assert!(refused("left_child=", "left_child=0 ").contains("tree 0"));
    assert!(refused("num_leaves=8", "num_leaves=99999999999").contains("leaf_value"));
    assert!(refused("num_leaves=8", "num_leaves=-1").contains("`num_leaves` is `-1`"));
    assert!(refused("leaf_value=", "leaf_value=nan ").contains("9 numbers instead of 8"));
    assert!(refused("num_tree_per_iteration=1", "num_tree_per_iteration=4000000000").contains("trees"));
    assert!(refused("max_feature_idx=5", "max_feature_idx=18446744073709551615").contains("features"));
    assert!(refused("num_cat=", "num_cat=18446744073709551615").contains("num_cat"));
    assert!(refused("num_cat=2", "num_cat=3").contains("cat_boundaries"));
}
