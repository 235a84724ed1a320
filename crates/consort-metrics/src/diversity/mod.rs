//! How members differ: pairwise and whole-ensemble measures.
//!
//! Members that err on the same rows gain nothing from being put together. [`Diversity::of`] computes all
//! measures of classifiers in one go; [`Correctness`] packs who is right where into bits, and each measure is a
//! method of what can be counted from them: [`PairTable`] of two members, [`CorrectCounts`] of all.
//! [`Ambiguity`], [`BiasVarianceCovariance`] and [`residual_correlation`] do the same for regression.
//! [`leave_one_out`] says what each member adds to their mean.

mod ambiguity;
mod bias_variance;
mod bit_rows;
mod correct_counts;
mod correctness;
mod decisions;
mod leave_one_out;
mod majority;
mod pair_table;
mod report;
mod residuals;
mod symmetric;

pub use ambiguity::Ambiguity;
pub use bias_variance::BiasVarianceCovariance;
pub use correct_counts::CorrectCounts;
pub use correctness::{Correctness, PairTables};
pub use decisions::Decisions;
pub use leave_one_out::{MemberGain, can_be_averaged, leave_one_out};
pub use majority::majority_limits;
pub use pair_table::PairTable;
pub use report::{Diversity, PairAverages, RegressionDiversity};
pub use residuals::residual_correlation;
pub use symmetric::SymmetricMatrix;
