//! Scores, calibration, diversity, uncertainty and significance of predictions: arrays in, numbers out.
//!
//! Every score is there twice: as a function of slices, generic over [`Real`](consort_core::Real), and as a plain
//! struct that implements [`Metric`](consort_core::Metric), so that selection, reports and saved runs can hold any
//! of them. [`registry`] finds a metric by its name.
//!
//! | room | what it holds |
//! |---|---|
//! | [`classification`] | confusion matrix and what follows from it, log loss, Brier score, multilabel scores |
//! | [`ranking`] | ROC, precision–recall, Kolmogorov–Smirnov, lift, thresholds: one sort each |
//! | [`regression`] | errors of predicted numbers and quantiles |
//! | [`calibration`] | whether probabilities mean what they say |
//! | [`diversity`], [`uncertainty`] | how members differ, and how sure an ensemble is |
//! | [`significance`] | whether a difference is more than luck |
//! | [`generalisation`] | what scores on seen and unseen rows say about a model |
//! | [`registry`] | metrics by name and by task |
//!
//! ```
//! use consort_core::{Classes, Estimates, Gives, Target, Truth};
//! let classes = Classes::new(["no", "yes"])?;
//! let target = Target::from_labels(["yes", "no", "yes"], &classes, "y")?;
//! let estimates = Estimates::f32(&[0.2, 0.8, 0.6, 0.4, 0.3, 0.7], 2, Gives::Probabilities)?;
//! let accuracy = consort_metrics::registry::by_name("accuracy")?;
//! assert_eq!(accuracy.score(&estimates, &Truth::new(&target))?.value(), Some(1.0));
//! # Ok::<(), consort_core::Error>(())
//! ```

pub mod calibration;
pub mod classification;
pub mod diversity;
mod dot;
pub mod generalisation;
mod mean_over_rows;
pub mod ranking;
pub mod registry;
pub mod regression;
mod rows;
pub mod significance;
pub mod uncertainty;

pub use classification::{Accuracy, Brier, LogLoss, ZeroOneLoss};
pub use ranking::RocAuc;
