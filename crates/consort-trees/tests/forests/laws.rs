//! Laws that every tree learner keeps.

use std::sync::Arc;

use consort_core::{
    Cancel, Classes, Column, Dataset, Features, FitContext, Learner, Matrix, Model, Samples, Seed, Target,
};
use consort_trees::{
    Test,
    adaboost::AdaBoost,
    boosting::GradientBoosting,
    decision_tree::{ClassWeights, Criterion, DecisionTree, Resolution, Shape, SplitFeatures},
    forest::{Draw, RandomForest},
};

use crate::tables::{columns, table};

fn context() -> FitContext<'static> {
    FitContext::new(Seed::new(0))
}

fn learners() -> Vec<Arc<dyn Learner>> {
    let forest = RandomForest::default().trees(8);
    vec![
        Arc::new(DecisionTree::default()),
        Arc::new(DecisionTree::default().exact()),
        Arc::new(DecisionTree::default().shape(Shape { leaves: Some(20), ..Shape::default() })),
        Arc::new(forest.clone()),
        Arc::new(forest.clone().resolution(Resolution::Exact)),
        Arc::new(RandomForest::extra_trees().trees(8)),
        Arc::new(RandomForest::extra_trees().trees(8).resolution(Resolution::Exact)),
        Arc::new(RandomForest::random_patches(0.5, 0.5).trees(8)),
        Arc::new(AdaBoost::default().rounds(8)),
    ]
}

fn fit(learner: &dyn Learner, samples: &Samples<'_>) -> Matrix {
    learner.fit(samples, &context()).unwrap().predict(&Samples::all(samples.dataset())).unwrap()
}

#[test]
fn threads_change_no_bit_and_models_and_learners_survive_serde() {
    for classes in [0, 2, 4] {
        let data = table(1500, classes);
        let all = Samples::all(&data);
        for learner in learners() {
            let with = |threads: usize| {
                let model = learner.fit(&all, &FitContext { threads, ..context() }).unwrap();
                model.predict(&all).unwrap()
            };
            let one = with(1);
            assert_eq!(one, with(2), "{learner:?}");
            let text = serde_json::to_string(&learner).unwrap();
            let again: Arc<dyn Learner> = serde_json::from_str(&text).unwrap();
            let model = again.fit(&all, &context()).unwrap();
            let back: Box<dyn Model> = serde_json::from_str(&serde_json::to_string(&model).unwrap()).unwrap();
            assert_eq!(back.predict(&all).unwrap(), one, "{learner:?}");
        }
    }
}

#[test]
fn probabilities_sum_to_1_and_an_absent_class_has_none() {
    let mut data = table(600, 3);
    let Some(Target::Classes { codes, .. }) = data.target().cloned() else { unreachable!() };
    let more = Classes::new(["a", "never", "b", "c"]).unwrap();
    let codes = codes.iter().map(|&code| if code == 0 { 0 } else { code + 1 }).collect();
    data = data.with_target(Target::Classes { codes, classes: more }).unwrap();
    for learner in learners() {
        let out = fit(&*learner, &Samples::all(&data));
        for i in 0..600 {
            assert!((out.row(i).iter().sum::<f32>() - 1.0).abs() < 1e-4, "{learner:?}");
        }
        assert!((0..600).all(|i| out.at(i, 1) == 0.0), "{learner:?}");
    }
}

#[test]
fn a_weight_of_2_is_two_rows_and_one_of_0_is_none() {
    for classes in [0, 2, 4] {
        let data = table(400, classes);
        let weights: Vec<f64> = (0..400).map(|i| f64::from(i % 3)).collect();
        let rows: Vec<u32> = (0..400u32).flat_map(|i| std::iter::repeat_n(i, (i % 3) as usize)).collect();
        for learner in learners() {
            let by_weight = fit(&*learner, &Samples::all(&data).with_weights(&weights).unwrap());
            assert_eq!(by_weight, fit(&*learner, &Samples::rows(&data, &rows).unwrap()), "{learner:?}");
        }
    }
}

