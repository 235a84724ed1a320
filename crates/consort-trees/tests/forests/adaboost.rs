//! Adaptive boosting against scikit-learn, and where it must end.

use consort_core::{Classes, Column, Dataset, Features, FitContext, Gives, Learner, Model, Samples, Seed, Target};
use consort_trees::{
    adaboost::{AdaBoost, Ending, R2Loss},
    decision_tree::DecisionTree,
};
use serde_json::Value;

fn file(name: &str) -> String {
    std::fs::read_to_string(format!("{}/tests/data/adaboost/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// The columns of a file and the texts of its last one.
fn table(name: &str) -> (Vec<Column>, Vec<String>) {
    let text = file(name);
    let rows: Vec<Vec<&str>> = text.lines().skip(1).map(|line| line.split(',').collect()).collect();
    let width = rows[0].len() - 1;
    let column = |f: usize| Column::Numeric {
        name: format!("x{f}"),
        values: rows.iter().map(|row| row[f].parse().unwrap()).collect(),
    };
    ((0..width).map(column).collect(), rows.iter().map(|row| row[width].to_string()).collect())
}

fn classes(name: &str) -> Dataset {
    let (columns, y) = table(name);
    let target = Target::from_labels(&y, &Classes::from_labels(y.clone()).unwrap(), "y").unwrap();
    Dataset::new(Features::Columns(columns)).unwrap().with_target(target).unwrap()
}

fn numbers(name: &str) -> Dataset {
    let (columns, y) = table(name);
    let target = Target::from_values(y.iter().map(|y| y.parse().unwrap()).collect(), "y").unwrap();
    Dataset::new(Features::Columns(columns)).unwrap().with_target(target).unwrap()
}

fn stumps() -> AdaBoost {
    AdaBoost::default().base(DecisionTree::default().depth(1).exact())
}

fn context() -> FitContext<'static> {
    FitContext::new(Seed::new(0))
}

fn list(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

fn expect_near(got: &[f64], want: &[f64], what: &str) {
    assert_eq!(got.len(), want.len(), "{what}");
    for (i, (got, want)) in got.iter().zip(want).enumerate() {
        assert!((got - want).abs() < 1e-6 * (1.0 + want.abs()), "{what}, {i}: {got} {want}");
    }
}

/// What scikit-learn makes of the shares of the votes: each member says 1 for its label and −1 / (K − 1) for the others,
/// and the softmax of the mean by K − 1 is taken for probabilities. They are never far from 1 / K.
fn softmax_of_votes(shares: &[f32]) -> Vec<f64> {
    let others = shares.len() as f64 - 1.0;
    let powers: Vec<f64> =
        shares.iter().map(|&p| (((others + 1.0) * f64::from(p) - 1.0) / (others * others)).exp()).collect();
    let total: f64 = powers.iter().sum();
    powers.iter().map(|power| power / total).collect()
}

#[test]
fn samme_has_the_weights_errors_and_votes_of_scikit_learn() {
    let reference: Value = serde_json::from_str(&file("adaboost.json")).unwrap();
    for (case, data, rounds, rate) in [
        ("samme_breast_cancer_stump_25", "breast_cancer.csv", 25, 1.0),
        ("samme_breast_cancer_stump_15_lr0.5", "breast_cancer.csv", 15, 0.5),
        ("samme_iris_stump_20(3 classes)", "iris.csv", 20, 1.0),
    ] {
        let data = classes(data);
        let all = Samples::all(&data);
        let model = stumps().rounds(rounds).learning_rate(rate).fit_members(&all, &context()).unwrap();
        let want = &reference[case];
        expect_near(model.weights(), &list(&want["weights"]), case);
        expect_near(model.errors(), &list(&want["errors"]), case);
        let predicted = model.predict(&all).unwrap();
        for (i, row) in want["first10_proba"].as_array().unwrap().iter().enumerate() {
            expect_near(&softmax_of_votes(predicted.row(i)), &list(row), case);
        }
        let Some(Target::Classes { codes, .. }) = data.target() else { unreachable!() };
        let accuracy: Vec<f64> = model
            .staged(&all)
            .unwrap()
            .iter()
            .map(|stage| {
                let right = (0..codes.len()).filter(|&i| stage.argmax(i) == Some(codes[i] as usize)).count();
                right as f64 / codes.len() as f64
            })
            .collect();
        expect_near(&accuracy, &list(&want["staged_train_accuracy"]), case);
    }
}

#[test]
fn samme_predicts_held_out_rows_as_scikit_learn_does() {
    let reference: Value = serde_json::from_str(&file("adaboost.json")).unwrap();
    let want = &reference["samme_breast_cancer_even_train_odd_test_50"];
    let data = classes("breast_cancer.csv");
    let (even, odd): (Vec<u32>, Vec<u32>) = (0..data.rows() as u32).partition(|row| row % 2 == 0);
    let model = stumps().fit_members(&Samples::rows(&data, &even).unwrap(), &context()).unwrap();
    expect_near(model.weights(), &list(&want["weights"]), "weights");
    let predicted = model.predict(&Samples::rows(&data, &odd).unwrap()).unwrap();
    let Some(Target::Classes { codes, .. }) = data.target() else { unreachable!() };
    let of = |i: usize| codes[odd[i] as usize] as usize;
    let loss = (0..odd.len()).map(|i| -softmax_of_votes(predicted.row(i))[of(i)].ln()).sum::<f64>() / odd.len() as f64;
    let right = (0..odd.len()).filter(|&i| predicted.argmax(i) == Some(of(i))).count() as f64 / odd.len() as f64;
    expect_near(&[loss, right], &[want["odd_log_loss"].as_f64().unwrap(), want["odd_accuracy"].as_f64().unwrap()], "");
}

#[test]
fn r2_follows_its_definition() {
    let reference: Value = serde_json::from_str(&file("adaboost.json")).unwrap();
    for (name, file) in [("breast_cancer_target_0_1", "breast_cancer.csv"), ("diabetes", "diabetes.csv")] {
        for (loss, loss_name) in
            [(R2Loss::Linear, "linear"), (R2Loss::Square, "square"), (R2Loss::Exponential, "exponential")]
        {
            let case = format!("r2_deterministic_reweighting_{name}_{loss_name}_10(definition)");
            let want = &reference[&case];
            let data = numbers(file);
            let all = Samples::all(&data);
            let model = stumps().rounds(10).loss(loss).fit_members(&all, &context()).unwrap();
            expect_near(model.weights(), &list(&want["weights"]), &case);
            expect_near(model.errors(), &list(&want["errors"]), &case);
            let predicted = model.predict(&all).unwrap();
            let Some(Target::Values { values, .. }) = data.target() else { unreachable!() };
            let squares: f64 = values.iter().zip(predicted.values()).map(|(y, &p)| (y - f64::from(p)).powi(2)).sum();
            let mse = squares / values.len() as f64;
            expect_near(&[mse], &[want["final_weighted_median_mse"].as_f64().unwrap()], &case);
        }
    }
}

#[test]
fn a_perfect_member_stands_alone_with_a_finite_weight() {
    let data = classes("separable.csv");
    let all = Samples::all(&data);
    for learner in [AdaBoost::default(), stumps()] {
        let model = learner.rounds(30).learning_rate(3.0).fit_members(&all, &context()).unwrap();
        assert_eq!((model.len(), model.errors(), model.ending()), (1, &[0.0][..], Ending::Perfect));
        assert!(model.weights()[0].is_finite() && model.weights()[0] > 0.0);
        let predicted = model.predict(&all).unwrap();
        let labels: Vec<usize> = (0..8).map(|i| predicted.argmax(i).unwrap()).collect();
        assert_eq!(labels, [0, 0, 0, 0, 1, 1, 1, 1]);
        assert!(predicted.values().iter().all(|p| p.is_finite()));
        assert!(model.warnings()[0].to_string().contains("no error"));
    }
}

#[test]
fn a_first_member_no_better_than_chance_is_an_error_that_says_so() {
    let data = classes("xor.csv");
    let error = stumps().fit_members(&Samples::all(&data), &context()).unwrap_err().to_string();
    assert!(error.contains("no better than chance") && error.contains("0.500"), "{error}");
}

#[test]
fn a_large_learning_rate_ends_early_and_gives_no_nan() {
    let data = classes("breast_cancer.csv");
    let all = Samples::all(&data);
    let model = stumps().rounds(60).learning_rate(500.0).fit_members(&all, &context()).unwrap();
    assert!(model.len() < 60 && !model.warnings().is_empty(), "{:?}", model.ending());
    assert!(model.predict(&all).unwrap().values().iter().all(|p| p.is_finite()));
}

#[test]
fn members_are_predictions_and_a_model_survives_serde() {
    for data in [classes("iris.csv"), numbers("diabetes.csv")] {
        let all = Samples::all(&data);
        let model = AdaBoost::default().rounds(5).fit(&all, &context()).unwrap();
        let predicted = model.predict(&all).unwrap();
        let back: Box<dyn Model> = serde_json::from_str(&serde_json::to_string(&model).unwrap()).unwrap();
        assert_eq!(back.predict(&all).unwrap(), predicted);
        let members = AdaBoost::default().rounds(5).fit_members(&all, &context()).unwrap().members(&all).unwrap();
        assert_eq!(members.members().len(), 5);
        let gives = if members.columns() == 3 { Gives::Probabilities } else { Gives::Values };
        assert!(members.members().iter().all(|member| member.gives == gives));
    }
}

#[test]
fn a_weight_of_0_is_absence_and_one_of_2_is_two_rows() {
    let data = classes("iris.csv");
    let weights: Vec<f64> = (0..data.rows()).map(|i| (i % 3) as f64).collect();
    let copies: Vec<u32> = (0..data.rows() as u32).flat_map(|i| std::iter::repeat_n(i, (i % 3) as usize)).collect();
    let all = Samples::all(&data);
    let by_weight = stumps().fit_members(&all.with_weights(&weights).unwrap(), &context()).unwrap();
    let by_copies = stumps().fit_members(&Samples::rows(&data, &copies).unwrap(), &context()).unwrap();
    assert_eq!(by_weight.predict(&all).unwrap(), by_copies.predict(&all).unwrap());
}
