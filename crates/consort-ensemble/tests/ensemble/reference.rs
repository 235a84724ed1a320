//! Ensembles beside those of scikit-learn.

use std::sync::Arc;

use consort_core::{Classes, Column, Dataset, Features, FitContext, Learner, Model, Samples, Seed, Target};
use consort_ensemble::{
    NamedLearner,
    bag::{Bagging, Draw},
    encode::{Encoded, Scale},
    stack::Stacking,
};
use consort_linfa::{GaussianNb, KNearest, LogisticRegression};
use consort_split::Predefined;
use consort_trees::decision_tree::DecisionTree;
use serde_json::Value;

fn file(name: &str) -> String {
    std::fs::read_to_string(format!("{}/tests/data/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn json(name: &str) -> Value {
    serde_json::from_str(&file(name)).unwrap()
}

/// A table of numbers whose target is the last column.
pub(crate) fn table(name: &str, is_class: bool) -> Dataset {
    let text = file(name);
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    let rows: Vec<Vec<&str>> = lines.map(|line| line.split(',').collect()).collect();
    let (width, y) = (names.len() - 1, rows.iter().map(|row| row[names.len() - 1]));
    let column = |f: usize| Column::Numeric {
        name: names[f].into(),
        values: rows.iter().map(|row| row[f].parse().unwrap()).collect(),
    };
    let target = if is_class {
        Target::from_labels(y, &Classes::new(["0", "1"]).unwrap(), "y").unwrap()
    } else {
        Target::from_values(y.map(|y| y.parse().unwrap()).collect(), "y").unwrap()
    };
    Dataset::new(Features::Columns((0..width).map(column).collect())).unwrap().with_target(target).unwrap()
}

fn list(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

#[test]
fn a_stack_has_the_out_of_fold_columns_and_predictions_of_scikit_learn() {
    let data = table("breast_cancer.csv", true);
    let all = Samples::all(&data);
    let reference = json("stacking.json");
    let text = file("stacking_oof.csv");
    let columns: Vec<&str> = text.lines().next().unwrap().split(',').collect();
    let column = |name: &str| -> Vec<&str> {
        let at = columns.iter().position(|column| *column == name).unwrap();
        text.lines().skip(1).map(|line| line.split(',').nth(at).unwrap()).collect()
    };
    let near = Encoded::new(Arc::new(Scale::default()), Arc::new(KNearest::default()));
    let members = vec![
        NamedLearner::new("lr", LogisticRegression { tolerance: 1e-10, ..Default::default() }),
        NamedLearner::new("gnb", GaussianNb::default()),
        NamedLearner::new("knn5", near),
    ];
    let meta = LogisticRegression { tolerance: 1e-10, ..LogisticRegression::default().standardise(false) };
    for split in ["kfold5", "strat5"] {
        let folds = Predefined::from_labels(column(&format!("{split}_fold"))).unwrap();
        let stack = Stacking::greedy(members.clone()).learner(meta.clone()).splitter(folds);
        let fit = stack.fit_stack(&all, &FitContext { threads: 2, ..FitContext::new(Seed::new(0)) }).unwrap();
        for (m, member) in ["lr", "gnb", "knn5"].into_iter().enumerate() {
            let theirs = column(&format!("{split}_{member}"));
            for (i, theirs) in theirs.iter().enumerate() {
                let (ours, theirs) = (f64::from(fit.seen.predictions.at(m, i, 1)), theirs.parse::<f64>().unwrap());
                // Features are kept in single precision, which the sharp bell curves of naive Bayes feel most.
                assert!((ours - theirs).abs() < 1e-4, "{split} {member}, row {i}: {ours} {theirs}");
            }
        }
        let ten: Vec<u32> = (0..10).collect();
        let ten = Samples::rows(&data, &ten).unwrap();
        let seen = fit.model.member_predictions(&ten).unwrap();
        let of = &reference[split];
        for (m, member) in ["lr", "gnb", "knn5"].into_iter().enumerate() {
            for (i, theirs) in list(&of["members_of_the_first_10_rows"][member]).iter().enumerate() {
                assert!((f64::from(seen.at(m, i, 1)) - theirs).abs() < 1e-4, "{split} {member}, row {i}");
            }
        }
        let predicted = fit.model.predict(&ten).unwrap();
        for (i, theirs) in list(&of["stack_of_the_first_10_rows"]).iter().enumerate() {
            assert!((f64::from(predicted.at(i, 1)) - theirs).abs() < 1e-4, "{split}, row {i}");
        }
    }
}

/// The score of out-of-fold predictions on the folds `row % 5`.
fn score(bagging: &Bagging, data: &Dataset, seed: u64) -> f64 {
    let rows = data.rows();
    let mut sum = 0.0;
    for k in 0..5 {
        let (test, train): (Vec<u32>, Vec<u32>) = (0..rows as u32).partition(|row| row % 5 == k);
        let context = FitContext { threads: 2, ..FitContext::new(Seed::new(seed).nth("fold", u64::from(k))) };
        let model = bagging.fit(&Samples::rows(data, &train).unwrap(), &context).unwrap();
        let predicted = model.predict(&Samples::rows(data, &test).unwrap()).unwrap();
        for (i, &row) in test.iter().enumerate() {
            sum += match data.target().unwrap() {
                Target::Classes { codes, .. } => {
                    f64::from(u8::from(predicted.argmax(i) == Some(codes[row as usize] as usize)))
                }
                Target::Values { values, .. } => (f64::from(predicted.at(i, 0)) - values[row as usize]).powi(2),
                _ => unreachable!(),
            };
        }
    }
    let mean = sum / rows as f64;
    if matches!(data.target(), Some(Target::Classes { .. })) { mean } else { mean.sqrt() }
}

#[test]
fn bags_of_every_kind_score_as_those_of_scikit_learn_do() {
    let reference = json("bagging.json");
    let exact = || DecisionTree::default().exact();
    for (name, is_class) in [("breast_cancer", true), ("diabetes", false)] {
        let data = table(&format!("{name}.csv"), is_class);
        for (kind, bagging) in [
            ("bootstrap", Bagging::new(exact())),
            ("pasting", Bagging::pasting(exact(), 0.5)),
            ("subspaces", Bagging::subspaces(exact(), 0.3)),
            ("patches", Bagging::patches(exact(), 0.5, 0.3)),
        ] {
            let of = &reference["scores"][format!("{name} {kind}")];
            let (theirs, deviation) = (of["mean"].as_f64().unwrap(), of["deviation"].as_f64().unwrap());
            let ours: Vec<f64> = (0..4).map(|seed| score(&bagging, &data, seed)).collect();
            let mean = ours.iter().sum::<f64>() / 4.0;
            // The mean of 4 beside the mean of 8, each seed with their deviation: four standard errors of the difference.
            let error = deviation * (1.0f64 / 4.0 + 1.0 / 8.0).sqrt();
            assert!((mean - theirs).abs() < 4.0 * error, "{name} {kind}: {mean} {theirs} ± {error}");
        }
    }
}

#[test]
fn the_out_of_bag_score_is_that_of_scikit_learn() {
    let of = &json("bagging.json")["scores"]["breast_cancer bootstrap"];
    let (theirs, deviation) = (of["oob_mean"].as_f64().unwrap(), of["oob_deviation"].as_f64().unwrap());
    let data = table("breast_cancer.csv", true);
    let accuracy = consort_metrics::registry::by_name("accuracy").unwrap();
    let bagging = Bagging::new(DecisionTree::default().exact()).draw(Draw::default());
    let mut sum = 0.0;
    for k in 0..5u32 {
        let train: Vec<u32> = (0..data.rows() as u32).filter(|row| row % 5 != k).collect();
        let train = Samples::rows(&data, &train).unwrap();
        let model = bagging.fit_bag(&train, &FitContext::new(Seed::new(1).nth("fold", u64::from(k)))).unwrap();
        sum += model.out_of_bag(&train).unwrap().score(&train, &*accuracy).unwrap().value().unwrap() / 5.0;
    }
    // A mean over the five folds beside one over 40 bags, each bag with their deviation.
    assert!((sum - theirs).abs() < 4.0 * deviation * (1.0f64 / 5.0 + 1.0 / 40.0).sqrt(), "{sum} {theirs} {deviation}");
}
