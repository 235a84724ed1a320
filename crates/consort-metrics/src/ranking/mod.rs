//! Scores of an order: ROC, precision and recall, lift.

mod average_precision;
mod columns;
mod ranked_scores;
mod roc_auc;

pub use average_precision::{AveragePrecision, average_precision, average_precision_of};
pub use ranked_scores::{Group, RankedScores};
pub use roc_auc::{Pairing, RocAuc, roc_auc, roc_auc_of};
