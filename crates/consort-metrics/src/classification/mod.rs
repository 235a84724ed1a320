//! Scores of labels and of probabilities over classes and labels.
//!
//! Scores of labels follow from a [`ConfusionMatrix`] (one class a row) or from [`Counts`] a label (several labels a
//! row), and how those of several classes become one number is an [`Average`].

mod accuracy;
mod average;
mod balanced_accuracy;
mod brier;
mod cohen_kappa;
mod confusion_matrix;
mod counts;
mod coverage_error;
mod decision;
mod f_beta;
mod hamming_loss;
mod hinge_loss;
mod jaccard;
mod label_ranking_average_precision;
mod label_ranking_loss;
mod log_loss;
mod mcc;
mod negative_predictive_value;
mod precision;
mod ranked_probability_score;
mod rate;
mod recall;
mod specificity;
mod tally;
mod top_k_accuracy;
mod zero_division;
mod zero_one_loss;

pub use accuracy::{Accuracy, accuracy};
pub use average::{Average, average_counts};
pub use balanced_accuracy::BalancedAccuracy;
pub use brier::{Brier, BrierScale, brier};
pub use cohen_kappa::{CohenKappa, KappaWeights};
pub use confusion_matrix::ConfusionMatrix;
pub use counts::Counts;
pub use coverage_error::CoverageError;
pub use decision::{decide, label_is_set};
pub(crate) use decision::{decide_row, decide_rows};
pub use f_beta::FBeta;
pub use hamming_loss::HammingLoss;
pub use hinge_loss::{HingeLoss, hinge_loss};
pub use jaccard::Jaccard;
pub use label_ranking_average_precision::LabelRankingAveragePrecision;
pub use label_ranking_loss::LabelRankingLoss;
pub use log_loss::{LogLoss, log_loss};
pub use mcc::Mcc;
pub use negative_predictive_value::Npv;
pub use precision::Precision;
pub use ranked_probability_score::{RankedProbabilityScore, ranked_probability_score};
pub use recall::Recall;
pub use specificity::Specificity;
pub use top_k_accuracy::{TopKAccuracy, top_k_accuracy};
pub use zero_division::ZeroDivision;
pub use zero_one_loss::ZeroOneLoss;
