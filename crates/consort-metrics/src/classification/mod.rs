//! Scores of labels and of probabilities over classes and labels.

mod accuracy;
mod average;
mod brier;
mod decision;
mod log_loss;
mod zero_one_loss;

pub use accuracy::{Accuracy, accuracy};
pub use average::Average;
pub use brier::{Brier, BrierScale, brier};
pub use decision::{decide, label_is_set};
pub use log_loss::{LogLoss, log_loss};
pub use zero_one_loss::ZeroOneLoss;
