use std::sync::Arc;

use consort_core::{Error, Metric, Result, Task};

use super::{Entry, calibration, classification, ranking, regression};
use crate::classification::LogLoss;

/// The metric of this name, parameters included: `f2`, `top2_accuracy`, `precision_macro`, `roc_auc_ovo_weighted`.
///
/// A hyphen counts as an underscore, and upper case as lower case.
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
    let wanted = name.trim().to_ascii_lowercase().replace('-', "_");
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
    fn a_distance_counts_edits() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
    }
}
