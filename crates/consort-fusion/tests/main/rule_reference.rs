//! Every rule against reference values, row by row.

use consort_core::{Estimates, Gives, Matrix, Metric, Predictions, Truth};
use consort_fusion::rule::{Options, by_name};
use consort_metrics::{Accuracy, LogLoss, RocAuc};

use crate::reference::{self, column, columns, json, numbers};

fn fuse(rule: &str, weights: Option<&[f64]>, predictions: &Predictions) -> Matrix {
    by_name(rule, &Options { weights: weights.map(<[f64]>::to_vec) }).unwrap().fuse(predictions).unwrap()
}

fn column_of(matrix: &Matrix, k: usize) -> Vec<f64> {
    (0..matrix.rows()).map(|i| f64::from(matrix.at(i, k))).collect()
}

fn score(metric: &dyn Metric, p: &[f64], truth: &Truth<'_>) -> f64 {
    let both: Vec<f64> = p.iter().flat_map(|&p| [1.0 - p, p]).collect();
    metric.score(&Estimates::f64(&both, 2, Gives::Probabilities).unwrap(), truth).unwrap().value().unwrap()
}

#[test]
fn binary_rules_agree_with_the_reference_in_every_row_and_score() {
    let case = reference::binary();
    let truth = Truth::new(&case.target);
    let (expected, table) = (json("fusion.json"), columns("fusion_binary.csv"));
    let weights = numbers(&expected["weights"]);
    let mut tried = 0;
    for (name, rule, weighted, scale) in [
        ("mean", "mean", false, 1.0),
        ("weighted_mean", "mean", true, 1.0),
        ("median", "median:raw", false, 1.0),
        ("min", "minimum:raw", false, 1.0),
        ("max", "maximum:raw", false, 1.0),
        ("trimmed_mean_1_each_end", "trimmed:1,raw", false, 1.0),
        ("geometric_unnormalised", "geometric:raw", false, 1.0),
        ("geometric_normalised(g1/(g1+g0); 0.5 if both 0)", "geometric", false, 1.0),
        ("logit_mean(clip 1e-15)", "logit-mean", false, 1.0),
        ("harmonic(0 if any 0)", "harmonic:raw", false, 1.0),
        ("rms", "power:2,raw", false, 1.0),
        ("rank_mean_over_n", "rank", false, 1.0),
        ("rank_mean_minmax", "rank:minmax", false, 1.0),
        ("rank_weighted_over_n", "rank", true, 1.0),
        ("hard_votes_for_1", "vote:share", false, 5.0),
        ("hard_vote", "vote", false, 1.0),
        ("hard_vote_weighted", "vote", true, 1.0),
        ("vote_share_weighted", "vote:share", true, 1.0),
    ] {
        let both = fuse(rule, weighted.then_some(&weights[..]), &case.predictions);
        let fused = column_of(&both, 1);
        let wanted = column(&table, name);
        for (i, (got, wanted)) in fused.iter().zip(&wanted).enumerate() {
            assert!((got * scale - wanted).abs() < 1e-6, "{name}, row {i}: {}, not {wanted}", got * scale);
        }
        let scores = &expected["binary_scores"][name];
        let auc = score(&RocAuc::default(), &fused, &truth);
        // Shares that are equal, such as 0.1 + 0.2 and 0.3, are equal here and in the reference's table, but its score
        // was taken before they were rounded for the table, when they differed in the last bit.
        let wanted_auc = match name {
            "vote_share_weighted" => score(&RocAuc::default(), &wanted, &truth),
            _ => scores["roc_auc"].as_f64().unwrap(),
        };
        assert!((auc - wanted_auc).abs() < 1e-6, "{name}: AUC {auc}, not {wanted_auc}");
        if let Some(wanted) = scores["log_loss"].as_f64() {
            // A small probability is exact in its own column, and lost in 1 minus the other.
            let scaled = !(rule.contains("raw") || rule.starts_with("rank"));
            let loss = match scaled {
                true => LogLoss::default().score(&Estimates::matrix(&both, Gives::Probabilities), &truth).unwrap(),
                false => score(&LogLoss::default(), &fused, &truth).into(),
            };
            let loss = loss.value().unwrap();
            // The reference clips at 1 − 1e-15, which in double precision is 9.99e-16 from 1: the logit of a sure
            // member is off by 8e-4 there, and the loss of a sure and wrong row with it.
            let tolerance = if rule == "logit-mean" { 1e-5 } else { 1e-6 };
            assert!((loss - wanted).abs() < tolerance, "{name}: log loss {loss}, not {wanted}");
        }
        tried += 1;
    }
    assert_eq!(tried, table.len() - 1, "every column of the table but the id");
}

