//! Every number of the reference files, computed elsewhere from the same tables.

use consort_core::{Classes, Estimates, Gives, Score, Target, Truth};
use consort_metrics::classification::{ConfusionMatrix, Counts, FBeta, KappaWeights, Precision, Recall, ZeroDivision};
use consort_metrics::ranking::{RankedScores, best_threshold, precision_recall_curve_of, roc_curve_of};
use consort_metrics::registry;
use serde_json::Value;

use crate::field_cases::Table;

fn json(name: &str) -> Value {
    let path = format!("{}/tests/data/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn near(what: &str, got: f64, expected: f64, tolerance: f64) {
    assert!((got - expected).abs() <= tolerance * expected.abs().max(1.0), "{what}: {got} instead of {expected}");
}

fn all_near(what: &str, got: &[f64], expected: &Value) {
    let expected = expected.as_array().unwrap();
    assert_eq!(got.len(), expected.len(), "{what}");
    for (got, expected) in got.iter().zip(expected) {
        match expected.as_f64() {
            Some(expected) => near(what, *got, expected, 1e-10),
            None => assert_eq!((expected.as_str(), *got), (Some("Infinity"), f64::INFINITY), "{what}"),
        }
    }
}

fn binary(positive: &[f64]) -> Vec<f64> {
    positive.iter().flat_map(|p| [1.0 - p, *p]).collect()
}

fn score(name: &str, values: &[f64], columns: usize, truth: &Truth<'_>) -> Score {
    let estimates = Estimates::f64(values, columns, Gives::Probabilities).unwrap();
    registry::by_name(name).unwrap().score(&estimates, truth).unwrap()
}

/// Row numbers of the classes `"0"` and `"1"`.
fn target(y: &[f64]) -> Target {
    let classes = Classes::new(["0", "1"]).unwrap();
    Target::Classes { codes: y.iter().map(|&y| y as u32).collect(), classes }
}

#[test]
fn binary_scores_agree_weighted_and_unweighted() {
    let table = Table::read("binary");
    let (target, w) = (target(&table.numbers("y")), table.numbers("w"));
    let reference = json("metrics_binary");
    let mut compared = 0;
    for (model, parts) in reference["models"].as_object().unwrap() {
        let values = binary(&table.numbers(model));
        let weighted = Truth::weighted(&target, &w).unwrap();
        for (part, truth) in [("unweighted", Truth::new(&target)), ("weighted_by_w", weighted)] {
            for (key, expected) in parts[part].as_object().unwrap() {
                let what = format!("{model} {part} {key}");
                let name = match key.as_str() {
                    "tn_fp_fn_tp" => {
                        let estimates = Estimates::f64(&values, 2, Gives::Probabilities).unwrap();
                        all_near(&what, ConfusionMatrix::of(&estimates, &truth).unwrap().cells(), expected);
                        compared += 4;
                        continue;
                    }
                    "log_loss_eps_f64" => "log_loss",
                    "lift_top_decile(definition, unweighted)" => "lift_row_order",
                    other => other,
                };
                if let Some(expected) = expected.as_f64() {
                    near(&what, score(name, &values, 2, &truth).value().unwrap(), expected, 1e-10);
                    compared += 1;
                }
            }
        }
    }
    assert_eq!(compared, 5 * (25 + 24));
}

#[test]
fn binary_curves_and_the_best_threshold_agree() {
    let table = Table::read("binary");
    let positive: Vec<bool> = table.numbers("y").iter().map(|&y| y == 1.0).collect();
    let reference = json("metrics_binary");
    let scores = table.numbers("m3");
    let ranked = RankedScores::new(&scores, &positive, None).unwrap();
    let (roc, pr) = (roc_curve_of(&ranked), precision_recall_curve_of(&ranked));
    all_near("fpr", &roc.false_positive_rate, &reference["m3_roc_curve"]["fpr"]);
    all_near("tpr", &roc.true_positive_rate, &reference["m3_roc_curve"]["tpr"]);
    all_near("roc thresholds", &roc.thresholds, &reference["m3_roc_curve"]["thresholds"]);
    all_near("precision", &pr.precision, &reference["m3_pr_curve"]["precision"]);
    all_near("recall", &pr.recall, &reference["m3_pr_curve"]["recall"]);
    all_near("pr thresholds", &pr.thresholds, &reference["m3_pr_curve"]["thresholds"]);

    let scores = table.numbers("m1");
    let ranked = RankedScores::new(&scores, &positive, None).unwrap();
    let best = best_threshold(&ranked, |counts| counts.f_beta(1.0).value()).unwrap();
    let expected = &reference["m1_best_f1_threshold(smallest on ties)"];
    assert_eq!(best.threshold, expected["threshold"].as_f64().unwrap());
    near("best f1", best.score, expected["f1"].as_f64().unwrap(), 1e-10);
}

#[test]
fn multiclass_scores_agree_weighted_and_unweighted() {
    let truth_table = Table::read("multi_truth");
    let classes = Classes::new(["a", "b", "c", "d"]).unwrap();
    let target = Target::from_labels(truth_table.texts("y"), &classes, "y").unwrap();
    let w = truth_table.numbers("w");
    let reference = json("metrics_multiclass");
    let mut compared = 0;
    for (model, parts) in reference["models"].as_object().unwrap() {
        let table = Table::read(&format!("multi_{model}"));
        let columns: Vec<Vec<f64>> = ["p_a", "p_b", "p_c", "p_d"].iter().map(|name| table.numbers(name)).collect();
        let values: Vec<f64> = (0..w.len()).flat_map(|i| columns.iter().map(move |column| column[i])).collect();
        let weighted = Truth::weighted(&target, &w).unwrap();
        for (part, truth) in [("unweighted", Truth::new(&target)), ("weighted_by_w", weighted)] {
            let estimates = Estimates::f64(&values, 4, Gives::Probabilities).unwrap();
            let matrix = ConfusionMatrix::of(&estimates, &truth).unwrap();
            for (key, expected) in parts[part].as_object().unwrap() {
                let what = format!("{model} {part} {key}");
                compared += 1;
                let name = match key.as_str() {
                    "confusion(rows=true)" => {
                        let rows = matrix.cells().chunks(4);
                        rows.zip(expected.as_array().unwrap())
                            .for_each(|(row, expected)| all_near(&what, row, expected));
                        continue;
                    }
                    "per_class" => {
                        let counts = matrix.counts();
                        let each = |rate: fn(&Counts) -> Score| -> Vec<f64> {
                            counts.iter().map(|counts| rate(counts).value().unwrap()).collect()
                        };
                        all_near(&what, &each(Counts::precision), &expected["precision"]);
                        all_near(&what, &each(Counts::recall), &expected["recall"]);
                        all_near(&what, &each(|counts| counts.f_beta(1.0)), &expected["f1"]);
                        all_near(&what, &matrix.truths(), &expected["support"]);
                        continue;
                    }
                    "roc_auc_ovr_per_class" => {
                        let codes = truth.classes("test").unwrap().0;
                        let auc = |k: u32| {
                            let is: Vec<bool> = codes.iter().map(|&code| code == k).collect();
                            let auc = consort_metrics::ranking::roc_auc(&columns[k as usize], &is, truth.weights());
                            auc.unwrap().value().unwrap()
                        };
                        all_near(&what, &[auc(0), auc(1), auc(2), auc(3)], expected);
                        continue;
                    }
                    "cohen_kappa_unweighted" => "cohen_kappa",
                    "brier_sum_over_classes(0..2)" => "brier",
                    "brier_half(0..1)" => "brier_half",
                    other => other,
                };
                let got = score(name, &values, 4, &truth).value().unwrap();
                near(&what, got, expected.as_f64().unwrap(), 1e-10);
            }
        }
    }
    assert_eq!(compared, 4 * (38 + 36));
}

/// A matrix of text or number labels, over all that occur in truth or predictions.
fn matrix(input: &Value) -> ConfusionMatrix {
    let texts = |key: &str| -> Vec<String> {
        input[key].as_array().unwrap().iter().map(|x| x.as_str().map_or(x.to_string(), str::to_owned)).collect()
    };
    let (y, pred) = (texts("y"), texts("pred"));
    let classes = Classes::from_labels(y.iter().chain(&pred).cloned()).unwrap();
    let codes = |labels: &[String]| -> Vec<u32> {
        labels.iter().map(|label| classes.names().iter().position(|name| name == label).unwrap() as u32).collect()
    };
    let mut matrix = ConfusionMatrix::new(classes.len());
    matrix.update(&codes(&y), &codes(&pred), None).unwrap();
    matrix
}

/// Estimates that are sure of the predicted class.
fn sure(codes: &[u32], classes: usize) -> Vec<f64> {
    codes.iter().flat_map(|&code| (0..classes as u32).map(move |k| f64::from(u8::from(k == code)))).collect()
}

fn macro_score(matrix: &ConfusionMatrix, zero: ZeroDivision, stem: &str) -> Option<f64> {
    use consort_metrics::classification::{Average, average_counts};
    average_counts(&matrix.counts(), Average::Macro, None, zero, |counts| match stem {
        "precision" => counts.precision(),
        "recall" => counts.recall(),
        _ => counts.f_beta(1.0),
    })
    .value()
}

#[test]
fn edge_cases_of_classes_agree() {
    let reference = json("edge_cases");
    let mut compared = 0;
    for case in reference["cases"].as_array().unwrap() {
        let (name, input, expect) =
            (case["name"].as_str().unwrap(), &case["input"], case["expect"].as_object().unwrap());
        if name.starts_with("r2") || name.starts_with("mape") {
            continue; // of numbers, not of classes
        }
        let numbers = |key: &str| -> Option<Vec<f64>> {
            input.get(key)?.as_array()?.iter().map(serde_json::Value::as_f64).collect()
        };
        for (key, expected) in expect {
            let got = match (name, key.as_str()) {
                (_, "eps") => Some(consort_metrics::LogLoss::default().eps),
                ("zero division=0", stem) => macro_score(&matrix(input), ZeroDivision::Zero, stem),
                ("zero division=1", stem) => macro_score(&matrix(input), ZeroDivision::One, stem),
                ("zero division=nan", stem) => macro_score(&matrix(input), ZeroDivision::Undefined, stem),
                (_, "cohen_kappa") => matrix(input).cohen_kappa(KappaWeights::Unweighted).value(),
                (_, "qwk") => matrix(input).cohen_kappa(KappaWeights::Quadratic).value(),
                (_, "linear") => matrix(input).cohen_kappa(KappaWeights::Linear).value(),
                (_, "balanced_accuracy") => matrix(input).balanced_accuracy().value(),
                ("no positive predicted" | "all negative, truth and prediction", key) => {
                    let codes: Vec<u32> = numbers("pred").unwrap().iter().map(|&p| p as u32).collect();
                    let (target, values) = (target(&numbers("y").unwrap()), sure(&codes, 2));
                    let estimates = Estimates::f64(&values, 2, Gives::Labels).unwrap();
                    let zero = if key.ends_with("zd1") { ZeroDivision::One } else { ZeroDivision::Zero };
                    let metric: Box<dyn consort_core::Metric> =
                        match key.trim_end_matches("_zd0").trim_end_matches("_zd1") {
                            "precision" => Box::new(Precision::default().zero_division(zero)),
                            "recall" => Box::new(Recall::default().zero_division(zero)),
                            "f1" => Box::new(FBeta::new(1.0).zero_division(zero)),
                            other => {
                                let metric = registry::by_name(other).unwrap();
                                let saved = serde_json::to_string(&*metric).unwrap();
                                serde_json::from_str(&saved).unwrap()
                            }
                        };
                    metric.score(&estimates, &Truth::new(&target)).unwrap().value()
                }
                (_, key) => {
                    let (target, w) = (target(&numbers("y").unwrap()), numbers("w"));
                    let truth = match &w {
                        Some(w) => Truth::weighted(&target, w).unwrap(),
                        None => Truth::new(&target),
                    };
                    let name = if key == "log_loss_eps_f64" { "log_loss" } else { key };
                    score(name, &binary(&numbers("p").unwrap()), 2, &truth).value()
                }
            };
            match (got, expected.as_f64()) {
                (Some(got), Some(expected)) => near(&format!("{name}: {key}"), got, expected, 1e-12),
                (got, expected) => assert_eq!(got, expected, "{name}: {key}"),
            }
            compared += 1;
        }
    }
    assert_eq!(compared, 36);
}

#[test]
fn scores_of_several_labels_agree_weighted_and_unweighted() {
    let reference = json("multilabel");
    let numbers =
        |key: &str| -> Vec<f64> { reference[key].as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect() };
    let labels = reference["labels"].as_u64().unwrap() as usize;
    let (values, w) = (numbers("p"), numbers("w"));
    let names = (0..labels).map(|k| k.to_string()).collect();
    let target = Target::Labels { values: numbers("y").iter().map(|&y| y == 1.0).collect(), names };
    let weighted = Truth::weighted(&target, &w).unwrap();
    for (part, truth) in [("unweighted", Truth::new(&target)), ("weighted_by_w", weighted)] {
        for (name, expected) in reference[part].as_object().unwrap() {
            let got = score(name, &values, labels, &truth).value().unwrap();
            near(&format!("{part} {name}"), got, expected.as_f64().unwrap(), 1e-10);
        }
    }
}
