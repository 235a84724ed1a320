use std::sync::Arc;

use consort_core::{Error, Metric, Result, Task};

use super::{Entry, calibration, classification, ranking, regression};
use crate::classification::LogLoss;

/// The metric of this name, parameters included: `f2`, `top2_accuracy`, `precision_macro`, `roc_auc_ovo_weighted`.
///
/// A hyphen counts as an underscore, unless it is the minus of a number, and upper case as lower case.
///
/// ```
/// use consort_metrics::registry::by_name;
/// assert_eq!(by_name("Log-Loss")?.name(), "log_loss");
/// assert!(by_name("log_lost").unwrap_err().to_string().contains("log_loss"));
/// # Ok::<(), consort_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::UnknownName`] that lists the nearest names.
pub fn by_name(name: &str) -> Result<Arc<dyn Metric>> {
    let wanted = plain(name);
    if let Some(entry) = entries().find(|entry| entry.name == wanted) {
        return Ok((entry.make)());
    }
    let parsers = [classification::parse, ranking::parse, regression::parse, calibration::parse];
    parsers.iter().find_map(|parse| parse(&wanted)).ok_or_else(|| Error::UnknownName {
        what: "metric",
        name: name.into(),
        known: nearest(&wanted),
    })
}

/// The name in lower case, its hyphens as underscores. One between an underscore (or hyphen) and a digit is a minus: `tweedie_-1`.
fn plain(name: &str) -> String {
    let name = name.trim().to_ascii_lowercase();
    let letters: Vec<char> = name.chars().collect();
    let is = |at: Option<usize>, what: fn(&char) -> bool| at.and_then(|at| letters.get(at)).is_some_and(what);
    let is_minus = |at: usize| {
        is(at.checked_sub(1), |c| matches!(c, '_' | '-')) && is(Some(at + 1), |c| c.is_ascii_digit() || *c == '.')
    };
    letters.iter().enumerate().map(|(at, &c)| if c == '-' && !is_minus(at) { '_' } else { c }).collect()
}

/// All metrics with a name of their own; those with parameters in their name are there with the usual ones only.
///
/// ```
/// use consort_metrics::registry::entries;
/// assert!(entries().any(|entry| entry.name == "rmse"));
/// ```
pub fn entries() -> impl Iterator<Item = &'static Entry> {
    [classification::ENTRIES, ranking::ENTRIES, calibration::ENTRIES, regression::ENTRIES].into_iter().flatten()
}

/// The names of [`entries`].
///
/// ```
/// assert!(consort_metrics::registry::names().contains(&"brier"));
/// ```
pub fn names() -> Vec<&'static str> {
    entries().map(|entry| entry.name).collect()
}

/// The metrics that are defined for problems of this kind.
///
/// ```
/// use consort_core::Task;
/// let metrics = consort_metrics::registry::for_task(Task::Binary);
/// assert!(metrics.iter().any(|metric| metric.name() == "roc_auc"));
/// ```
pub fn for_task(task: Task) -> Vec<Arc<dyn Metric>> {
    entries().map(|entry| (entry.make)()).filter(|metric| metric.suits(task)).collect()
}

/// The metric to use where none is named: log loss for classes and labels, RMSE for numbers, pinball loss for quantiles.
///
/// ```
/// use consort_core::Task;
/// assert_eq!(consort_metrics::registry::default_for(Task::Multiclass).name(), "log_loss");
/// ```
pub fn default_for(task: Task) -> Arc<dyn Metric> {
    let name = match task {
        Task::Binary | Task::Multiclass | Task::Multilabel => "log_loss",
        Task::Regression => "rmse",
        Task::Quantile => "pinball",
    };
    by_name(name).unwrap_or_else(|_| Arc::new(LogLoss::default()))
}

/// The nearest names, in words.
fn nearest(wanted: &str) -> String {
    let mut near: Vec<(usize, &str)> = names()
        .into_iter()
        .map(|name| {
            let part = !wanted.is_empty() && (name.contains(wanted) || wanted.contains(name));
            (if part { 1 } else { distance(wanted, name) }, name)
        })
        .filter(|(far, name)| *far <= 1 + name.len() / 3)
        .collect();
    near.sort_by_key(|(far, _)| *far);
    let list = |names: &[&str]| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    if near.is_empty() {
        format!("the metrics are {}", list(&names()))
    } else {
        let near: Vec<&str> = near.into_iter().take(5).map(|(_, name)| name).collect();
        format!("did you mean {}?", list(&near))
    }
}