#[test]
fn copies_of_rows_in_the_data_grow_the_tree_of_weights() {
    for classes in [0, 3] {
        let data = table(300, classes);
        let copies: Vec<u32> = (0..300u32).flat_map(|i| std::iter::repeat_n(i, 1 + (i % 3) as usize)).collect();
        let Features::Columns(columns) = data.features() else { unreachable!() };
        let copied = columns.iter().map(|column| match column {
            Column::Numeric { name, values } => {
                Column::Numeric { name: name.clone(), values: copies.iter().map(|&row| values[row as usize]).collect() }
            }
            Column::Categorical { name, codes, levels } => Column::Categorical {
                name: name.clone(),
                codes: copies.iter().map(|&row| codes[row as usize]).collect(),
                levels: levels.clone(),
            },
        });
        let copied = Dataset::new(Features::Columns(copied.collect()))
            .unwrap()
            .with_target(data.target().unwrap().take(&copies))
            .unwrap();
        let weights: Vec<f64> = (0..300).map(|i| f64::from(1 + i % 3)).collect();
        // Categories are judged by rows of the data set, of which copies are several.
        let shape = Shape { depth: Some(6), min_level_rows: 1, ..Shape::default() };
        let tree = DecisionTree::default().exact().shape(shape);
        let weighted = Samples::all(&data).with_weights(&weights).unwrap();
        let of_weights = tree.fit_tree(&weighted, &context()).unwrap();
        let of_copies = tree.fit_tree(&Samples::all(&copied), &context()).unwrap();
        let all = Samples::all(&data);
        for (a, b) in of_weights.predict(&all).unwrap().values().iter().zip(of_copies.predict(&all).unwrap().values()) {
            assert!((a - b).abs() < 1e-5, "{a} {b}");
        }
    }
}

#[test]
fn the_order_of_columns_changes_no_bit_though_splits_tie_and_features_are_drawn() {
    for classes in [0, 2, 4] {
        let data = table(300, classes);
        let Features::Columns(columns) = data.features() else { unreachable!() };
        // Two columns tell the same: all their splits tie.
        let Column::Numeric { values, .. } = &columns[0] else { unreachable!() };
        let twin = Column::Numeric { name: "again".into(), values: values.clone() };
        let columns: Vec<Column> = columns.iter().cloned().chain([twin]).collect();
        let in_order = |order: [usize; 5]| {
            let columns = order.map(|f| columns[f].clone()).to_vec();
            let target = data.target().unwrap().clone();
            Dataset::new(Features::Columns(columns)).unwrap().with_target(target).unwrap()
        };
        let order = [3, 4, 2, 0, 1];
        let (here, there) = (in_order([0, 1, 2, 3, 4]), in_order(order));
        for learner in learners() {
            let (one, other) = (fit(&*learner, &Samples::all(&here)), fit(&*learner, &Samples::all(&there)));
            assert_eq!(one, other, "{learner:?}");
        }
        let tree = DecisionTree::default();
        let [a, b] = [&here, &there].map(|data| tree.fit_tree(&Samples::all(data), &context()).unwrap().importances());
        assert_eq!(order.map(|f| a[f]).to_vec(), b);
        assert!((a.iter().sum::<f64>() - 1.0).abs() < 1e-9 && a[0] == 0.0 && a[4] > 0.2, "{a:?}");
    }
}

