//! Coefficients and predictions beside those of scikit-learn.

use std::{collections::HashMap, sync::LazyLock};

use consort_core::{Classes, Column, Dataset, Features, Learner, Samples, Target};
use consort_linfa::*;
use serde::Deserialize;

use crate::table::{context, table, text, weights};

#[derive(Deserialize)]
struct Case {
    table: String,
    weighted: bool,
    predictions: serde_json::Value,
    coefficients: Option<Vec<f64>>,
    intercepts: Option<Vec<f64>>,
    alpha: Option<f64>,
}

static CASES: LazyLock<HashMap<String, Case>> =
    LazyLock::new(|| serde_json::from_str(&text("scikit_learn.json")).unwrap());

/// Numbers of nested lists, in order.
fn flat(value: &serde_json::Value) -> Vec<f64> {
    match value {
        serde_json::Value::Array(items) => items.iter().flat_map(flat).collect(),
        other => vec![other.as_f64().unwrap()],
    }
}

/// Every seventh row is kept in the references.
const STEP: usize = 7;

fn close(what: &str, ours: impl IntoIterator<Item = f64>, theirs: &[f64], tolerance: f64) {
    let ours: Vec<f64> = ours.into_iter().collect();
    assert_eq!(ours.len(), theirs.len(), "{what}");
    for (i, (a, b)) in ours.iter().zip(theirs).enumerate() {
        assert!((a - b).abs() <= tolerance * b.abs().max(1.0), "{what}, number {i}: ours {a}, theirs {b}");
    }
}

fn predicts(key: &str, learner: &dyn Learner, tolerance: f64) {
    let case = &CASES[key];
    let data = table(&case.table);
    let own = weights(data.rows());
    let mut samples = Samples::all(&data);
    if case.weighted {
        samples = samples.with_weights(&own).unwrap();
    }
    let model = learner.fit(&samples, &context()).unwrap();
    let predicted = model.predict(&samples).unwrap();
    let ours = (0..data.rows()).step_by(STEP).flat_map(|i| predicted.row(i).iter().map(|&x| f64::from(x)));
    close(key, ours, &flat(&case.predictions), tolerance);
}

