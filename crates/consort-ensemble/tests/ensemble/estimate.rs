//! Nested cross-validation, the probe for leaks, findings about the data.

use std::sync::Arc;

use consort_core::{
    Column, Dataset, Features, FitContext, Fold, Gives, Learner, Matrix, Model, Result, Samples, Seed, Splitter, Takes,
    Target,
};
use consort_ensemble::{
    NamedLearner,
    estimate::{Nested, ShuffledTarget, Told, diagnose_data},
    stack::Stacking,
};
use consort_linfa::linear::LinearRegression;
use consort_split::{GroupKFold, KFold, Predefined, Repeated};
use consort_trees::decision_tree::DecisionTree;
use serde::{Deserialize, Serialize};

use crate::tables::{members, table};

fn context() -> FitContext<'static> {
    FitContext { threads: 2, ..FitContext::new(Seed::new(4)) }
}

#[test]
fn nested_scores_are_those_of_recipes_fitted_by_hand_on_the_outer_training_parts() {
    let data = table(240, 0);
    let all = Samples::all(&data);
    let stack = Stacking::linear(members());
    let recipes =
        [NamedLearner::new("stack", stack.clone()), NamedLearner::new("stump", DecisionTree::default().depth(1))];
    let found = Nested::default().outer(KFold::new(3)).run(&recipes, &all, &context()).unwrap();
    assert_eq!((found.metric.as_str(), found.folds.len()), ("rmse", 3));
    let Some(Target::Values { values, .. }) = data.target() else { unreachable!() };
    let seed = Seed::new(4).child("recipes");
    for (fold, score) in found.folds.iter().zip(&found.recipes[0].folds) {
        let part = consort_ensemble::cross_fit::Part::Fold { repeat: 0, fold: fold.fold };
        let key = consort_ensemble::cross_fit::FitKey { layer: 0, member: "stack".into(), part };
        let context = FitContext::new(key.seed(seed));
        let model = stack.fit(&Samples::rows(&data, &fold.train).unwrap(), &context).unwrap();
        let predicted = model.predict(&Samples::rows(&data, &fold.test).unwrap()).unwrap();
        let errors = fold.test.iter().zip(predicted.values());
        let squares: f64 = errors.map(|(&row, &p)| (f64::from(p) - values[row as usize]).powi(2)).sum();
        assert!((score.value().unwrap() - (squares / fold.test.len() as f64).sqrt()).abs() < 1e-9);
    }
    let [stack, stump] = &found.recipes[..] else { unreachable!() };
    let mean = stack.folds.iter().map(|s| s.value().unwrap()).sum::<f64>() / 3.0;
    assert!((stack.mean.value().unwrap() - mean).abs() < 1e-12);
    let interval = stack.interval.unwrap();
    assert!(interval.low < mean && mean < interval.high && interval.level == 0.95);
    assert!(stack.pooled.value() < stump.pooled.value());
    assert!(found.compare("stack", "stump").unwrap().p_value.value().unwrap() < 0.05);
    assert!(found.compare("stack", "nobody").unwrap_err().to_string().contains("stump"));
}

#[test]
fn nested_scores_take_weights_repeats_and_any_metric_and_refuse_one_that_does_not_suit() {
    let data = table(90, 2);
    let weights: Vec<f64> = (0..90).map(|i| f64::from(i % 3)).collect();
    let weighted = Samples::all(&data).with_weights(&weights).unwrap();
    let tree = [NamedLearner::new("tree", DecisionTree::default())];
    let nested = |metric: &str| Nested::default().metric(consort_metrics::registry::by_name(metric).unwrap());
    let found = nested("roc_auc").outer(Repeated::new(KFold::new(3), 2)).run(&tree, &weighted, &context()).unwrap();
    assert_eq!(found.recipes[0].folds.len(), 6);
    assert!(found.out_of_fold.rows.iter().all(|&row| weights[row as usize] > 0.0), "rows of weight 0 are absent");
    let error = nested("rmse").run(&tree, &weighted, &context()).unwrap_err().to_string();
    assert!(error.contains("rmse"), "{error}");
    let wide = Nested { level: 1.0, ..Nested::default() };
    assert!(wide.run(&tree, &weighted, &context()).unwrap_err().to_string().contains("level"));
}

