//! Metrics by name and by task.
//!
//! ```
//! use consort_core::Task;
//! use consort_metrics::registry;
//! let metric = registry::by_name("log_loss")?;
//! assert_eq!(metric.name(), registry::default_for(Task::Binary).name());
//! let error = registry::by_name("logloss_").unwrap_err();
//! assert!(error.to_string().contains("did you mean `log_loss`"));
//! # Ok::<(), consort_core::Error>(())
//! ```

mod calibration;
mod classification;
mod entry;
mod lookup;
mod ranking;
mod regression;

pub use entry::Entry;
pub use lookup::{by_name, default_for, entries, for_task, names};
pub use regression::for_quantiles;