fn linear(key: &str, fit: impl Fn(&Samples<'_>) -> LinearModel, tolerance: f64) {
    let case = &CASES[key];
    let data = table(&case.table);
    let own = weights(data.rows());
    let mut samples = Samples::all(&data);
    if case.weighted {
        samples = samples.with_weights(&own).unwrap();
    }
    let model = fit(&samples);
    let ours = (0..model.targets().len()).flat_map(|k| model.coefficients(k).to_vec());
    close(key, ours, case.coefficients.as_ref().unwrap(), tolerance);
    close(key, model.intercepts().to_vec(), case.intercepts.as_ref().unwrap(), tolerance);
    if let Some(alpha) = case.alpha {
        assert_eq!(model.penalty(), Some(alpha));
    }
}

/// A key, and the same for the weighted case.
fn both(key: &str, test: impl Fn(&str)) {
    test(key);
    test(&format!("{key}_weighted"));
}

#[test]
fn least_squares_has_the_coefficients_of_scikit_learn() {
    for name in ["diabetes", "linnerud"] {
        both(&format!("ols_{name}"), |key| {
            linear(key, |samples| LinearRegression::default().regress(samples, &context()).unwrap(), 1e-8);
            predicts(key, &LinearRegression::default(), 1e-6);
        });
    }
}

#[test]
fn ridge_has_the_coefficients_of_scikit_learn() {
    for (name, alpha) in [("diabetes", 0.3), ("linnerud", 20.0)] {
        both(&format!("ridge_{name}"), |key| {
            linear(key, |samples| Ridge::default().alpha(alpha).regress(samples, &context()).unwrap(), 1e-9);
        });
    }
}

#[test]
fn ridge_chooses_the_penalty_that_ridge_cv_chooses() {
    let ridge = Ridge::default().alphas([1e-3, 1e-2, 0.1, 1.0, 10.0]);
    linear("ridge_cv_diabetes", |samples| ridge.regress(samples, &context()).unwrap(), 1e-9);
}

#[test]
fn logistic_regression_has_the_probabilities_of_scikit_learn() {
    let learner = LogisticRegression { c: 0.7, tolerance: 1e-10, ..Default::default() };
    for name in ["breast_cancer", "iris", "wine", "digits", "penguins"] {
        both(&format!("logistic_{name}"), |key| predicts(key, &learner, 1e-6));
    }
    let raw = LogisticRegression { c: 2.0, standardise: false, tolerance: 1e-10, ..Default::default() };
    for name in ["iris", "wine"] {
        predicts(&format!("logistic_raw_{name}"), &raw, 1e-6);
    }
}

#[test]
fn gaussian_naive_bayes_has_the_probabilities_of_scikit_learn() {
    for name in ["iris", "wine", "breast_cancer", "digits", "penguins"] {
        predicts(&format!("gnb_{name}"), &GaussianNb::default(), 1e-6);
    }
    // scikit-learn smooths by a variance without weights, so nearly no smoothing makes the two comparable.
    for name in ["iris", "wine", "penguins"] {
        predicts(&format!("gnb_{name}_weighted"), &GaussianNb::default().var_smoothing(1e-15), 1e-6);
    }
}

/// An indicator that is constant within one class: the class with both values has the broader bell curve there.
#[test]
fn gaussian_naive_bayes_smooths_a_constant_indicator_as_scikit_learn_does() {
    let column = |name: &str, values: [f32; 6]| Column::Numeric { name: name.into(), values: values.to_vec() };
    let x = column("x", [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
    let hole = column("x is missing", [0.0, 0.0, 1.0, 0.0, 0.0, 0.0]);
    let y = Target::from_labels(["0", "0", "0", "1", "1", "1"], &Classes::new(["0", "1"]).unwrap(), "y").unwrap();
    let data = Dataset::new(Features::Columns(vec![x, hole])).unwrap().with_target(y).unwrap();
    // scikit-learn 1.9.1.
    for (smoothing, theirs) in [
        (1e-2, [7.63228898e-05, 5.65758731e-03, 2.95382265e-08, 9.69340411e-01, 9.99575871e-01, 9.99994308e-01]),
        (1e-9, [0.12723546, 0.92919398, 0.0, 0.9999906, 0.9999999, 1.0]),
    ] {
        let model = GaussianNb::default().var_smoothing(smoothing).fit(&Samples::all(&data), &context()).unwrap();
        let predicted = model.predict(&Samples::all(&data)).unwrap();
        close("indicator", (0..6).map(|i| f64::from(predicted.at(i, 1))), &theirs, 1e-6);
    }
}

#[test]
fn naive_bayes_of_counts_has_the_probabilities_of_scikit_learn() {
    both("multinomial_nb_digits", |key| predicts(key, &MultinomialNb::default().alpha(0.5), 1e-6));
    both("bernoulli_nb_digits", |key| predicts(key, &BernoulliNb::default().alpha(0.5).threshold(7.5), 1e-6));
}

#[test]
fn quadratic_discriminant_analysis_has_the_probabilities_of_its_formula() {
    for name in ["iris", "wine", "penguins"] {
        both(&format!("qda_shrunk_{name}"), |key| {
            predicts(key, &QuadraticDiscriminant::default().shrinkage(0.2), 1e-6);
        });
    }
}

#[test]
fn nearest_neighbours_vote_as_those_of_scikit_learn() {
    for name in ["iris", "wine", "digits", "breast_cancer", "penguins"] {
        predicts(&format!("knn_{name}"), &KNearest::default().k(7), 1e-6);
    }
    predicts("knn_distance_wine", &KNearest::default().votes(Votes::Distance), 1e-5);
    predicts("knn_manhattan_wine", &KNearest::default().distance(Distance::Manhattan), 1e-6);
    predicts("knn_cosine_wine", &KNearest::default().distance(Distance::Cosine), 1e-6);
    predicts("knn_diabetes", &KNearest::default().k(9), 1e-6);
    predicts("knn_linnerud", &KNearest::default().k(3), 1e-6);
}

#[test]
fn lasso_and_elastic_net_have_the_coefficients_of_scikit_learn() {
    both("lasso_diabetes", |key| {
        let lasso = Lasso { alpha: 0.5, tolerance: 1e-14, ..Default::default() };
        linear(key, |samples| lasso.regress(samples, &context()).unwrap(), 1e-6);
    });
    both("elastic_net_diabetes", |key| {
        let net = ElasticNet { alpha: 0.01, l1_ratio: 0.4, tolerance: 1e-14, ..Default::default() };
        linear(key, |samples| net.regress(samples, &context()).unwrap(), 1e-6);
    });
}

#[test]
fn generalised_linear_models_have_the_coefficients_of_scikit_learn() {
    for power in [0.0, 1.0, 1.5, 2.0] {
        both(&format!("glm_{power}_diabetes"), |key| {
            let glm = Glm { power, alpha: 0.1, standardise: false, tolerance: 1e-11, ..Default::default() };
            linear(key, |samples| glm.regress(samples, &context()).unwrap().link().clone(), 1e-6);
            predicts(key, &glm, 1e-6);
        });
    }
}

#[test]
fn linear_discriminant_analysis_has_the_probabilities_of_scikit_learn() {
    for name in ["iris", "wine", "penguins"] {
        predicts(&format!("lda_{name}"), &LinearDiscriminant::default(), 1e-6);
        predicts(&format!("lda_shrunk_{name}"), &LinearDiscriminant::default().shrinkage(0.2), 1e-6);
    }
}

#[test]
fn partial_least_squares_predicts_as_that_of_scikit_learn() {
    for (name, k) in ["diabetes", "linnerud"].into_iter().flat_map(|name| [1, 2, 3].map(|k| (name, k))) {
        predicts(&format!("pls_{k}_{name}"), &Pls::default().components(k), 1e-6);
    }
}

#[test]
fn support_vectors_decide_as_those_of_scikit_learn() {
    for (name, kernel) in
        [("rbf", Kernel::Rbf), ("linear", Kernel::Linear), ("poly", Kernel::Poly { degree: 3, coef0: 1.0 })]
    {
        let values = SupportVector { c: 10.0, epsilon: 5.0, tolerance: 1e-7, kernel, ..Default::default() };
        predicts(&format!("svr_{name}_diabetes"), &values, 1e-5);
        let key = format!("svc_{name}_breast_cancer");
        let data = table("breast_cancer");
        let classes = SupportVector { c: 1.5, tolerance: 1e-8, kernel, ..Default::default() };
        let model = classes.separate(&Samples::all(&data), &context()).unwrap();
        let scores = model.scores(&Samples::all(&data)).unwrap();
        let ours = (0..data.rows()).step_by(STEP).map(|i| f64::from(scores.at(i, 0)));
        close(&key, ours, &flat(&CASES[&key].predictions), 1e-5);
    }
}