#[test]
fn several_targets_and_yes_or_no_labels_are_predicted_together() {
    let (columns, signal) = columns(600);
    let features = Features::Columns(columns);
    let both: Vec<f64> = signal.iter().flat_map(|y| [*y, -2.0 * y]).collect();
    let names = vec!["a".to_string(), "b".to_string()];
    let values = Target::Values { values: both.clone(), names: names.clone() };
    let labels = Target::Labels { values: both.iter().map(|y| *y > 1.0).collect(), names };
    for target in [values, labels] {
        let data = Dataset::new(features.clone()).unwrap().with_target(target).unwrap();
        for learner in &learners()[..8] {
            let out = fit(&**learner, &Samples::all(&data));
            let Some(target) = data.target() else { unreachable!() };
            let right = (0..1200)
                .filter(|&i| {
                    let got = f64::from(out.values()[i]);
                    match target {
                        Target::Labels { values, .. } => (got > 0.5) == values[i],
                        _ => (got - both[i]).abs() < 2.0,
                    }
                })
                .count();
            assert!(right > 1000, "{learner:?}: {right} of 1200");
        }
    }
}

#[test]
fn one_target_alone_and_twice_grow_the_same_tree() {
    let (columns, signal) = columns(500);
    let data = |copies: usize| {
        let values = signal.iter().flat_map(|y| std::iter::repeat_n(*y, copies)).collect();
        let names = (0..copies).map(|k| k.to_string()).collect();
        let target = Target::Values { values, names };
        Dataset::new(Features::Columns(columns.clone())).unwrap().with_target(target).unwrap()
    };
    let tree = DecisionTree::default().depth(5);
    let (one, two) = (fit(&tree, &Samples::all(&data(1))), fit(&tree, &Samples::all(&data(2))));
    for i in 0..500 {
        assert!((one.at(i, 0) - two.at(i, 0)).abs() < 1e-5 && two.at(i, 0) == two.at(i, 1));
    }
}

#[test]
fn a_category_is_parted_at_once_where_numbers_need_many_cuts() {
    let codes: Vec<u32> = (0..400).map(|i| i % 20).collect();
    let levels = (0..20).map(|k| k.to_string()).collect();
    let column = Column::Categorical { name: "c".into(), codes: codes.clone(), levels };
    let features = Features::Columns(vec![column]);
    let odd = Classes::new(["even", "odd"]).unwrap();
    let target = Target::Classes { codes: codes.iter().map(|code| code % 2).collect(), classes: odd };
    let two = Dataset::new(features.clone()).unwrap().with_target(target).unwrap();
    let three = Classes::new(["a", "b", "c"]).unwrap();
    let target = Target::Classes { codes: codes.iter().map(|code| code % 3).collect(), classes: three };
    let three = Dataset::new(features).unwrap().with_target(target).unwrap();
    for (data, depth) in [(two, 1), (three, 2)] {
        for tree in [DecisionTree::default(), DecisionTree::default().exact()] {
            let out = fit(&tree.depth(depth), &Samples::all(&data));
            let Some(Target::Classes { codes, .. }) = data.target() else { unreachable!() };
            assert!((0..400).all(|i| out.at(i, codes[i] as usize) == 1.0));
        }
    }
}

/// A category of 200 levels that says nothing, beside a number that does.
#[test]
fn a_category_of_many_small_levels_that_says_nothing_does_no_harm() {
    let (rows, levels) = (1600, 200);
    let draw = |seed: u64, with_category: bool| {
        let mut stream = Seed::new(seed).stream();
        let mut normal = || (0..rows).map(|_| stream.normal() as f32).collect::<Vec<f32>>();
        let (x, z) = (normal(), normal());
        let codes: Vec<u32> = (0..rows).map(|_| stream.below(levels) as u32).collect();
        let y: Vec<f64> = x.iter().zip(&z).map(|(&x, &z)| f64::from(x + z * z) + stream.normal()).collect();
        let number = |name: &str, values| Column::Numeric { name: name.into(), values };
        let mut columns = vec![number("x", x), number("z", z)];
        if with_category {
            let levels = (0..levels).map(|k| k.to_string()).collect();
            columns.push(Column::Categorical { name: "c".into(), codes, levels });
        }
        let target = Target::from_values(y.clone(), "y").unwrap();
        (Dataset::new(Features::Columns(columns)).unwrap().with_target(target).unwrap(), y)
    };
    let error = |learner: &dyn Learner, with_category| {
        let ((train, _), (test, y)) = (draw(1, with_category), draw(2, with_category));
        let said = learner.fit(&Samples::all(&train), &context()).unwrap().predict(&Samples::all(&test)).unwrap();
        (said.values().iter().zip(&y).map(|(p, y)| (f64::from(*p) - y).powi(2)).sum::<f64>() / rows as f64).sqrt()
    };
    let learners: [Box<dyn Learner>; 3] = [
        Box::new(RandomForest::default().trees(30)),
        Box::new(DecisionTree::default()),
        Box::new(DecisionTree::default().exact()),
    ];
    for learner in learners {
        let (with, without) = (error(&*learner, true), error(&*learner, false));
        assert!(with < 1.03 * without, "{}: {with} with the category, {without} without", learner.name());
    }
}

