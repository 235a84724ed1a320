//! Scores of predicted numbers and quantiles.
//!
//! Each score is a free function on slices and a [`Metric`](consort_core::Metric). Several targets are scored one by
//! one and averaged, each counting the same.
//!
//! | scores | how they are computed |
//! |---|---|
//! | squared, absolute, percentage, logarithmic errors, deviances, pinball, Huber, bias | one pass, as sums over rows; accumulators |
//! | R², explained variance, Pearson's correlation | one pass, as means and co-moments; accumulators |
//! | maximum error | one pass; accumulator |
//! | median absolute error, D² of absolute error and pinball loss, Spearman, Kendall | a sort |
//! | interval score, coverage, crossing, CRPS of quantiles | one pass |

mod absolute_error;
mod bias;
mod correlation;
mod d2;
mod deviance;
mod huber;
mod kendall;
mod log_error;
mod max_error;
mod mean_of_rows;
mod median;
mod moments;
mod percentage_error;
mod pinball;
mod quantile;
mod quantile_mean;
mod r2;
mod rows;
mod squared_error;

pub use absolute_error::{MeanAbsoluteError, MedianAbsoluteError, mean_absolute_error, median_absolute_error};
pub use bias::{AbsoluteBias, mean_bias};
pub use correlation::{Pearson, Spearman, pearson, spearman};
pub use d2::{D2AbsoluteError, D2Pinball, D2Tweedie, d2_absolute_error, d2_pinball, d2_tweedie};
pub use deviance::{
    GammaDeviance, PoissonDeviance, TweedieDeviance, gamma_deviance, poisson_deviance, tweedie_deviance,
};
pub use huber::{Huber, huber};
pub use kendall::{Kendall, kendall_tau_b};
pub use log_error::{
    MeanSquaredLogError, RootMeanSquaredLogError, mean_squared_log_error, root_mean_squared_log_error,
};
pub use max_error::{MaxError, max_error};
pub use percentage_error::{
    MeanAbsolutePercentageError, SymmetricPercentageError, WeightedPercentageError, mean_absolute_percentage_error,
    symmetric_percentage_error, weighted_percentage_error,
};
pub use pinball::{Pinball, pinball};
pub use quantile::{
    IntervalScore, QuantileCoverage, QuantileCrossing, QuantileCrps, QuantilePinball, coverage, crossings,
    crps_of_quantiles, interval_coverage, interval_score, mean_pinball, pinball_by_level,
};
pub use r2::{ExplainedVariance, R2, adjusted_r2, explained_variance, r2};
pub use squared_error::{MeanSquaredError, RootMeanSquaredError, mean_squared_error, root_mean_squared_error};
