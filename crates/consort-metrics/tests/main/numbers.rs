//! Scores of numbers, calibration and diversity against the reference files.

use consort_core::{Classes, Estimates, Gives, Ids, Outputs, Predictions, Score, Target, Truth};
use consort_metrics::calibration::{
    Binning, Bins, Edge, Norm, Of, ReliabilityTable, classwise_ece, ece, logistic_recalibration, mce, rmsce,
};
use consort_metrics::diversity::{Ambiguity, BiasVarianceCovariance, Correctness, Diversity, residual_correlation};
use consort_metrics::registry;
use consort_metrics::regression::{adjusted_r2, d2_tweedie, mean_bias, mean_squared_error, r2};
use serde_json::Value;

use crate::field_cases::Table;

fn json(name: &str) -> Value {
    let path = format!("{}/tests/data/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn near(what: &str, got: f64, expected: &Value, tolerance: f64) {
    let expected = expected.as_f64().unwrap();
    assert!((got - expected).abs() <= tolerance * expected.abs().max(1.0), "{what}: {got} instead of {expected}");
}

fn value(score: Score) -> f64 {
    score.value().unwrap()
}

#[test]
fn regression_scores_agree_weighted_and_unweighted() {
    let table = Table::read("regression");
    let (y, w) = (table.numbers("y"), table.numbers("w"));
    let target = Target::from_values(y.clone(), "y").unwrap();
    let reference = json("metrics_regression");
    let mut compared = 0;
    for (model, parts) in reference["models"].as_object().unwrap() {
        let values = table.numbers(model);
        let weighted = Truth::weighted(&target, &w).unwrap();
        for (part, truth, weights) in
            [("unweighted", Truth::new(&target), None), ("weighted_by_w", weighted, Some(w.as_slice()))]
        {
            for (key, expected) in parts[part].as_object().unwrap() {
                let key = key.split('(').next().unwrap();
                let got = match key {
                    "mean_bias" => mean_bias(&values, &y, weights).unwrap(),
                    "adjusted_r2_3_features" => adjusted_r2(&values, &y, weights, 3).unwrap(),
                    _ => {
                        let name = match key {
                            "median_ae" => "median_absolute_error",
                            "smape_0..2" => "smape",
                            "huber_delta1" => "huber_1",
                            key => key,
                        };
                        let estimates = Estimates::f64(&values, 1, Gives::Values).unwrap();
                        registry::by_name(name).unwrap().score(&estimates, &truth).unwrap()
                    }
                };
                near(&format!("{model} {part} {key}"), value(got), expected, 1e-10);
                compared += 1;
            }
        }
    }
    assert_eq!(compared, 5 * (24 + 19));
}

#[test]
fn accumulators_of_parts_give_the_score_of_the_whole() {
    let table = Table::read("regression");
    let (y, w, m1, m2) = (table.numbers("y"), table.numbers("w"), table.numbers("m1"), table.numbers("m2"));
    let two = |a: &[f64], b: &[f64]| a.iter().zip(b).flat_map(|(a, b)| [*a, *b]).collect::<Vec<_>>();
    let (values, truth) = (two(&m1, &m2), two(&y, &m1));
    let target = |rows: std::ops::Range<usize>| Target::Values {
        values: truth[2 * rows.start..2 * rows.end].to_vec(),
        names: vec!["a".into(), "b".into()],
    };
    let mut accumulated = 0;
    for metric in registry::for_task(consort_core::Task::Regression) {
        let all = target(0..150);
        let whole = metric
            .score(&Estimates::f64(&values, 2, Gives::Values).unwrap(), &Truth::weighted(&all, &w).unwrap())
            .unwrap();
        let Some(mut total) = metric.accumulator() else { continue };
        accumulated += 1;
        for rows in [0..40, 40..41, 41..150] {
            let mut part = metric.accumulator().unwrap();
            let target = target(rows.clone());
            let estimates = Estimates::f64(&values[2 * rows.start..2 * rows.end], 2, Gives::Values).unwrap();
            part.update(&estimates, &Truth::weighted(&target, &w[rows]).unwrap()).unwrap();
            total.merge(&part.state()).unwrap();
        }
        let (got, expected) = (value(total.finish()), value(whole));
        assert!((got - expected).abs() < 1e-11 * expected.abs().max(1.0), "{}: {got}, {expected}", metric.name());
    }
    assert!(accumulated >= 17, "{accumulated}");
}

#[test]
fn what_is_undefined_says_so() {
    assert!(r2(&[1.0, 2.0], &[2.0, 2.0], None).unwrap().reason().unwrap().contains("same in every row"));
    assert!(d2_tweedie(&[1.0, 2.0], &[2.0, 2.0], None, 1.0).unwrap().value().is_none());
    let msle = consort_metrics::regression::mean_squared_log_error(&[-2.0], &[0.0], None).unwrap();
    assert!(msle.reason().unwrap().contains("above -1"), "{msle:?}");
    let error = mean_squared_error(&[1.0, f64::NAN], &[1.0, 1.0], None).unwrap_err();
    assert!(error.to_string().contains("row 2"), "{error}");
    // A row of weight 0 is not read.
    assert_eq!(mean_squared_error(&[1.0, f64::NAN], &[0.0, 1.0], Some(&[1.0, 0.0])).unwrap(), Score::Value(1.0));
    // scikit-learn's epsilon for a truth of 0.
    let mape = registry::by_name("mape").unwrap();
    let target = Target::from_values(vec![0.0, 1.0], "y").unwrap();
    let score = mape.score(&Estimates::f64(&[1.0, 1.0], 1, Gives::Values).unwrap(), &Truth::new(&target)).unwrap();
    assert_eq!(score.value(), Some(2251799813685248.0));
}

/// The truth of `binary.csv`.
fn outcomes(table: &Table) -> Vec<bool> {
    table.numbers("y").iter().map(|&y| y == 1.0).collect()
}

#[test]
fn binary_calibration_agrees_at_both_edges_and_weighted() {
    let table = Table::read("binary");
    let (y, w) = (outcomes(&table), table.numbers("w"));
    for (model, expected) in json("calibration")["binary"].as_object().unwrap() {
        let p = table.numbers(model);
        let top: Vec<f64> = p.iter().map(|p| p.max(1.0 - p)).collect();
        let hit: Vec<bool> = p.iter().zip(&y).map(|(p, y)| (*p >= 0.5) == *y).collect();
        for count in [10, 15] {
            for (side, edge) in [("r", Edge::Lower), ("l", Edge::Upper)] {
                let bins = Bins::default().count(count).edge(edge);
                let part = &expected[format!("P(y=1)_ece{count}_{side}")];
                let what = format!("{model} {count} {side}");
                near(&what, value(ece(&p, &y, None, &bins).unwrap()), &part["ece"], 1e-9);
                near(&what, value(mce(&p, &y, None, &bins).unwrap()), &part["mce"], 1e-9);
                near(&what, value(rmsce(&p, &y, None, &bins).unwrap()), &part["rmsce"], 1e-9);
                // Single precision puts the same numbers into the same bins.
                let single: Vec<f32> = p.iter().map(|&p| p as f32).collect();
                near(&what, value(ece(&single, &y, None, &bins).unwrap()), &part["ece"], 1e-6);
                if let Some(listed) = part["bins"].as_array() {
                    let table = ReliabilityTable::new(&p, &y, None, &bins).unwrap();
                    assert_eq!(table.bins().len(), listed.len());
                    for (bin, listed) in table.bins().iter().zip(listed) {
                        assert_eq!(
                            (bin.bin as u64, bin.rows),
                            (listed["bin"].as_u64().unwrap(), listed["n"].as_u64().unwrap())
                        );
                        near(&what, bin.weight, &listed["weight"], 1e-9);
                        near(&what, bin.confidence, &listed["mean_conf"], 1e-9);
                        near(&what, bin.frequency, &listed["mean_hit"], 1e-9);
                    }
                }
            }
            let bins = Bins::default().count(count);
            let weighted = value(ece(&p, &y, Some(&w), &bins).unwrap());
            near(model, weighted, &expected[format!("P(y=1)_ece{count}_r_weighted")], 1e-9);
            near(
                model,
                value(ece(&top, &hit, None, &bins).unwrap()),
                &expected[format!("top_label_ece{count}_r")],
                1e-9,
            );
        }
        for (key, binning) in [("uniform10", Binning::EqualWidth), ("quantile10", Binning::EqualMass)] {
            let table = ReliabilityTable::new(&p, &y, None, &Bins::default().binning(binning)).unwrap();
            let curve = &expected[format!("sklearn_calibration_curve_{key}")];
            assert_eq!(table.bins().len(), curve["prob_true"].as_array().unwrap().len(), "{model} {key}");
            for (b, bin) in table.bins().iter().enumerate() {
                near(&format!("{model} {key} {b}"), bin.frequency, &curve["prob_true"][b], 1e-9);
                near(&format!("{model} {key} {b}"), bin.confidence, &curve["prob_pred"][b], 1e-9);
            }
        }
        let murphy = ReliabilityTable::new(&p, &y, None, &Bins::default()).unwrap().murphy().unwrap();
        let terms = &expected["murphy_10bins_on_bin_means(definition)"];
        near(model, murphy.reliability, &terms["reliability"], 1e-9);
        near(model, murphy.resolution, &terms["resolution"], 1e-9);
        near(model, murphy.uncertainty, &terms["uncertainty"], 1e-9);
        near(model, murphy.brier(), &expected["brier"], 1e-12);
    }
}

/// scikit-learn 1.9.1: `LogisticRegression(C=inf, tol=1e-12).fit(logit(m1), y)`, without and with `sample_weight=w`.
#[test]
fn logistic_recalibration_agrees() {
    let table = Table::read("binary");
    let (y, w, p) = (outcomes(&table), table.numbers("w"), table.numbers("m1"));
    for (weights, intercept, slope) in [(None, -0.1291902, 1.89016623), (Some(w.as_slice()), -0.28551234, 1.81132284)] {
        let fit = logistic_recalibration(&p, &y, weights).unwrap();
        assert!((value(fit.intercept) - intercept).abs() < 1e-5);
        assert!((value(fit.slope) - slope).abs() < 1e-5);
    }
    let alike = logistic_recalibration(&[0.2, 0.4], &[true, true], None).unwrap();
    assert!(alike.slope.value().is_none());
}

/// The cube of `multi_m1.csv` to `multi_m4.csv` and its truth.
fn multiclass() -> (Predictions, Target, Vec<f64>) {
    let names = ["a", "b", "c", "d"];
    let classes = Classes::new(names).unwrap();
    let truth = Table::read("multi_truth");
    let target = Target::from_labels(truth.texts("y"), &classes, "y").unwrap();
    let mut builder = Predictions::builder(Outputs::Classes(classes), Ids::positions(target.rows()));
    for m in 1..=4 {
        let table = Table::read(&format!("multi_m{m}"));
        let columns = names.map(|name| table.numbers(&format!("p_{name}")));
        let values: Vec<f32> = (0..target.rows()).flat_map(|i| columns.each_ref().map(|c| c[i] as f32)).collect();
        builder = builder.member(format!("m{m}"), Gives::Probabilities, &values).unwrap();
    }
    (builder.build().unwrap(), target, truth.numbers("w"))
}

fn binary() -> (Predictions, Target, Vec<f64>) {
    let classes = Classes::new(["0", "1"]).unwrap();
    let table = Table::read("binary");
    let target = Target::from_labels(table.texts("y"), &classes, "y").unwrap();
    let mut builder = Predictions::builder(Outputs::Classes(classes), Ids::positions(target.rows()));
    for m in 1..=5 {
        let p = table.numbers(&format!("m{m}"));
        let values: Vec<f32> = p.iter().flat_map(|&p| [1.0 - p as f32, p as f32]).collect();
        builder = builder.member(format!("m{m}"), Gives::Probabilities, &values).unwrap();
    }
    (builder.build().unwrap(), target, table.numbers("w"))
}

#[test]
fn multiclass_calibration_agrees() {
    let (predictions, target, _) = multiclass();
    let (codes, _) = Truth::new(&target).classes("test").unwrap();
    let reference = json("calibration");
    for m in 0..4 {
        let expected = &reference["multiclass"][format!("m{}", m + 1)];
        let double: Vec<f64> = predictions.member(m).iter().map(|&p| (f64::from(p) * 1e5).round() / 1e5).collect();
        let estimates = Estimates::f64(&double, 4, Gives::Probabilities).unwrap();
        for count in [10, 15] {
            let bins = Bins::default().count(count);
            let top = ReliabilityTable::of(&estimates, &Truth::new(&target), Of::TopLabel, &bins).unwrap();
            near("top", value(top[0].error(Norm::Expected)), &expected[format!("top_label_ece{count}_r")], 1e-9);
            let classwise = value(classwise_ece(&double, 4, codes, None, &bins).unwrap());
            near("classwise", classwise, &expected[format!("classwise_ece{count}_r(mean over classes)")], 1e-9);
        }
    }
}

#[test]
fn d19_a_confidence_of_1_is_in_the_last_bin_and_of_0_in_the_first() {
    let table = Table::read("cases/d19_pred");
    let classes = Classes::new(["0", "1"]).unwrap();
    let target = Target::from_labels(table.texts("y"), &classes, "y").unwrap();
    let values: Vec<f32> = table.numbers("p").iter().flat_map(|&p| [1.0 - p as f32, p as f32]).collect();
    let estimates = Estimates::f32(&values, 2, Gives::Probabilities).unwrap();
    let score = |name: &str| value(registry::by_name(name).unwrap().score(&estimates, &Truth::new(&target)).unwrap());
    for (name, expected) in [
        ("ece", 0.3499999999999999),
        ("mce", 0.4725),
        ("top_label_ece", 0.3499999999999999),
        ("top_label_mce", 0.47124999999999995),
    ] {
        assert!((score(name) - expected).abs() < 1e-6, "{name}: {}", score(name));
    }
    let y: Vec<bool> = outcomes(&table);
    for edge in [Edge::Lower, Edge::Upper] {
        let bins = Bins::default().count(15).edge(edge);
        assert!((value(ece(&table.numbers("p"), &y, None, &bins).unwrap()) - 0.4166666666666667).abs() < 1e-6);
    }
}

#[test]
fn diversity_of_classifiers_agrees() {
    let reference = json("diversity");
    for (problem, (predictions, target, _)) in [("binary", binary()), ("multiclass", multiclass())] {
        let expected = &reference[problem];
        let truth = Truth::new(&target);
        let found = Diversity::of(&predictions, &truth).unwrap();
        let right = Correctness::new(&predictions, &truth).unwrap();
        let pairs = right.pairs();
        for (pair, numbers) in expected["pairs"].as_object().unwrap() {
            let (a, b) = pair.split_once('-').unwrap();
            let (i, j) = (predictions.find(a).unwrap(), predictions.find(b).unwrap());
            let table = pairs.at(i, j);
            assert_eq!(right.pair(i, j), table);
            for (k, count) in [table.both, table.only_first, table.only_second, table.neither].into_iter().enumerate() {
                near(pair, count, &numbers["n11_n10_n01_n00"][k], 0.0);
            }
            near(pair, found.q_statistic.at(i, j).unwrap(), &numbers["q"], 1e-10);
            near(pair, found.correlation.at(i, j).unwrap(), &numbers["correlation"], 1e-10);
            near(pair, found.disagreement.at(j, i).unwrap(), &numbers["disagreement"], 1e-10);
            near(pair, value(table.agreement()), &numbers["agreement"], 1e-10);
            near(pair, found.double_fault.at(i, j).unwrap(), &numbers["double_fault"], 1e-10);
            near(pair, found.ratio_errors.at(i, j).unwrap(), &numbers["ratio_errors"], 1e-10);
            near(pair, found.kappa.at(i, j).unwrap(), &numbers["kappa_between_predictions"], 1e-10);
        }
        let (averages, mean) = (found.averages(), &expected["mean_over_pairs"]);
        near("q", value(averages.q_statistic), &mean["q"], 1e-10);
        near("correlation", value(averages.correlation), &mean["correlation"], 1e-10);
        near("disagreement", value(averages.disagreement), &mean["disagreement"], 1e-10);
        near("double fault", value(averages.double_fault), &mean["double_fault"], 1e-10);
        near("kappa", value(averages.kappa), &mean["kappa_between_predictions"], 1e-10);
        let whole = &expected["ensemble"];
        near("entropy", value(found.entropy), &whole["entropy_E"], 1e-10);
        near("kw", found.kohavi_wolpert, &whole["kohavi_wolpert"], 1e-10);
        near("kappa", value(found.interrater_agreement), &whole["interrater_kappa"], 1e-10);
        near("difficulty", found.difficulty, &whole["difficulty_theta(pop. variance of l/L)"], 1e-10);
        near("gd", value(found.generalized_diversity), &whole["generalized_diversity"], 1e-10);
        near("cfd", value(found.coincident_failure_diversity), &whole["coincident_failure_diversity"], 1e-10);
        let (low, high) = found.majority_limits;
        assert!(low <= found.majority_accuracy && found.majority_accuracy <= high);
        assert!(found.accuracies.iter().all(|&a| a <= found.oracle_accuracy));
    }
}

#[test]
fn weights_are_duplicates_in_diversity_and_zero_is_absence() {
    let (predictions, target, _) = multiclass();
    let rows = target.rows();
    let weights: Vec<f64> = (0..rows).map(|i| [1.0, 2.0, 0.0, 3.0][i % 4]).collect();
    let copies: Vec<u32> =
        (0..rows as u32).flat_map(|i| std::iter::repeat_n(i, weights[i as usize] as usize)).collect();
    let (repeated, again) = (predictions.take(&copies), target.take(&copies));
    let a = Diversity::of(&predictions, &Truth::weighted(&target, &weights).unwrap()).unwrap();
    let b = Diversity::of(&repeated, &Truth::new(&again)).unwrap();
    for (a, b) in [(&a.q_statistic, &b.q_statistic), (&a.kappa, &b.kappa), (&a.disagreement, &b.disagreement)] {
        for (i, j, value) in a.pairs() {
            assert!((value.unwrap() - b.at(i, j).unwrap()).abs() < 1e-12);
        }
    }
    assert!(
        (a.kohavi_wolpert - b.kohavi_wolpert).abs() < 1e-12 && (a.oracle_accuracy - b.oracle_accuracy).abs() < 1e-12
    );
    // Permuting the members permutes the matrices.
    let order = [2, 0, 3, 1];
    let c = Diversity::of(&predictions.subset(&order), &Truth::weighted(&target, &weights).unwrap()).unwrap();
    for i in 0..4 {
        for j in 0..4 {
            assert_eq!(c.q_statistic.at(i, j), a.q_statistic.at(order[i], order[j]));
        }
    }
}

#[test]
fn diversity_of_regressors_agrees() {
    let table = Table::read("regression");
    let target = Target::from_values(table.numbers("y"), "y").unwrap();
    let mut builder = Predictions::builder(Outputs::target("y"), Ids::positions(150));
    for m in 1..=5 {
        let values: Vec<f32> = table.numbers(&format!("m{m}")).iter().map(|&x| x as f32).collect();
        builder = builder.member(format!("m{m}"), Gives::Values, &values).unwrap();
    }
    let (predictions, truth, reference) = (builder.build().unwrap(), Truth::new(&target), json("diversity"));
    // The cube holds single precision.
    let found = Ambiguity::of(&predictions, &truth).unwrap();
    let expected = &reference["regression_ambiguity(Krogh & Vedelsby, definition)"];
    near("members", found.member_error, &expected["mean_member_mse"], 1e-6);
    near("ambiguity", found.ambiguity, &expected["ambiguity"], 1e-6);
    near("ensemble", found.ensemble_error, &expected["ensemble_mse"], 1e-6);
    assert!((found.member_error - found.ambiguity - found.ensemble_error).abs() < 1e-10);
    let parts = BiasVarianceCovariance::of(&predictions, &truth).unwrap();
    assert!((parts.ensemble_error() - found.ensemble_error).abs() < 1e-10);
    let correlation = residual_correlation(&predictions, &truth).unwrap();
    for i in 0..5 {
        for j in 0..5 {
            near(
                "correlation",
                correlation.at(i, j).unwrap(),
                &reference["regression_residual_correlation"][i][j],
                1e-6,
            );
        }
    }
}

#[test]
fn metrics_of_quantiles_keep_every_contract() {
    use consort_core::{Task, check};
    for found in registry::for_quantiles(&[0.1, 0.5, 0.9]) {
        let case = check::MetricCase { symmetric: false, ..check::MetricCase::new(Task::Quantile) };
        check::metric(&*found, &case).unwrap();
    }
}

#[test]
fn the_crps_of_many_quantiles_is_that_of_the_distribution() {
    // Of a uniform distribution on [0, 1] at y, CRPS = y² - y + 1/3.
    let levels: Vec<f64> = (0..1000).map(|j| (f64::from(j) + 0.5) / 1000.0).collect();
    for y in [0.0, 0.25, 0.9] {
        let crps = value(consort_metrics::regression::crps_of_quantiles(&levels, &levels, &[y], None).unwrap());
        assert!((crps - (y * y - y + 1.0 / 3.0)).abs() < 1e-5, "{y}: {crps}");
    }
}

#[test]
fn uncertainty_adds_up_and_leaves_out_what_is_missing() {
    use consort_core::Missing;
    use consort_metrics::uncertainty::Uncertainty;
    let (predictions, target, weights) = multiclass();
    let found = Uncertainty::of(&predictions).unwrap();
    for i in 0..predictions.rows() {
        let sum = found.expected_entropy[i] + found.mutual_information[i];
        assert!((sum - found.predictive_entropy[i]).abs() < 1e-12 && found.predictive_entropy[i] <= 4f64.ln() + 1e-12);
        assert!((0.0..=1.0).contains(&found.disagreement[i]) && (0.0..=1.0).contains(&found.margin[i]));
        // No more pairs can differ than if those against the plurality were all of different minds.
        assert!(found.disagreement[i] >= found.variation_ratio[i] - 1e-12);
    }
    let mean = found.weighted_means(&Truth::weighted(&target, &weights).unwrap()).unwrap();
    assert!(value(mean.mutual_information) > 0.0);
    let order = Uncertainty::of(&predictions.subset(&[3, 1, 0, 2])).unwrap();
    assert!(order.margin.iter().zip(&found.margin).all(|(a, b)| (a - b).abs() < 1e-12));
    let holes = Predictions::builder(predictions.outputs().clone(), Ids::positions(2))
        .missing(Missing::Available)
        .member("a", Gives::Probabilities, &[1.0, 0.0, 0.0, 0.0, f32::NAN, f32::NAN, f32::NAN, f32::NAN])
        .unwrap()
        .member("b", Gives::Probabilities, &[f32::NAN; 8])
        .unwrap()
        .build()
        .unwrap();
    let found = Uncertainty::of(&holes).unwrap();
    assert_eq!((found.margin[0], found.disagreement[0]), (1.0, 0.0));
    assert!(found.margin[1].is_nan());
    assert_eq!(value(found.means().margin), 1.0);
    // Diversity leaves the rows out, and says so.
    let classes = Classes::new(["a", "b", "c", "d"]).unwrap();
    let target = Target::from_labels(["a", "a"], &classes, "y").unwrap();
    assert!(Correctness::new(&holes, &Truth::new(&target)).is_err());
    assert_eq!(Correctness::new(&holes.subset(&[0]), &Truth::new(&target)).unwrap().left_out(), 1);
}

/// `sklearn.metrics.hinge_loss` 1.9.1 on scores that both sides make, exact in binary.
#[test]
fn hinge_loss_equals_scikit_learn() {
    for (classes, names, plain, weighted) in
        [(2usize, &["a", "b"][..], 0.94375, 0.70375), (3, &["a", "b", "c"], 1.83125, 1.81)]
    {
        let codes: Vec<u32> = (0..40u32).map(|i| if classes == 3 { i * 7 % 3 } else { i * 7 / 3 % 2 }).collect();
        let score = |i: usize, k: usize| {
            ((i * 13 + k * 29) % 37) as f64 / 8.0 - 2.25 + if codes[i] as usize == k { 0.5 } else { 0.0 }
        };
        let scores: Vec<f64> =
            (0..40).flat_map(|i| (0..classes).map(move |k| (i, k))).map(|(i, k)| score(i, k)).collect();
        let weights: Vec<f64> = (0..40).map(|i| 0.5 + f64::from(i % 5)).collect();
        let target = Target::Classes { codes: codes.clone(), classes: Classes::new(names.iter().copied()).unwrap() };
        let estimates = Estimates::f64(&scores, classes, Gives::Scores).unwrap();
        let metric = registry::by_name("hinge_loss").unwrap();
        let of = |truth: &Truth<'_>| value(metric.score(&estimates, truth).unwrap());
        assert!((of(&Truth::new(&target)) - plain).abs() < 1e-12);
        assert!((of(&Truth::weighted(&target, &weights).unwrap()) - weighted).abs() < 1e-12);
        let slices = consort_metrics::classification::hinge_loss(&scores, classes, &codes, Some(&weights)).unwrap();
        assert!((value(slices) - weighted).abs() < 1e-12);
        // A class that the truth lacks: `labels=[0, 1, 2]`.
        if classes == 3 {
            let codes: Vec<u32> = (0..40u32).map(|i| i * 7 / 3 % 2).collect();
            let scores: Vec<f64> = (0..40usize)
                .flat_map(|i| (0..3).map(move |k| (i, k)))
                .map(|(i, k)| {
                    ((i * 13 + k * 29) % 37) as f64 / 8.0 - 2.25 + if codes[i] as usize == k { 0.5 } else { 0.0 }
                })
                .collect();
            let absent = consort_metrics::classification::hinge_loss(&scores, 3, &codes, None).unwrap();
            assert!((value(absent) - 1.73125).abs() < 1e-12);
        }
    }
}
