//! Scores of an order: ROC, precision and recall, lift.
//!
//! All of them read [`RankedScores`], which sorts once; the functions that end in `_of` take it and are one pass.

mod average_precision;
mod best_threshold;
mod columns;
mod gini;
mod kolmogorov_smirnov;
mod lift;
mod pr_auc;
mod precision_recall_curve;
mod ranked_scores;
mod roc_auc;
mod roc_curve;

pub use average_precision::{AveragePrecision, average_precision, average_precision_of};
pub use best_threshold::{BestThreshold, best_threshold};
pub use gini::{Gini, gini, gini_of};
pub use kolmogorov_smirnov::{KolmogorovSmirnov, ks, ks_of};
pub(crate) use lift::parse as parse_top_fraction;
pub use lift::{Gain, Lift, Ties, gain_of, lift_of};
pub use pr_auc::{PrAuc, pr_auc, pr_auc_of};
pub use precision_recall_curve::{PrecisionRecallCurve, precision_recall_curve, precision_recall_curve_of};
pub use ranked_scores::{Group, RankedScores};
pub use roc_auc::{Pairing, RocAuc, roc_auc, roc_auc_of};
pub use roc_curve::{RocCurve, roc_curve, roc_curve_of};