/// Levels of few rows go together; on the rows that a tree learnt from, a model says what it sums up while it is fitted.
#[test]
fn levels_of_few_rows_are_routed_alike_in_fitting_and_predicting() {
    let mut stream = Seed::new(5).stream();
    let rows = 400;
    // Level 0 has half of the rows, and each of 60 others a few.
    let codes: Vec<u32> = (0..rows).map(|i| if i % 2 == 0 { 0 } else { 1 + stream.below(60) as u32 }).collect();
    let y: Vec<f64> = codes.iter().map(|&code| f64::from(u8::from(code == 0)) + 0.1 * stream.normal()).collect();
    let levels = (0..61).map(|k| k.to_string()).collect();
    let data =
        Dataset::new(Features::Columns(vec![Column::Categorical { name: "c".into(), codes: codes.clone(), levels }]))
            .unwrap()
            .with_target(Target::from_values(y.clone(), "y").unwrap())
            .unwrap();
    for stump in [DecisionTree::default().depth(1), DecisionTree::default().depth(1).exact()] {
        let said =
            fit(&stump.shape(Shape { min_level_rows: 30, depth: Some(1), ..Shape::default() }), &Samples::all(&data));
        for side in [true, false] {
            let own: Vec<usize> = (0..rows).filter(|&i| (codes[i] == 0) == side).collect();
            let mean = own.iter().map(|&i| y[i]).sum::<f64>() / own.len() as f64;
            assert!(own.iter().all(|&i| (f64::from(said.at(i, 0)) - mean).abs() < 1e-6), "{side}");
        }
    }
}

#[test]
fn missing_values_are_parted_from_all_others_where_that_is_best() {
    let values: Vec<f32> = (0..100).map(|i| if i % 4 == 0 { f32::NAN } else { i as f32 }).collect();
    let target = Target::from_values((0..100).map(|i| f64::from(u8::from(i % 4 == 0))).collect(), "y").unwrap();
    let column = Column::Numeric { name: "x".into(), values };
    let data = Dataset::new(Features::Columns(vec![column])).unwrap().with_target(target).unwrap();
    for learner in &learners()[..3] {
        let out = fit(&**learner, &Samples::all(&data));
        assert!((0..100).all(|i| out.at(i, 0) == f32::from(u8::from(i % 4 == 0))), "{learner:?}");
    }
    let extra = RandomForest::extra_trees().trees(3).shape(Shape { depth: Some(1), ..Shape::default() });
    assert!(extra.fit(&Samples::all(&data), &context()).is_ok());
}

#[test]
fn bounds_hold_in_every_leaf() {
    let data = table(900, 3);
    let all = Samples::all(&data);
    let shape = Shape { min_leaf_rows: 7, min_leaf_weight: 0.02, min_split_rows: 40, ..Shape::default() };
    let tree = DecisionTree::default().shape(shape).fit_tree(&all, &context()).unwrap();
    for node in tree.tree().nodes() {
        assert!(node.cover >= 18.0);
        assert!(node.split.is_none() || node.cover >= 40.0);
    }
    let gains: Vec<f32> = tree.tree().nodes().iter().filter_map(|node| node.split).map(|split| split.gain).collect();
    let few = DecisionTree::default().shape(Shape { min_decrease: 0.01, ..Shape::default() });
    let few = few.fit_tree(&all, &context()).unwrap();
    assert!(few.tree().nodes().iter().filter_map(|node| node.split).all(|split| split.gain / 900.0 >= 0.0099));
    assert!(few.tree().leaves() < gains.len());
}

