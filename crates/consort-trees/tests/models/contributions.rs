//! Contributions against LightGBM, XGBoost and the definition.

use crate::{
    lightgbm,
    reference::{assert_near, flat, rows},
    xgboost,
};
use consort_core::{Classes, Column, Dataset, Features, FitContext, Model, Samples, Seed, Stream, Target};
use consort_trees::{
    Node, Split, Test, Tree,
    decision_tree::DecisionTree,
    explain::Contributions,
    forest::RandomForest,
    import,
    model::{Feature, TreeEnsemble},
};

/// As other programs write them: after the features of each output what is expected.
fn as_others(contributions: &Contributions) -> Vec<f64> {
    let mut all = Vec::new();
    for row in 0..contributions.rows() {
        for (output, &expected) in contributions.expected().iter().enumerate() {
            all.extend(contributions.of(row, output));
            all.push(expected);
        }
    }
    all
}

#[test]
fn contributions_are_those_of_lightgbm() {
    let data = rows();
    for name in ["binary", "multiclass", "regression", "zero_as_missing", "forest"] {
        let got = lightgbm::model(name).contributions(&Samples::all(&data)).unwrap();
        let mut want = flat(&lightgbm::answers(name)["contributions"]);
        if name == "forest" {
            // LightGBM predicts the mean of its six trees, and contributes to their sum.
            want.iter_mut().for_each(|x| *x /= 6.0);
        }
        assert_near(name, as_others(&got), &want, 1e-6);
    }
}

#[test]
fn contributions_are_those_of_xgboost() {
    let data = rows();
    for name in ["binary", "categories", "softprob", "regression", "forest"] {
        let got = xgboost::model(name).contributions(&Samples::all(&data)).unwrap();
        // XGBoost sums in single precision.
        assert_near(name, as_others(&got), &flat(&xgboost::answers(name)["contributions"]), 3e-6);
    }
}

#[test]
fn importances_are_those_of_lightgbm_and_xgboost() {
    for (model, answers) in [
        (lightgbm::model("regression"), lightgbm::answers("regression")),
        (xgboost::model("regression"), xgboost::answers("regression")),
    ] {
        let importances = model.importances();
        let names: Vec<&str> = importances.iter().map(|importance| importance.name.as_str()).collect();
        assert_eq!(names, ["a", "b", "hole", "sparse", "kind", "count"]);
        assert_near("gain", importances.iter().map(|i| i.gain), &flat(&answers["gain"]), 1e-5);
        assert_near("splits", importances.iter().map(|i| i.splits as f64), &flat(&answers["split"]), 0.0);
    }
}

/// A random tree of at most `inner` splits over the features, with thresholds among 0..4 and sets of 0..4.
fn random_tree(inner: usize, features: u64, width: usize, stream: &mut Stream) -> Tree {
    let mut nodes = vec![Node::leaf(64.0)];
    let mut sets = Vec::new();
    for _ in 0..inner {
        let at = stream.below(nodes.len() as u64) as usize;
        if nodes[at].split.is_some() || nodes[at].cover < 2.0 {
            continue;
        }
        let test = if stream.below(3) == 0 {
            sets.push(vec![stream.below(16)]);
            Test::Among(sets.len() as u32 - 1)
        } else {
            Test::AtMost(stream.below(4) as f32)
        };
        let left = nodes.len() as u32;
        let feature = stream.below(features) as u32;
        nodes[at].split = Some(Split { feature, test, missing_left: stream.below(2) == 0, left, gain: 1.0 });
        // Sometimes no training row at all goes one way.
        let cover = stream.below(nodes[at].cover as u64 + 1) as f64;
        nodes.push(Node::leaf(cover));
        nodes.push(Node::leaf(f64::from(nodes[at].cover) - cover));
    }
    let values = (0..nodes.len() * width).map(|_| stream.normal() as f32).collect();
    Tree::new(nodes, values, sets).unwrap()
}

