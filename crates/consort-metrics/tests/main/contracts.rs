//! Every contract of metrics, over every metric that the registry knows.

use consort_core::check::{MetricCase, metric};
use consort_core::{Gives, Reads, Task};
use consort_metrics::registry;

/// Metrics that look at the order of classes.
const ORDERED: [&str; 3] = ["cohen_kappa_linear", "cohen_kappa_quadratic", "ranked_probability_score"];

#[test]
fn every_metric_keeps_every_contract_on_every_task_that_it_suits() {
    let mut broken = Vec::new();
    for task in [Task::Binary, Task::Multiclass, Task::Multilabel, Task::Regression, Task::Quantile] {
        for found in registry::for_task(task) {
            let case = MetricCase { symmetric: !ORDERED.contains(&found.name().as_str()), ..MetricCase::new(task) };
            broken.extend(metric(&*found, &case).err().map(|broken| broken.to_string()));
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn metrics_of_labels_keep_every_contract_on_logits_too() {
    for task in [Task::Binary, Task::Multiclass] {
        for found in registry::for_task(task).into_iter().filter(|metric| metric.reads() == Reads::Label) {
            let symmetric = !ORDERED.contains(&found.name().as_str());
            let case = MetricCase { symmetric, gives: Some(Gives::Logits), ..MetricCase::new(task) };
            metric(&*found, &case).unwrap();
        }
    }
}

#[test]
fn names_with_parameters_are_parsed_and_given_back() {
    for name in
        ["f3_macro", "f0.25", "top4_accuracy", "roc_auc_ovo", "lift_0.05", "gain_row_order_0.2", "precision_samples"]
    {
        assert_eq!(registry::by_name(name).unwrap().name(), name);
    }
    for (alias, name) in
        [("AUC", "roc_auc"), ("logloss", "log_loss"), ("log-loss", "log_loss"), ("ap_macro", "average_precision_macro")]
    {
        assert_eq!(registry::by_name(alias).unwrap().name(), name);
    }
}

#[test]
fn unknown_names_are_refused_with_near_ones() {
    for (name, near) in [
        ("acuracy", "`accuracy`"),
        ("brier_scoer", "`brier`"),
        ("roc_auc_ovo_micro", "roc_auc"),
        ("cohen_kapa", "cohen_kappa"),
    ] {
        let error = registry::by_name(name).unwrap_err().to_string();
        assert!(error.contains(name) && error.contains(near), "{error}");
    }
    for name in ["f0", "f-1", "top0_accuracy", "lift_2", "gain_x", "zzz", ""] {
        assert!(registry::by_name(name).is_err(), "{name}");
    }
}