#[test]
fn multiclass_rules_agree_with_the_reference_in_every_row_and_score() {
    let case = reference::multi();
    let truth = Truth::new(&case.target);
    let (expected, table) = (json("fusion.json"), columns("fusion_multiclass.csv"));
    let weights = numbers(&expected["multiclass_weights"]);
    let names = ["a", "b", "c", "d"];
    for (prefix, suffix, label, rule, weighted, scale) in [
        ("mean_", "", "mean_label", "mean", false, 1.0),
        ("weighted_", "", "weighted_label", "mean", true, 1.0),
        ("median_normalised_", "", "median_normalised_label", "median", false, 1.0),
        ("product_normalised_", "", "product_normalised_label", "product", false, 1.0),
        ("max_normalised_", "", "max_normalised_label", "maximum", false, 1.0),
        ("min_normalised_", "", "min_normalised_label", "minimum", false, 1.0),
        // Four members with 4 · 3 / 2 points each.
        ("borda_", "(K - average rank, summed)", "borda_label", "borda", false, 24.0),
    ] {
        let fused = fuse(rule, weighted.then_some(&weights[..]), &case.predictions);
        for (k, class) in names.iter().enumerate() {
            let wanted = column(&table, &format!("{prefix}{class}{suffix}"));
            for (i, wanted) in wanted.iter().enumerate() {
                let got = f64::from(fused.at(i, k)) * scale;
                assert!((got - wanted).abs() < 2e-6, "{rule}, row {i}, class {class}: {got}, not {wanted}");
            }
        }
        let wanted: Vec<&str> = table[label].iter().map(String::as_str).collect();
        let got: Vec<&str> = (0..fused.rows()).map(|i| names[fused.argmax(i).unwrap()]).collect();
        assert_eq!(got, wanted, "{label}");
        let estimates = Estimates::matrix(&fused, Gives::Probabilities);
        if let Some(wanted) = expected["multiclass_log_loss"][prefix.trim_end_matches('_')].as_f64() {
            let loss = LogLoss::default().score(&estimates, &truth).unwrap().value().unwrap();
            assert!((loss - wanted).abs() < 1e-6, "{rule}: log loss {loss}, not {wanted}");
        }
        let accuracy = Accuracy.score(&estimates, &truth).unwrap().value().unwrap();
        let wanted = expected["multiclass_accuracy"][label].as_f64().unwrap();
        assert!((accuracy - wanted).abs() < 1e-6, "{rule}: accuracy {accuracy}, not {wanted}");
    }
    for (label, rule, weighted) in [
        ("hard_label(tie=first class)", "vote", false),
        ("hard_weighted_label", "vote", true),
        ("hard_tie_broken_by_mean_prob", "vote:mean", false),
        ("absolute_majority", "vote:majority", false),
    ] {
        let fused = fuse(rule, weighted.then_some(&weights[..]), &case.predictions);
        let got: Vec<&str> = (0..fused.rows()).map(|i| fused.argmax(i).map_or("", |k| names[k])).collect();
        assert_eq!(got, table[label].iter().map(String::as_str).collect::<Vec<_>>(), "{label}");
    }
    let shares = fuse("vote:share", None, &case.predictions);
    let tied = |i: usize| {
        let top = shares.row(i).iter().copied().fold(0.0, f32::max);
        shares.row(i).iter().filter(|&&x| x == top).count() > 1
    };
    let tied: Vec<f64> = (0..shares.rows()).map(|i| f64::from(u8::from(tied(i)))).collect();
    assert_eq!(tied, column(&table, "hard_tied"));
    assert_eq!(tied.iter().sum::<f64>(), expected["multiclass_hard_ties"].as_f64().unwrap());
}