/// What the tree predicts of a row if only some features are known: the mean of both sides at a split by another.
fn known_in_part(tree: &Tree, node: usize, row: &[f32], known: u32, output: usize) -> f64 {
    let Some(split) = &tree.nodes()[node].split else { return f64::from(tree.value(node)[output]) };
    let [left, right] = split.children();
    let x = row[split.feature as usize];
    if known >> split.feature & 1 == 1 {
        let goes = if tree.goes_left(split, x) { left } else { right };
        return known_in_part(tree, goes, row, known, output);
    }
    let (a, b) = (f64::from(tree.nodes()[left].cover), f64::from(tree.nodes()[right].cover));
    let (a, b) = if a + b > 0.0 { (a / (a + b), b / (a + b)) } else { (0.5, 0.5) };
    a * known_in_part(tree, left, row, known, output) + b * known_in_part(tree, right, row, known, output)
}

/// The Shapley value by its definition, over all sets of the other features.
fn shapley(features: u32, feature: u32, worth: impl Fn(u32) -> f64) -> f64 {
    let factorial = |n: u32| (1..=n).map(f64::from).product::<f64>();
    (0..1u32 << features)
        .filter(|set| set >> feature & 1 == 0)
        .map(|set| {
            let size = set.count_ones();
            let weight = factorial(size) * factorial(features - size - 1) / factorial(features);
            weight * (worth(set | 1 << feature) - worth(set))
        })
        .sum()
}

pub(crate) fn numbers(columns: Vec<Vec<f32>>) -> Dataset {
    let columns =
        columns.into_iter().enumerate().map(|(f, values)| Column::Numeric { name: format!("x{f}"), values }).collect();
    Dataset::new(Features::Columns(columns)).unwrap()
}

#[test]
fn contributions_are_shapley_values_by_definition() {
    const FEATURES: u32 = 5;
    let mut stream = Seed::new(5).stream();
    for round in 0..150 {
        let width = 1 + round % 3;
        let splits = 1 + stream.below(24) as usize;
        let trees: Vec<Tree> = (0..2).map(|_| random_tree(splits, u64::from(FEATURES), width, &mut stream)).collect();
        let value = |stream: &mut Stream| match stream.below(6) {
            5 => f32::NAN,
            x => x as f32,
        };
        let columns: Vec<Vec<f32>> = (0..FEATURES).map(|_| (0..19).map(|_| value(&mut stream)).collect()).collect();
        let features = (0..FEATURES).map(|f| Feature::Numeric { name: format!("x{f}") }).collect();
        let is_known = |tree: &Tree| {
            tree.nodes()[0].split.is_none_or(|split| split.children().iter().any(|&c| tree.nodes()[c].cover > 0.0))
        };
        assert!(trees.iter().all(is_known));
        let ensemble = TreeEnsemble::new(features, vec![0.25; width], trees.clone()).unwrap();
        let data = numbers(columns.clone());
        let got = ensemble.contributions(&Samples::all(&data)).unwrap();
        for i in 0..19 {
            let row: Vec<f32> = columns.iter().map(|column| column[i]).collect();
            for output in 0..width {
                let worth = |known: u32| -> f64 {
                    trees.iter().map(|tree| known_in_part(tree, 0, &row, known, output)).sum::<f64>() + 0.25
                };
                let want: Vec<f64> = (0..FEATURES).map(|f| shapley(FEATURES, f, worth)).collect();
                assert_near("contributions", got.of(i, output).to_vec(), &want, 1e-12);
                assert_near("expected", [got.expected()[output]], &[worth(0)], 1e-12);
            }
        }
    }
}