/// A learner that reads the target of the rows that it is asked about, where it is there to read: with a chance.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Peeks;

#[typetag::serde(name = "test_peeks")]
impl Learner for Peeks {
    fn name(&self) -> String {
        "peeks".into()
    }

    fn takes(&self) -> Takes {
        Takes { categories: true, missing: true, weights: true }
    }

    fn fit(&self, train: &Samples<'_>, _: &FitContext<'_>) -> Result<Box<dyn Model>> {
        // It should look at its own rows only.
        let Some(Target::Values { values, .. }) = train.dataset().target() else { unreachable!() };
        Ok(Box::new(Peeked(values.clone())))
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Peeked(Vec<f64>);

#[typetag::serde(name = "test_peeked")]
impl Model for Peeked {
    fn predict(&self, rows: &Samples<'_>) -> Result<Matrix> {
        // One row in ten is enough to be found.
        let say = |row: usize| if row.is_multiple_of(10) { self.0[row] as f32 } else { 0.0 };
        Matrix::new(rows.len(), 1, (0..rows.len()).map(|i| say(rows.row(i))).collect())
    }
}

#[test]
fn a_recipe_that_peeks_is_found_and_honest_ones_are_not() {
    let data = table(300, 0);
    let all = Samples::all(&data);
    let probe = ShuffledTarget::default();
    let found = probe.of_recipe(Arc::new(Peeks), &all, &context()).unwrap();
    assert!(found.leaks(), "{found}");
    assert!(found.to_string().contains("must not see"), "{found}");
    let honest: [Arc<dyn Learner>; 3] = [
        Arc::new(DecisionTree::default()),
        Arc::new(Stacking::greedy(members())),
        consort_ensemble::encode::suited(Arc::new(LinearRegression::default())),
    ];
    for recipe in honest {
        let found = probe.of_recipe(recipe, &all, &context()).unwrap();
        assert!(!found.leaks(), "{found}");
        let mean = found.scores.iter().sum::<f64>() / found.scores.len() as f64;
        assert!(mean > found.chance - 4.0 * found.spread, "{found}");
        assert!(found.to_string().contains("no leak"), "{found}");
    }
    let same = |threads| probe.of_recipe(Arc::new(DecisionTree::default()), &all, &FitContext { threads, ..context() });
    assert_eq!(same(1).unwrap(), same(2).unwrap());
}

/// Numbers of noise only, many for few rows, and two classes.
fn noise(rows: usize, width: usize) -> Dataset {
    let mut stream = Seed::new(77).stream();
    let column = |f: usize| Column::Numeric {
        name: format!("x{f}"),
        values: (0..rows).map(|_| stream.normal() as f32).collect(),
    };
    let columns = (0..width).map(column).collect();
    let target = Target::from_values((0..rows).map(|i| (i % 7) as f64).collect(), "y").unwrap();
    Dataset::new(Features::Columns(columns)).unwrap().with_target(target).unwrap()
}

/// The features of greatest correlation with the target on some rows.
fn best(data: &Dataset, rows: &[u32], count: usize) -> Vec<Column> {
    let Features::Columns(columns) = data.features() else { unreachable!() };
    let Some(Target::Values { values, .. }) = data.target() else { unreachable!() };
    let mean = rows.iter().map(|&i| values[i as usize]).sum::<f64>() / rows.len() as f64;
    let strength = |column: &Column| {
        let Column::Numeric { values: x, .. } = column else { unreachable!() };
        rows.iter().map(|&i| f64::from(x[i as usize]) * (values[i as usize] - mean)).sum::<f64>().abs()
    };
    let mut order: Vec<&Column> = columns.iter().collect();
    order.sort_by(|a, b| strength(b).total_cmp(&strength(a)));
    order.into_iter().take(count).cloned().collect()
}

#[test]
fn features_chosen_on_all_rows_are_a_leak_and_chosen_inside_each_fold_are_none() {
    let data = noise(60, 300);
    let estimate = |inside: bool| {
        move |samples: &Samples<'_>, seed: Seed| {
            let data = samples.dataset();
            let every: Vec<u32> = (0..60).collect();
            let mut told = Matrix::zeros(60, 1);
            for fold in KFold::new(5).split(&data.row_info(), seed)?.folds {
                let rows = if inside { &fold.train } else { &every };
                let own = Dataset::new(Features::Columns(best(data, rows, 5)))?
                    .with_target(data.target().unwrap().clone())?;
                let model =
                    LinearRegression::default().fit(&Samples::rows(&own, &fold.train)?, &FitContext::new(seed))?;
                let predicted = model.predict(&Samples::rows(&own, &fold.test)?)?;
                fold.test.iter().zip(predicted.values()).for_each(|(&row, &x)| told.row_mut(row as usize)[0] = x);
            }
            Ok(Told { rows: every, predictions: told, gives: Gives::Values })
        }
    };
    let probe = |inside| ShuffledTarget::default().of(&Samples::all(&data), &context(), estimate(inside)).unwrap();
    let (outside, inside) = (probe(false), probe(true));
    assert!(outside.leaks(), "{outside}");
    assert!(!inside.leaks(), "{inside}");
}

#[test]
fn a_probe_calls_honest_estimates_leaks_as_rarely_as_it_says() {
    let data = table(60, 0);
    let probe = ShuffledTarget { shuffles: 1, permutations: 99, ..ShuffledTarget::default() };
    let called = (0..100)
        .filter(|&seed| {
            let context = FitContext::new(Seed::new(seed));
            probe.of_recipe(Arc::new(DecisionTree::default().depth(2)), &Samples::all(&data), &context).unwrap().leaks()
        })
        .count();
    // One of a hundred is expected at most; more than five would come once in 1,800 such tests.
    assert!(called <= 5, "{called}");
}

/// What is found, by the names of the checks.
fn found_in(data: &Dataset, folds: &[Fold]) -> Vec<String> {
    let diagnosis = diagnose_data(data, folds).unwrap();
    let told: usize = diagnosis.passed.len() + diagnosis.skipped.len();
    let names: Vec<String> = diagnosis.findings.into_iter().map(|finding| finding.check).collect();
    // Every check is told of once: found, passed or lacking something.
    assert_eq!(told + names.len(), 6, "{names:?}");
    names
}

#[test]
fn sound_data_and_folds_have_no_finding() {
    for classes in [0, 2, 3] {
        let data = table(500, classes);
        let folds = KFold::new(5).split(&data.row_info(), Seed::new(1)).unwrap().folds;
        assert_eq!(found_in(&data, &folds), [] as [&str; 0]);
    }
    // Few and coarse features: rows agree by chance.
    let coarse = |name: &str, k: usize| Column::Categorical {
        name: name.into(),
        codes: (0..500).map(|i| (i * 31 / k % 3) as u32).collect(),
        levels: vec!["a".into(), "b".into(), "c".into()],
    };
    let data = Dataset::new(Features::Columns(vec![coarse("u", 1), coarse("v", 5)])).unwrap();
    let data = data.with_target(table(500, 2).target().unwrap().clone()).unwrap();
    let folds = KFold::new(5).split(&data.row_info(), Seed::new(1)).unwrap().folds;
    assert_eq!(found_in(&data, &folds), [] as [&str; 0]);
}

#[test]
fn one_copy_of_a_row_on_the_other_side_is_found_and_one_on_the_same_side_is_not() {
    let data = table(300, 0);
    let rows: Vec<u32> = (0..300).chain([17]).collect();
    let Features::Columns(columns) = data.features() else { unreachable!() };
    let columns = columns
        .iter()
        .map(|column| match column {
            Column::Numeric { name, values } => {
                Column::Numeric { name: name.clone(), values: rows.iter().map(|&i| values[i as usize]).collect() }
            }
            Column::Categorical { name, codes, levels } => Column::Categorical {
                name: name.clone(),
                codes: rows.iter().map(|&i| codes[i as usize]).collect(),
                levels: levels.clone(),
            },
        })
        .collect();
    let copied =
        Dataset::new(Features::Columns(columns)).unwrap().with_target(data.target().unwrap().take(&rows)).unwrap();
    let with = |fold_of_copy: usize| {
        let labels = (0..301).map(|i| if i == 300 { fold_of_copy } else { i % 5 }.to_string());
        Predefined::from_labels(labels).unwrap().split(&copied.row_info(), Seed::new(0)).unwrap().folds
    };
    // Row 17 is in fold 2.
    assert_eq!(found_in(&copied, &with(2)), [] as [&str; 0]);
    let found = diagnose_data(&copied, &with(3)).unwrap().findings;
    assert_eq!((found.len(), found[0].check.as_str()), (1, "copies-apart"));
    assert!(found[0].evidence[0].1 == 2.0 && found[0].what.contains("row 18"), "{}", found[0]);
    assert!(found[0].to_string().contains("group"));
}

#[test]
fn a_group_that_straddles_given_folds_and_an_order_of_time_that_is_ignored_are_found() {
    let data = table(100, 0).with_groups((0..100).map(|i| i / 4).collect()).unwrap();
    let given = Predefined::from_labels((0..100).map(|i| (i % 5).to_string())).unwrap();
    let folds = given.split(&data.row_info(), Seed::new(0)).unwrap().folds;
    assert_eq!(found_in(&data, &folds), ["groups-apart"]);
    let whole = GroupKFold::new(5).split(&data.row_info(), Seed::new(0)).unwrap().folds;
    assert_eq!(found_in(&data, &whole), [] as [&str; 0]);
    let data = table(100, 0).with_time((0..100).map(f64::from).collect()).unwrap();
    let folds = KFold::new(5).split(&data.row_info(), Seed::new(0)).unwrap().folds;
    let found = diagnose_data(&data, &folds).unwrap().findings;
    assert_eq!((found.len(), found[0].check.as_str()), (1, "future-known"));
    assert!(found[0].evidence[0].1 > 1.0, "{}", found[0]);
    let in_time = consort_split::ExpandingWindow::new(4).split(&data.row_info(), Seed::new(0)).unwrap().folds;
    assert_eq!(found_in(&data, &in_time), [] as [&str; 0]);
}

#[test]
fn a_feature_made_from_the_target_is_found() {
    for classes in [0, 3] {
        let data = table(400, classes);
        let Features::Columns(columns) = data.features() else { unreachable!() };
        let copy = match data.target().unwrap() {
            Target::Values { values, .. } => values.iter().map(|&y| (3.0 * y + 1.0) as f32).collect(),
            Target::Classes { codes, .. } => codes.iter().map(|&code| code as f32).collect::<Vec<f32>>(),
            _ => unreachable!(),
        };
        let columns = columns.iter().cloned().chain([Column::Numeric { name: "copy".into(), values: copy }]).collect();
        let data =
            Dataset::new(Features::Columns(columns)).unwrap().with_target(data.target().unwrap().clone()).unwrap();
        let found = diagnose_data(&data, &[]).unwrap().findings;
        assert_eq!(found.iter().map(|f| f.check.as_str()).collect::<Vec<_>>(), ["telling-feature"]);
        assert!(found[0].what.contains("`copy`"));
    }
}
