//! The binary form: what was saved comes back to the bit, and harm is an error.

use consort_core::{Classes, FitContext, Model, Outputs, Samples, Seed, Target};
use consort_trees::{
    binary,
    bins::Binned,
    boosting::{BoostedTrees, GradientBoosting},
    decision_tree::{DecisionTree, FittedTree},
    forest::{Forest, RandomForest},
    model::TreeEnsemble,
};

use crate::{
    contributions::{lesson, numbers},
    hostile::harm,
    lightgbm,
    reference::rows,
    xgboost,
};

fn ctx() -> FitContext<'static> {
    FitContext::new(Seed::new(4))
}

fn forest() -> Forest {
    let (columns, codes, _) = lesson(300);
    let classes = Classes::new(["low", "middle", "high"]).unwrap();
    let data = numbers(columns).with_target(Target::Classes { codes, classes }).unwrap();
    RandomForest::default().trees(5).fit_forest(&Samples::all(&data), &ctx()).unwrap()
}

#[test]
fn what_was_saved_comes_back_to_the_bit() {
    for model in ["binary", "zero_as_missing", "multiclass", "forest"]
        .map(lightgbm::model)
        .into_iter()
        .chain(["categories", "one_hot", "levels", "poisson", "quantile", "tweedie"].map(xgboost::model))
    {
        let bytes = model.to_bytes().unwrap();
        let back = BoostedTrees::from_bytes(&bytes).unwrap();
        assert_eq!(back.trees(), model.trees());
        assert_eq!(format!("{:?}", back.loss()), format!("{:?}", model.loss()));
        assert_eq!(back.to_bytes().unwrap(), bytes);
    }
    let forest = forest();
    assert_eq!(Forest::from_bytes(&forest.to_bytes().unwrap()).unwrap(), forest);
    let trees = forest.trees().clone();
    assert_eq!(TreeEnsemble::from_bytes(&trees.to_bytes().unwrap()).unwrap(), trees);
    let (columns, _, y) = lesson(200);
    let data = numbers(columns).with_target(Target::from_values(y, "y").unwrap()).unwrap();
    let tree = DecisionTree::default().fit_tree(&Samples::all(&data), &ctx()).unwrap();
    assert_eq!(FittedTree::from_bytes(&tree.to_bytes().unwrap()).unwrap(), tree);
    let boost = GradientBoosting::default();
    let binned = Binned::shared(&data, &boost.bins).unwrap();
    let boosted = boost.fit_binned(&binned, &Samples::all(&data), &ctx()).unwrap();
    let back = BoostedTrees::from_bytes(&boosted.to_bytes().unwrap()).unwrap();
    assert_eq!(back.predict(&Samples::all(&data)).unwrap(), boosted.predict(&Samples::all(&data)).unwrap());
}

#[test]
fn a_model_of_any_kind_is_read_by_its_bytes() {
    let forest = forest();
    let (columns, _, _) = lesson(50);
    let data = numbers(columns);
    let model = binary::model(&forest.to_bytes().unwrap()).unwrap();
    let samples = Samples::all(&data);
    assert_eq!(model.predict(&samples).unwrap(), forest.predict(&samples).unwrap());
    assert!(matches!(forest.outputs(), Outputs::Classes(_)));
    let bare = forest.trees().to_bytes().unwrap();
    assert!(binary::model(&bare).unwrap_err().to_string().contains("an ensemble of trees"));
    let error = BoostedTrees::from_bytes(&forest.to_bytes().unwrap()).map(|_| ()).unwrap_err().to_string();
    assert!(error.contains("holds a forest, not boosted trees"), "{error}");
}

#[test]
fn any_changed_bit_and_any_cut_is_an_error() {
    let bytes = xgboost::model("one_hot").to_bytes().unwrap();
    for length in 0..bytes.len() {
        assert!(BoostedTrees::from_bytes(&bytes[..length]).is_err(), "{length}");
    }
    for bit in 0..8 * bytes.len() {
        let mut bytes = bytes.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        assert!(BoostedTrees::from_bytes(&bytes).is_err(), "{bit}");
    }
    let longer = [&bytes[..], &[0]].concat();
    assert!(BoostedTrees::from_bytes(&longer).map(|_| ()).unwrap_err().to_string().contains("checksum"));
}

#[test]
fn a_newer_version_is_refused_by_name() {
    let mut bytes = xgboost::model("one_hot").to_bytes().unwrap();
    bytes[8] = 2;
    let error = BoostedTrees::from_bytes(&bytes).map(|_| ()).unwrap_err().to_string();
    assert!(error.contains("version 2"), "{error}");
    assert!(BoostedTrees::from_bytes(b"{}").map(|_| ()).unwrap_err().to_string().contains("does not start as one"));
}

/// A forger knows the checksum: then the parts of the file must be judged by themselves.
#[test]
fn harm_under_a_right_checksum_is_read_or_refused() {
    let data = rows();
    let mut stream = Seed::new(9).stream();
    let mut readable = 0;
    for model in [xgboost::model("categories"), lightgbm::model("multiclass")] {
        let bytes = model.to_bytes().unwrap();
        for _ in 0..4000 {
            // The first ten bytes are told apart elsewhere.
            let mut harmed = bytes[..10].to_vec();
            harmed.extend(harm(&bytes[10..bytes.len() - 32], &mut stream));
            let checksum = blake3::hash(&harmed);
            harmed.extend_from_slice(checksum.as_bytes());
            if let Ok(model) = BoostedTrees::from_bytes(&harmed) {
                readable += 1;
                let _ = model.predict(&Samples::all(&data));
                let _ = model.contributions(&Samples::all(&data));
            }
        }
    }
    // Some harm touches values only, so the readers' later parts were reached.
    assert!(readable > 100, "{readable}");
}

#[test]
fn bytes_are_two_fifths_of_json_at_most() {
    let forest = forest();
    let (bytes, json) = (forest.to_bytes().unwrap().len(), serde_json::to_string(&forest).unwrap().len());
    assert!(bytes * 5 < json * 2, "{bytes} of {json}");
}