/// Rows with gaps and a target of three classes or numbers.
pub(crate) fn lesson(rows: usize) -> (Vec<Vec<f32>>, Vec<u32>, Vec<f64>) {
    let mut stream = Seed::new(11).stream();
    let columns: Vec<Vec<f32>> = (0..12)
        .map(|_| (0..rows).map(|_| if stream.below(12) == 0 { f32::NAN } else { stream.normal() as f32 }).collect())
        .collect();
    let known = |f: usize, i: usize| if columns[f][i].is_nan() { -1.0 } else { f64::from(columns[f][i]) };
    let y: Vec<f64> = (0..rows)
        .map(|i| known(0, i) + known(1, i) * known(2, i) + (3..12).map(|f| 0.2 * known(f, i)).sum::<f64>())
        .collect();
    let codes = y.iter().map(|&y| u32::from(y > -0.7) + u32::from(y > 0.7)).collect();
    (columns, codes, y)
}

#[test]
fn contributions_sum_to_the_prediction_of_deep_forests_and_trees() {
    let (columns, codes, y) = lesson(700);
    let classes = Classes::new(["low", "middle", "high"]).unwrap();
    let classified = numbers(columns.clone()).with_target(Target::Classes { codes, classes }).unwrap();
    let valued = numbers(columns).with_target(Target::from_values(y, "y").unwrap()).unwrap();
    let ctx = FitContext::new(Seed::new(3));
    let sums_up = |data: &Dataset, model: &dyn Model, why: &Contributions| {
        let predicted = model.predict(&Samples::all(data)).unwrap();
        for i in 0..predicted.rows() {
            for (k, &p) in predicted.row(i).iter().enumerate() {
                let sum = why.expected()[k] + why.of(i, k).iter().sum::<f64>();
                assert!((sum - f64::from(p)).abs() < 1e-6 * f64::from(p).abs().max(1.0), "row {i}, {k}: {sum}, {p}");
            }
        }
        assert!(why.mean_absolute(0)[0] > 0.0);
    };
    for data in [&classified, &valued] {
        let samples = Samples::all(data);
        let forest = RandomForest::default().trees(12).fit_forest(&samples, &ctx).unwrap();
        sums_up(data, &forest, &forest.contributions(&samples).unwrap());
        let tree = DecisionTree::default().fit_tree(&samples, &ctx).unwrap();
        sums_up(data, &tree, &tree.contributions(&samples).unwrap());
    }
}

#[test]
fn one_thread_and_three_give_the_same_bits() {
    let (columns, _, y) = lesson(500);
    let data = numbers(columns).with_target(Target::from_values(y, "y").unwrap()).unwrap();
    let forest =
        RandomForest::default().trees(9).fit_forest(&Samples::all(&data), &FitContext::new(Seed::new(0))).unwrap();
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| forest.contributions(&Samples::all(&data)).unwrap())
    };
    assert_eq!(with(1), with(3));
    // Rows that are chosen get what they get among all.
    let numbers: Vec<u32> = (0..500).rev().step_by(7).collect();
    let few = forest.contributions(&Samples::rows(&data, &numbers).unwrap()).unwrap();
    let all = with(2);
    for (i, &row) in numbers.iter().enumerate() {
        assert_eq!(few.of(i, 0), all.of(row as usize, 0));
    }
}

#[test]
fn trees_without_covers_are_refused() {
    let text = crate::reference::read("lightgbm_regression.txt");
    let bare: String = text.lines().filter(|line| !line.contains("_count=")).map(|line| format!("{line}\n")).collect();
    let model = import::lightgbm(&bare).unwrap();
    let error = model.contributions(&Samples::all(&rows())).unwrap_err().to_string();
    assert!(error.contains("no cover"), "{error}");
}

#[test]
fn a_lone_leaf_and_no_feature_are_explained_by_nothing() {
    let tree = Tree::new(vec![Node::leaf(1.0)], vec![2.0], vec![]).unwrap();
    let features = vec![Feature::Numeric { name: "x0".into() }];
    let ensemble = TreeEnsemble::new(features, vec![1.0], vec![tree]).unwrap();
    let why = ensemble.contributions(&Samples::all(&numbers(vec![vec![1.0, f32::NAN]]))).unwrap();
    assert_eq!((why.expected(), why.values()), (&[3.0][..], &[0.0, 0.0][..]));
    assert!(why.of(2, 0).is_empty() && why.of(0, 1).is_empty());
}
