//! Exact trees equal those of scikit-learn on ten data sets.

use consort_core::{Classes, Column, Dataset, Features, FitContext, Model, Samples, Seed, Target};
use consort_trees::decision_tree::{ClassWeights, Criterion, DecisionTree, Shape};
use serde::Deserialize;

#[derive(Deserialize)]
struct Reference {
    classes: usize,
    x: Vec<Vec<Option<f32>>>,
    y: Vec<f64>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    criterion: Criterion,
    max_depth: Option<usize>,
    min_samples_leaf: usize,
    max_leaf_nodes: Option<usize>,
    ccp_alpha: Option<f64>,
    min_impurity_decrease: Option<f64>,
    weighted: bool,
    balanced: bool,
    leaves: usize,
    importances: Vec<f64>,
    importances_agree: bool,
    predictions: Vec<Vec<f64>>,
    path: Option<Path>,
}

#[derive(Deserialize)]
struct Path {
    alphas: Vec<f64>,
    impurities: Vec<f64>,
}

fn load(name: &str) -> (Reference, Dataset) {
    let path = format!("{}/tests/data/exact_trees/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let reference: Reference = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let columns = reference.x.iter().enumerate().map(|(f, column)| Column::Numeric {
        name: format!("x{f}"),
        values: column.iter().map(|value| value.unwrap_or(f32::NAN)).collect(),
    });
    let target = if reference.classes > 0 {
        let classes = Classes::new((0..reference.classes).map(|k| k.to_string())).unwrap();
        Target::Classes { codes: reference.y.iter().map(|&y| y as u32).collect(), classes }
    } else {
        Target::from_values(reference.y.clone(), "y").unwrap()
    };
    let data = Dataset::new(Features::Columns(columns.collect())).unwrap().with_target(target).unwrap();
    (reference, data)
}

fn expect_equal(name: &str) {
    let (reference, data) = load(name);
    let rows = data.rows() as u32;
    let (held, train): (Vec<u32>, Vec<u32>) = (0..rows).partition(|row| row % 3 == 0);
    let mut weights = vec![0.0; rows as usize];
    train.iter().enumerate().for_each(|(i, &row)| weights[row as usize] = (1 + i % 3) as f64);
    let context = FitContext::new(Seed::new(0));
    for case in &reference.cases {
        let shape = Shape {
            depth: case.max_depth,
            leaves: case.max_leaf_nodes,
            min_leaf_rows: case.min_samples_leaf,
            min_decrease: case.min_impurity_decrease.unwrap_or(0.0),
            ..Shape::default()
        };
        let mut learner = DecisionTree::default().criterion(case.criterion).shape(shape).exact();
        if case.balanced {
            learner = learner.class_weights(ClassWeights::Balanced);
        }
        let mut samples = Samples::rows(&data, &train).unwrap();
        if case.weighted {
            samples = samples.with_weights(&weights).unwrap();
        }
        let what = format!("{name}, {:?}, weighted {}", learner, case.weighted);
        if let Some(path) = &case.path {
            let got = learner.pruning_path(&samples, &context).unwrap();
            for (got, want) in [(&got.alphas, &path.alphas), (&got.impurities, &path.impurities)] {
                assert_eq!(got.len(), want.len(), "{what}");
                for (got, want) in got.iter().zip(want) {
                    assert!((got - want).abs() < 1e-9 * (1.0 + want.abs()), "{what}: {got} {want}");
                }
            }
        }
        let tree = learner.ccp_alpha(case.ccp_alpha.unwrap_or(0.0)).fit_tree(&samples, &context).unwrap();
        assert_eq!(tree.tree().leaves(), case.leaves, "{what}");
        let predicted = tree.predict(&Samples::rows(&data, &held).unwrap()).unwrap();
        for (i, want) in case.predictions.iter().enumerate() {
            for (&got, &want) in predicted.row(i).iter().zip(want) {
                assert!((f64::from(got) - want).abs() < 2e-7 * (1.0 + want.abs()), "{what}, row {i}: {got} {want}");
            }
        }
        if case.importances_agree {
            for (got, want) in tree.importances().iter().zip(&case.importances) {
                assert!((got - want).abs() < 1e-6, "{what}: {got} {want}");
            }
        }
    }
    assert!(!reference.cases.is_empty());
}

#[test]
fn iris() {
    expect_equal("iris");
}

#[test]
fn wine() {
    expect_equal("wine");
}

#[test]
fn breast_cancer() {
    expect_equal("breast_cancer");
}

#[test]
fn digits() {
    expect_equal("digits");
}

#[test]
fn diabetes() {
    expect_equal("diabetes");
}

#[test]
fn penguins_with_missing_values() {
    expect_equal("penguins");
}

#[test]
fn credit_with_missing_values() {
    expect_equal("credit");
}

#[test]
fn hpc() {
    expect_equal("hpc");
}

#[test]
fn diamonds() {
    expect_equal("diamonds");
}

#[test]
fn numbers_of_ames() {
    expect_equal("ames");
}
