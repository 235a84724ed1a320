//! What a forest says of itself: members, out-of-bag estimates, importances; and how it grows on.

use consort_core::{
    Column, Dataset, Estimates, Features, FitContext, Gives, Learner, Model, Samples, Seed, Target, Truth,
};
use consort_metrics::registry;
use consort_trees::{
    decision_tree::ClassWeights,
    forest::{Draw, Forest, RandomForest},
};

use crate::tables::{columns, table};

fn fit(recipe: &RandomForest, data: &Dataset) -> Forest {
    recipe.fit_forest(&Samples::all(data), &FitContext::new(Seed::new(4))).unwrap()
}

#[test]
fn members_average_to_the_forest() {
    for classes in [0, 2, 3] {
        let data = table(300, classes);
        let all = Samples::all(&data);
        let forest = fit(&RandomForest::default().trees(12), &data);
        let (members, mean) = (forest.members(&all).unwrap(), forest.predict(&all).unwrap());
        assert_eq!(members.members().len(), 12);
        let gives = if classes == 0 { Gives::Values } else { Gives::Probabilities };
        assert_eq!(members.members()[11].gives, gives);
        for i in 0..300 {
            for k in 0..mean.columns() {
                let of_members = (0..12).map(|m| f64::from(members.at(m, i, k))).sum::<f64>() / 12.0;
                assert!((of_members - f64::from(mean.at(i, k))).abs() < 1e-5);
            }
        }
    }
}

#[test]
fn a_forest_that_grows_on_is_the_forest_of_its_size() {
    let data = table(300, 3);
    let all = Samples::all(&data);
    let context = FitContext::new(Seed::new(9));
    for recipe in [RandomForest::default(), RandomForest::extra_trees(), RandomForest::random_patches(0.6, 0.6)] {
        let small = fit(&recipe.clone().trees(5), &data);
        assert_eq!(small.grow_to(10, &all, &context).unwrap(), fit(&recipe.clone().trees(10), &data));
        assert!(small.grow_to(4, &all, &context).unwrap_err().to_string().contains("`trees` is 4"));
        let half: Vec<u32> = (0..150).collect();
        let error = small.grow_to(10, &Samples::rows(&data, &half).unwrap(), &context).unwrap_err();
        assert!(error.to_string().contains("fitted on"), "{error}");
    }
}

#[test]
fn out_of_bag_predictions_come_from_trees_that_did_not_see_the_row() {
    // Two rows of each x with opposite targets: a tree that saw a row alone says its target, one that did not says
    // the other's.
    let data = table(400, 0);
    let all = Samples::all(&data);
    for draw in [Draw::default(), Draw::Subsample { share: 0.5 }] {
        let forest = fit(&RandomForest::default().trees(1).draw(draw), &data);
        let bag = forest.out_of_bag(&all).unwrap();
        let predicted = forest.predict(&all).unwrap();
        let Some(Target::Values { values, .. }) = data.target() else { unreachable!() };
        let (mut seen, mut unseen) = (0.0f64, 0.0f64);
        for (i, &row) in bag.rows.iter().enumerate() {
            let error = (f64::from(predicted.at(row as usize, 0)) - values[row as usize]).abs();
            if bag.counts[i] == 0 {
                assert!(bag.predictions.at(i, 0).is_nan());
                seen = seen.max(error);
            } else {
                assert_eq!(bag.predictions.at(i, 0), predicted.at(row as usize, 0));
                unseen += error;
            }
        }
        // All features are asked and no two rows are alike: rows that were seen have leaves of their own.
        assert!(seen < 1e-6 && unseen > 10.0, "{seen} {unseen}");
    }
}

