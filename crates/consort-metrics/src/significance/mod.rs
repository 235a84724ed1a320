//! Whether a difference is more than luck.
//!
//! | question | answer |
//! |---|---|
//! | two predictions of the same rows, any metric | [`bootstrap`], [`paired_bootstrap`] |
//! | two classifiers, accuracy | [`mcnemar`] |
//! | two scorers, area under the ROC curve | [`delong`] |
//! | two learners, scores of folds | [`corrected_resampled_t`], [`five_by_two_t`], [`five_by_two_f`] |
//! | two methods on several data sets | [`wilcoxon_signed_rank`], [`sign_test`] |
//! | several classifiers, accuracy on the same rows | [`cochran_q`] |
//! | several methods on several data sets | [`friedman`] with Nemenyi's critical difference |
//! | many tests at once | [`holm`] |
//! | the error of one share | [`wilson_interval`] |
//! | the error of any score, from 20 scores | [`GroupJackknife`] |
//! | the error of a mean | [`mean_interval`] |

mod bootstrap;
mod cochran;
mod corrected_resampled_t;
mod delong;
mod five_by_two;
mod friedman;
mod group_jackknife;
mod holm;
mod mcnemar;
mod normal_limit;
mod replicates;
mod resampling;
mod scored_units;
mod sign_test;
mod studentized_range;
mod test_result;
mod unit_scores;
mod units;
mod wilcoxon;
mod wilson;

pub use bootstrap::{Bootstrap, IntervalKind, bootstrap, paired_bootstrap};
pub use cochran::cochran_q;
pub use corrected_resampled_t::{corrected_resampled_interval, corrected_resampled_t};
pub use delong::{AucDifference, DeLong, delong};
pub use five_by_two::{five_by_two_f, five_by_two_t};
pub use friedman::{Friedman, friedman};
pub use group_jackknife::{GroupJackknife, mean_interval};
pub use holm::holm;
pub use mcnemar::{McNemar, mcnemar};
pub use normal_limit::normal_limit;
pub use replicates::{Difference, Interval, Replicates};
pub use resampling::Resampling;
pub use scored_units::ScoredUnits;
pub use sign_test::sign_test;
pub use studentized_range::{studentized_range_quantile, studentized_range_tail};
pub use test_result::TestResult;
pub use units::Drawn;
pub use wilcoxon::wilcoxon_signed_rank;
pub use wilson::wilson_interval;