#[test]
fn best_first_with_leaves_enough_is_depth_first() {
    let data = table(500, 3);
    let all = Samples::all(&data);
    let deep = fit(&DecisionTree::default(), &all);
    let best = fit(&DecisionTree::default().shape(Shape { leaves: Some(500), ..Shape::default() }), &all);
    assert_eq!(deep, best);
}

#[test]
fn what_does_not_suit_is_refused_by_name() {
    let (classes, numbers) = (table(100, 2), table(100, 0));
    let refused =
        |learner: &dyn Learner, data: &Dataset| learner.fit(&Samples::all(data), &context()).unwrap_err().to_string();
    let tree = DecisionTree::default();
    assert!(refused(&tree.clone().criterion(Criterion::SquaredError), &classes).contains("squared_error"));
    assert!(refused(&tree.clone().criterion(Criterion::Gini), &numbers).contains("gini"));
    assert!(refused(&tree.clone().criterion(Criterion::Poisson), &numbers).contains("at least 0"));
    assert!(refused(&tree.clone().class_weights(ClassWeights::Balanced), &numbers).contains("class weights"));
    let forest = RandomForest::default();
    assert!(refused(&forest.clone().trees(0), &numbers).contains("`trees` is 0"));
    assert!(refused(&forest.clone().draw(Draw::Balanced), &numbers).contains("balanced bootstrap"));
    assert!(refused(&forest.clone().draw(Draw::Bootstrap { share: f64::NAN }), &numbers).contains("share"));
    assert!(refused(&forest.clone().split_features(SplitFeatures::Count(0)), &numbers).contains("split_features"));
    let extra = RandomForest::extra_trees().criterion(Criterion::AbsoluteError);
    assert!(refused(&extra, &numbers).contains("medians"));
    assert!(refused(&AdaBoost::default().rounds(0), &numbers).contains("`rounds` is 0"));
    let none = vec![0.0; 100];
    for learner in learners() {
        let error = learner.fit(&Samples::all(&numbers).with_weights(&none).unwrap(), &context()).unwrap_err();
        assert!(error.to_string().contains("0 in every row"), "{error}");
        let empty = learner.fit(&Samples::rows(&numbers, &[]).unwrap(), &context()).unwrap_err();
        assert!(empty.to_string().contains("empty"), "{empty}");
        let (columns, _) = columns(10);
        let blank = Dataset::new(Features::Columns(columns)).unwrap();
        let error = learner.fit(&Samples::all(&blank), &context()).unwrap_err();
        assert!(error.to_string().contains("without a target"), "{error}");
        let cancel = Cancel::default();
        cancel.cancel();
        let error = learner.fit(&Samples::all(&numbers), &FitContext { cancel: Some(&cancel), ..context() });
        assert!(error.unwrap_err().to_string().contains("cancelled"));
    }
}