#[test]
fn regression_rules_agree_with_the_reference_in_every_row_and_score() {
    let case = reference::regression();
    let (expected, table) = (json("fusion.json"), columns("fusion_regression.csv"));
    let weights = numbers(&expected["regression_weights"]);
    let truth = Truth::new(&case.target);
    let (values, _) = truth.values("test").unwrap();
    for (name, rule, weighted) in [
        ("mean", "mean", false),
        ("weighted", "mean", true),
        ("median", "median", false),
        ("trimmed_1", "trimmed:1", false),
        ("geometric", "geometric", false),
        ("harmonic", "harmonic", false),
        ("weighted_median(lower, AdaBoost.R2 rule: cum weight >= half)", "weighted-median", true),
    ] {
        let fused = column_of(&fuse(rule, weighted.then_some(&weights[..]), &case.predictions), 0);
        for (i, (got, wanted)) in fused.iter().zip(column(&table, name)).enumerate() {
            assert!((got - wanted).abs() < 1e-6 * wanted.abs().max(1.0), "{name}, row {i}: {got}, not {wanted}");
        }
        let squares: f64 = fused.iter().zip(values).map(|(p, y)| (p - y).powi(2)).sum();
        let rmse = (squares / fused.len() as f64).sqrt();
        let wanted = expected["regression_rmse"][name].as_f64().unwrap();
        assert!((rmse - wanted).abs() < 1e-6, "{name}: RMSE {rmse}, not {wanted}");
    }
}

/// The winsorised mean and the power mean by their definitions, in double precision.
#[test]
fn rules_without_a_reference_agree_with_their_definitions() {
    let case = reference::regression();
    let n = case.predictions.members().len();
    let weights = [0.1, 0.2, 0.3, 0.25, 0.15];
    let winsorised = fuse("winsorised:1", Some(&weights), &case.predictions);
    let trimmed = fuse("trimmed:1", Some(&weights), &case.predictions);
    let power = fuse("power:3.5", Some(&weights), &case.predictions);
    let geometric = fuse("geometric", Some(&weights), &case.predictions);
    let median = fuse("median", Some(&weights), &case.predictions);
    for i in 0..case.predictions.rows() {
        let mut row: Vec<(f64, f64)> = (0..n).map(|m| (f64::from(case.predictions.at(m, i, 0)), weights[m])).collect();
        row.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mean =
            |row: &[(f64, f64)]| row.iter().map(|(x, w)| x * w).sum::<f64>() / row.iter().map(|(_, w)| w).sum::<f64>();
        let near = |got: &Matrix, wanted: f64| {
            let got = f64::from(got.at(i, 0));
            assert!((got - wanted).abs() < 1e-6 * wanted, "row {i}: {got}, not {wanted}");
        };
        let held: Vec<(f64, f64)> = row.iter().map(|(x, w)| (x.clamp(row[1].0, row[n - 2].0), *w)).collect();
        near(&winsorised, mean(&held));
        near(&trimmed, mean(&row[1..n - 1]));
        near(&power, mean(&row.iter().map(|(x, w)| (x.powf(3.5), *w)).collect::<Vec<_>>()).powf(1.0 / 3.5));
        near(&geometric, mean(&row.iter().map(|(x, w)| (x.ln(), *w)).collect::<Vec<_>>()).exp());
        let mut sum = 0.0;
        let at = row.iter().position(|(_, w)| {
            sum += w;
            sum >= 0.5 - 1e-12
        });
        let at = at.unwrap();
        near(&median, if sum > 0.5 + 1e-12 { row[at].0 } else { (row[at].0 + row[at + 1].0) / 2.0 });
    }
}
