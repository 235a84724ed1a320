use std::sync::Arc;

use consort_core::Metric;

/// A metric that the registry knows.
///
/// ```
/// let entry = consort_metrics::registry::entries().find(|entry| entry.name == "accuracy").unwrap();
/// assert_eq!((entry.make)().name(), "accuracy");
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// Its name, which is the one that the metric says of itself.
    pub name: &'static str,
    /// What it is, in one line.
    pub about: &'static str,
    /// Makes it.
    pub make: fn() -> Arc<dyn Metric>,
}