#[test]
fn odd_tables_are_fitted_without_a_panic() {
    let values = [
        vec![f32::NAN; 12],
        vec![1.0; 12],
        (0..12).map(|i| if i % 2 == 0 { f32::INFINITY } else { f32::NEG_INFINITY }).collect(),
        (0..12).map(|i| if i % 3 == 0 { f32::MAX } else { f32::MIN }).collect(),
        (0..12).map(|i| if i % 3 == 0 { f32::MIN_POSITIVE } else { -0.0 }).collect(),
    ];
    let column = |(f, values): (usize, &Vec<f32>)| Column::Numeric { name: f.to_string(), values: values.clone() };
    let codes = vec![Column::MISSING; 12];
    let absent = Column::Categorical { name: "absent".into(), codes, levels: vec!["a".into()] };
    let columns: Vec<Column> = values.iter().enumerate().map(column).chain([absent]).collect();
    let alternating = |y: f64| (0..12).map(|i| if i % 2 == 0 { y } else { -y }).collect::<Vec<f64>>();
    for (y, is_fitted) in [(vec![1e300; 12], false), (alternating(1e150), false), (alternating(3e38), true)] {
        let data = Dataset::new(Features::Columns(columns.clone())).unwrap();
        let data = data.with_target(Target::Values { values: y, names: vec!["y".into()] }).unwrap();
        for learner in learners() {
            let model = learner.fit(&Samples::all(&data), &context());
            match model {
                Ok(model) => assert!(is_fitted && model.predict(&Samples::all(&data)).is_ok()),
                Err(error) => assert!(!is_fitted && error.to_string().contains("row 1"), "{error}"),
            }
        }
    }
    for rows in [1, 2, 3] {
        let data = table(rows, 2);
        for learner in &learners()[..8] {
            assert_eq!(fit(&**learner, &Samples::all(&data)).rows(), rows);
        }
    }
}

#[test]
fn what_rounding_leaves_of_a_side_without_weight_is_no_split() {
    let mut stream = Seed::new(11).stream();
    for trial in 0..300 {
        // The last rows weigh next to nothing; the order of rows is not that of the cuts.
        let (rows, light) = (40usize, 1 + trial % 3);
        let mut order: Vec<usize> = (0..rows).collect();
        stream.shuffle(&mut order);
        let weight: Vec<f64> =
            (0..rows).map(|i| (0.1 + stream.unit()) * if i >= rows - light { 1e-20 } else { 1.0 }).collect();
        let y: Vec<f64> = (0..rows).map(|i| stream.unit() + if i < 20 { 0.0 } else { 2.0 }).collect();
        let side = |part: std::ops::Range<usize>| {
            let (weight_of, sum) = part.fold((0.0, 0.0), |(w, s), i| (w + weight[i], s + weight[i] * (y[i] - 1.5)));
            sum * sum / weight_of
        };
        let purity = |cut: usize| side(0..cut + 1) + side(cut + 1..rows);
        let best = (0..rows - 1).map(purity).fold(f64::MIN, f64::max);
        let x = order.iter().map(|&i| i as f32).collect();
        let data = Dataset::new(Features::Columns(vec![Column::Numeric { name: "x".into(), values: x }]))
            .unwrap()
            .with_target(Target::from_values(order.iter().map(|&i| y[i]).collect(), "y").unwrap())
            .unwrap()
            .with_weights(order.iter().map(|&i| weight[i]).collect())
            .unwrap();
        for stump in [DecisionTree::default().depth(1), DecisionTree::default().depth(1).exact()] {
            let tree = stump.fit_tree(&Samples::all(&data), &context()).unwrap();
            let split = tree.tree().nodes()[0].split.unwrap();
            let Test::AtMost(threshold) = split.test else { unreachable!() };
            assert!(purity(threshold as usize) > best - 1e-9, "trial {trial}: cut at {threshold}, gain {}", split.gain);
        }
    }
}