#[test]
fn the_out_of_bag_score_is_near_that_of_new_rows() {
    let data = table(6000, 2);
    let metric = registry::by_name("brier").unwrap();
    let (mut of_bag, mut of_test) = (0.0, 0.0);
    for part in 0..3 {
        let (train, test): (Vec<u32>, Vec<u32>) = (0..6000).partition(|row| row % 3 != part);
        let train = Samples::rows(&data, &train).unwrap();
        let recipe = RandomForest::default().trees(200);
        let forest = recipe.fit_forest(&train, &FitContext::new(Seed::new(1))).unwrap();
        of_bag += forest.out_of_bag(&train).unwrap().score(&train, &*metric).unwrap().value().unwrap() / 3.0;
        let predicted = forest.predict(&Samples::rows(&data, &test).unwrap()).unwrap();
        let target = data.target().unwrap().take(&test);
        let estimates = Estimates::matrix(&predicted, Gives::Probabilities);
        of_test += metric.score(&estimates, &Truth::new(&target)).unwrap().value().unwrap() / 3.0;
    }
    assert!((of_bag - of_test).abs() < 0.05 * of_test, "{of_bag} {of_test}");
}

#[test]
fn out_of_bag_estimates_need_rows_left_out() {
    let data = table(100, 2);
    let error = fit(&RandomForest::extra_trees().trees(3), &data).out_of_bag(&Samples::all(&data)).unwrap_err();
    assert!(error.to_string().contains("sees all rows"), "{error}");
}

#[test]
fn permutation_finds_the_features_that_matter_and_threads_change_no_bit() {
    let data = table(900, 0);
    let all = Samples::all(&data);
    let forest = fit(&RandomForest::default().trees(30), &data);
    let metric = registry::by_name("rmse").unwrap();
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| forest.permutation_importance(&all, &*metric, 3, Seed::new(2)).unwrap())
    };
    let importance = with(1);
    assert_eq!(importance, with(2));
    let means = &importance.means;
    assert!(means[0] > 0.3 && means[2] > 0.3 && means[1] > 0.01 && means[3].abs() < 0.02, "{means:?}");
    let gains = forest.importances();
    assert!((gains.iter().sum::<f64>() - 1.0).abs() < 1e-9 && gains[0] > gains[3]);
}

#[test]
fn balance_lifts_a_rare_class() {
    let data = table(2000, 2);
    // Few rows of class 0.
    let Some(Target::Classes { codes, .. }) = data.target() else { unreachable!() };
    let rows: Vec<u32> = (0..2000u32).filter(|&row| codes[row as usize] == 1 || row % 13 == 0).collect();
    let samples = Samples::rows(&data, &rows).unwrap();
    let shape = consort_trees::decision_tree::Shape { depth: Some(3), ..Default::default() };
    let base = RandomForest::default().trees(30).shape(shape);
    let mean_of_rare = |recipe: &RandomForest| {
        let model = recipe.fit(&samples, &FitContext::new(Seed::new(1))).unwrap();
        let out = model.predict(&samples).unwrap();
        (0..rows.len()).map(|i| f64::from(out.at(i, 0))).sum::<f64>() / rows.len() as f64
    };
    let plain = mean_of_rare(&base);
    for recipe in [
        base.clone().draw(Draw::Balanced),
        base.clone().class_weights(ClassWeights::Balanced),
        base.clone().class_weights(ClassWeights::BalancedPerTree),
        base.clone().class_weights(ClassWeights::Given(vec![("0".into(), 10.0), ("1".into(), 1.0)])),
    ] {
        assert!(mean_of_rare(&recipe) > 1.5 * plain, "{recipe:?}");
    }
}

#[test]
fn permutation_importances_are_those_of_the_names_wherever_the_columns_stand() {
    let (mut columns, signal) = columns(300);
    let data = |columns: &[Column]| {
        let target = Target::from_values(signal.clone(), "y").unwrap();
        Dataset::new(Features::Columns(columns.to_vec())).unwrap().with_target(target).unwrap()
    };
    let forest = fit(&RandomForest::default().trees(10), &data(&columns));
    let rmse = registry::by_name("rmse").unwrap();
    let importance = |columns: &[Column]| {
        let data = data(columns);
        forest.permutation_importance(&Samples::all(&data), &*rmse, 2, Seed::new(1)).unwrap()
    };
    let want = importance(&columns);
    assert!(want.means[0] > 0.3 && want.means[2] > 0.3 && want.means[3] < 0.1, "{want:?}");
    columns.reverse();
    columns.insert(0, Column::Numeric { name: "another".into(), values: vec![0.0; 300] });
    assert_eq!(importance(&columns), want);
}
