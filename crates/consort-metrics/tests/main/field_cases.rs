//! Faults that people met in other tools.

use std::collections::HashMap;

use consort_core::{Classes, Estimates, Gives, Score, Target, Truth};
use consort_metrics::classification::{ConfusionMatrix, KappaWeights, LogLoss, log_loss};
use consort_metrics::ranking::{average_precision, roc_auc};
use consort_metrics::registry;

/// A small table without quotes.
pub(crate) struct Table(HashMap<String, Vec<String>>);

impl Table {
    pub(crate) fn read(name: &str) -> Self {
        let path = format!("{}/tests/data/{name}.csv", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).unwrap();
        let mut lines = text.lines().map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>());
        let header = lines.next().unwrap();
        let mut columns: HashMap<String, Vec<String>> = header.iter().map(|name| (name.clone(), Vec::new())).collect();
        for line in lines {
            for (name, cell) in header.iter().zip(line) {
                columns.get_mut(name).unwrap().push(cell);
            }
        }
        Self(columns)
    }

    pub(crate) fn texts(&self, column: &str) -> &[String] {
        &self.0[column]
    }

    pub(crate) fn numbers(&self, column: &str) -> Vec<f64> {
        self.0[column].iter().map(|cell| cell.parse().unwrap()).collect()
    }

    fn codes(&self, column: &str) -> Vec<u32> {
        self.numbers(column).iter().map(|&x| x as u32).collect()
    }

    fn positive(&self, column: &str) -> Vec<bool> {
        self.numbers(column).iter().map(|&x| x == 1.0).collect()
    }
}

fn near(got: Score, expected: f64) {
    let got = got.value().unwrap();
    assert!((got - expected).abs() < 1e-12 * expected.abs().max(1.0), "{got} instead of {expected}");
}

fn score(name: &str, values: &[f64], columns: usize, target: &Target) -> Score {
    let estimates = Estimates::f64(values, columns, Gives::Probabilities).unwrap();
    registry::by_name(name).unwrap().score(&estimates, &Truth::new(target)).unwrap()
}

fn binary(positive: &[f64]) -> Vec<f64> {
    positive.iter().flat_map(|p| [1.0 - p, *p]).collect()
}

#[test]
fn d09_classes_come_from_the_columns_and_not_from_the_labels_that_occur() {
    let multi = Table::read("cases/d09_multi");
    let columns = ["p_a", "p_b", "p_c"].map(|name| multi.numbers(name));
    let values: Vec<f64> =
        (0..multi.texts("y").len()).flat_map(|i| columns.iter().map(move |column| column[i])).collect();
    let classes = Classes::new(["a", "b", "c"]).unwrap();
    let target = Target::from_labels(multi.texts("y"), &classes, "y").unwrap();
    near(score("log_loss", &values, 3, &target), 0.8047189562170501);

    let ones = Table::read("cases/d09_binary_ones");
    let values = binary(&ones.numbers("p"));
    let target = Target::from_labels(ones.texts("y"), &Classes::new(["0", "1"]).unwrap(), "y").unwrap();
    near(score("log_loss", &values, 2, &target), 0.2797765635793423);
    near(score("brier", &values, 2, &target), 0.07);
    let auc = score("roc_auc", &values, 2, &target);
    assert!(auc.reason().unwrap().contains("only one class"), "{auc:?}");

    let unknown = Table::read("cases/d09_unknown_label");
    let error = Target::from_labels(unknown.texts("y"), &Classes::new(["a", "b"]).unwrap(), "y").unwrap_err();
    assert!(error.to_string().contains("`z`"), "{error}");
}

#[test]
fn d10_saturated_probabilities_give_a_finite_loss_in_both_precisions() {
    let table = Table::read("cases/d10_sat");
    let (p, y) = (binary(&table.numbers("p")), table.codes("y"));
    let single: Vec<f32> = p.iter().map(|&p| p as f32).collect();
    near(log_loss(&p, 2, &y, None, f64::EPSILON).unwrap(), 14.474997770137218);
    near(log_loss(&single, 2, &y, None, f64::EPSILON).unwrap(), 14.474997770137218);
    // Each column is clipped by itself, so that the wrong rows cost −ln ε and not −ln(1 − (1 − ε)).
    let by_hand = -(2.0 * 1e-15f64.ln() + 2.0 * (1.0 - 1e-15f64).ln() + 0.75f64.ln()) / 5.0;
    near(log_loss(&p, 2, &y, None, 1e-15).unwrap(), by_hand);
    let right = [0usize, 1, 3];
    let part: Vec<f64> = right.iter().flat_map(|&i| [p[2 * i], p[2 * i + 1]]).collect();
    near(log_loss(&part, 2, &right.map(|i| y[i]), None, f64::EPSILON).unwrap(), 0.09589402415059378);
    near(roc_auc(&table.numbers("p"), &table.positive("y"), None).unwrap(), 0.5);
    assert!(LogLoss::default().eps(0.0).check().is_err());
}

#[test]
fn d11_equal_scores_are_one_group_whatever_the_order_of_rows() {
    for name in ["cases/d11_pos_first", "cases/d11_neg_first"] {
        let table = Table::read(name);
        let (p, y, w) = (table.numbers("p"), table.positive("y"), table.numbers("w"));
        near(roc_auc(&p, &y, None).unwrap(), 0.8);
        near(average_precision(&p, &y, None).unwrap(), 0.7777777777777777);
        near(roc_auc(&p, &y, Some(&w)).unwrap(), 0.8030303030303031);
        near(average_precision(&p, &y, Some(&w)).unwrap(), 0.7521645021645023);
    }
    let table = Table::read("cases/d11_all_tied");
    near(roc_auc(&table.numbers("p"), &table.positive("y"), None).unwrap(), 0.5);
    near(average_precision(&table.numbers("p"), &table.positive("y"), None).unwrap(), 0.4);
}

#[test]
fn d12_big_counts_do_not_overflow_and_constant_predictions_are_no_better_than_chance() {
    let counts = Table::read("cases/d12_counts");
    let mut matrix = ConfusionMatrix::new(2);
    matrix.update(&counts.codes("y"), &counts.codes("pred"), Some(&counts.numbers("weight"))).unwrap();
    near(matrix.mcc(), 0.6682252603946225);
    near(matrix.counts()[1].mcc(), 0.6682252603946225);
    near(matrix.cohen_kappa(KappaWeights::Unweighted), 0.6654377880184332);
    near(matrix.accuracy(), 0.8333333333333334);

    let constant = Table::read("cases/d12_constant");
    let mut matrix = ConfusionMatrix::new(2);
    matrix.update(&constant.codes("y"), &constant.codes("pred"), None).unwrap();
    near(matrix.mcc(), 0.0);
    near(matrix.cohen_kappa(KappaWeights::Unweighted), 0.0);
    near(matrix.balanced_accuracy(), 0.5);
}