#[test]
fn categories_that_a_node_lacks_pull_predictions_to_no_side() {
    // A category that says nothing beside a number that says all: rare levels are absent from most nodes.
    let (rows, levels) = (1000, 200);
    let mut stream = Seed::new(99).stream();
    let mut draw = || {
        let x: Vec<f32> = (0..rows).map(|_| stream.unit() as f32).collect();
        let y: Vec<f64> = x.iter().map(|&x| 4.0 * f64::from(x) + stream.normal()).collect();
        let codes = (0..rows).map(|_| stream.below(levels) as u32).collect();
        let levels = (0..levels).map(|k| k.to_string()).collect();
        let columns = vec![
            Column::Numeric { name: "x".into(), values: x },
            Column::Categorical { name: "c".into(), codes, levels },
        ];
        let target = Target::from_values(y.clone(), "y").unwrap();
        (Dataset::new(Features::Columns(columns)).unwrap().with_target(target).unwrap(), y)
    };
    let ((train, _), (test, y)) = (draw(), draw());
    let learners: [Box<dyn Learner>; 4] = [
        Box::new(RandomForest::default().trees(30)),
        Box::new(RandomForest::extra_trees().trees(30)),
        Box::new(DecisionTree::default()),
        Box::new(GradientBoosting::default()),
    ];
    for learner in learners {
        let model = learner.fit(&Samples::all(&train), &context()).unwrap();
        let said = model.predict(&Samples::all(&test)).unwrap();
        let bias = y.iter().zip(said.values()).map(|(y, &p)| f64::from(p) - y).sum::<f64>() / rows as f64;
        // Five standard errors.
        assert!(bias.abs() < 0.25, "{}: {bias}", learner.name());
    }
}

#[test]
fn what_no_row_of_the_fit_had_goes_with_most_rows() {
    // Three quarters of the rows are of level `b`, or of x = 1: a new level or a missing number is taken for them.
    let code = |i: usize| if i.is_multiple_of(4) { 0 } else { 1 };
    let level = |codes: Vec<u32>| Column::Categorical {
        name: "c".into(),
        codes,
        levels: ["a", "b", "c"].map(String::from).to_vec(),
    };
    let number = |values: Vec<f32>| Column::Numeric { name: "x".into(), values };
    for (low, high) in [(0.0, 1.0), (1.0, 0.0)] {
        let y = Target::from_values((0..200).map(|i| if code(i) == 0 { low } else { high }).collect(), "y").unwrap();
        let features = [
            (level((0..200).map(|i| code(i) as u32).collect()), level(vec![2, Column::MISSING])),
            (number((0..200).map(|i| code(i) as f32).collect()), number(vec![f32::NAN])),
            (number((0..200).map(|i| -(code(i) as f32)).collect()), number(vec![f32::NAN])),
        ];
        for (seen, new) in features {
            let data = Dataset::new(Features::Columns(vec![seen])).unwrap().with_target(y.clone()).unwrap();
            let new = Dataset::new(Features::Columns(vec![new])).unwrap();
            let learners: [Box<dyn Learner>; 4] = [
                Box::new(DecisionTree::default()),
                Box::new(DecisionTree::default().exact()),
                Box::new(RandomForest::extra_trees().trees(3)),
                Box::new(GradientBoosting::default()),
            ];
            for learner in learners {
                let model = learner.fit(&Samples::all(&data), &context()).unwrap();
                let said = model.predict(&Samples::all(&new)).unwrap();
                assert!(said.values().iter().all(|p| (f64::from(*p) - high).abs() < 0.1), "{}", learner.name());
            }
        }
    }
}

#[test]
fn one_target_far_off_leaves_all_others_as_they_are() {
    for far in [1e6, 1e12, 1e18, 1e30] {
        for at in [39, 17] {
            let x = Column::Numeric { name: "x".into(), values: (0..40).map(|i| i as f32).collect() };
            let y = |i: usize| if i == at { far } else { (i / 10 + 1) as f64 };
            let one = Target::from_values((0..40).map(y).collect(), "y").unwrap();
            let names = ["a".to_owned(), "b".to_owned()].to_vec();
            let two = Target::Values { values: (0..40).flat_map(|i| [y(i), -y(i)]).collect(), names };
            for target in [one, two] {
                let data = Dataset::new(Features::Columns(vec![x.clone()])).unwrap().with_target(target).unwrap();
                for tree in [DecisionTree::default(), DecisionTree::default().exact()] {
                    let said = fit(&tree, &Samples::all(&data));
                    for i in (0..40).filter(|&i| i != at) {
                        assert_eq!(f64::from(said.at(i, 0)), y(i), "row {i} with {far} in row {at}");
                    }
                }
            }
        }
    }
}