/// How many letters to insert, drop or change to get from one name to the other (Levenshtein 1966).
fn distance(a: &str, b: &str) -> usize {
    let mut costs: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut corner = std::mem::replace(&mut costs[0], i + 1);
        for (j, y) in b.bytes().enumerate() {
            let change = corner + usize::from(x != y);
            corner = costs[j + 1];
            costs[j + 1] = change.min(corner + 1).min(costs[j] + 1);
        }
    }
    costs[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calibration::{Bins, CalibrationError, Of};
    use crate::classification::{Average, FBeta, Jaccard, Npv, Precision, Recall, Specificity, TopKAccuracy};
    use crate::ranking::{AveragePrecision, Gain, Gini, KolmogorovSmirnov, Lift, Pairing, PrAuc, RocAuc, Ties};
    use crate::regression::{D2Pinball, D2Tweedie, Huber, Pinball, TweedieDeviance};
    use consort_core::Reads;

    #[test]
    fn every_entry_bears_the_name_that_its_metric_says_and_is_found_by_it() {
        for entry in entries() {
            assert_eq!((entry.make)().name(), entry.name);
            assert_eq!(by_name(entry.name).unwrap().name(), entry.name);
            assert!(entry.about.ends_with('.'), "{}", entry.name);
        }
        let mut all = names();
        all.sort_unstable();
        let count = all.len();
        all.dedup();
        assert_eq!(all.len(), count, "a name twice");
    }

    #[test]
    fn every_metric_is_found_by_the_name_that_it_says_its_parameters_included() {
        let mut names: Vec<String> = Vec::new();
        let averages = [Average::Auto, Average::Macro, Average::Micro, Average::Weighted, Average::Samples];
        for average in averages {
            names.push(Precision::default().average(average).name());
            names.push(Recall::default().average(average).name());
            names.push(Specificity::default().average(average).name());
            names.push(Npv::default().average(average).name());
            names.push(Jaccard::default().average(average).name());
            names.extend([1e-7, 0.3, 1.0, 2.5, 1e9].map(|beta| FBeta::new(beta).average(average).name()));
        }
        for average in averages[..4].iter().copied() {
            names.push(AveragePrecision { average }.name());
            names.push(PrAuc { average }.name());
            names.push(Gini { average }.name());
            names.push(KolmogorovSmirnov { average }.name());
            names.push(RocAuc { average, pairing: Pairing::OneVsRest }.name());
            if average != Average::Micro {
                names.push(RocAuc { average, pairing: Pairing::OneVsOne }.name());
            }
        }
        names.extend([1, 2, 7, 100].map(|k| TopKAccuracy::new(k).name()));
        for fraction in [1e-9, 0.05, 0.1, 1.0] {
            for ties in [Ties::Share, Ties::RowOrder] {
                names.extend([Lift { fraction, ties }.name(), Gain { fraction, ties }.name()]);
            }
        }
        for of in [Of::Auto, Of::Positive, Of::TopLabel, Of::Classwise] {
            for error in [CalibrationError::ece(), CalibrationError::mce(), CalibrationError::rmsce()] {
                names.extend([1, 10, 15].map(|count| error.of(of).bins(Bins::default().count(count)).name()));
            }
        }
        for level in [0.0, 1e-7, 0.05, 0.5, 1.0] {
            names.extend([Pinball { level }.name(), D2Pinball { level }.name()]);
        }
        names.extend([1e-9, 0.5, 1.0, 1e30].map(|delta| Huber { delta }.name()));
        for power in [-2.5, -1.0, -0.001, 0.0, 1.0, 1.7, 3.0] {
            names.extend([TweedieDeviance { power }.name(), D2Tweedie { power }.name()]);
        }
        names.extend(entries().map(|entry| (entry.make)().name()));
        for name in names {
            assert_eq!(by_name(&name).unwrap().name(), name);
            let hyphens = name.replace('_', "-");
            assert_eq!(by_name(&hyphens).unwrap().name(), name, "{hyphens}");
        }
    }

    #[test]
    fn every_metric_of_a_regression_reads_what_a_regression_gives() {
        for metric in for_task(Task::Regression) {
            assert_eq!(metric.reads(), Reads::Value, "{}", metric.name());
        }
    }

    #[test]
    fn a_distance_counts_edits() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
    }
}
