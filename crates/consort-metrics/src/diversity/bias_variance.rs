use consort_core::{Predictions, Result, Truth};
use serde::{Deserialize, Serialize};

use super::{residuals::Residuals, symmetric::upper};

/// The squared error of the members' mean as bias, variance and covariance of the members (Ueda and Nakano 1996).
///
/// E\[(f̄ − y)²\] = bias² + variance / M + (1 − 1/M) covariance. The expectation is over the rows given (and
/// targets), weighted, not over training sets, of which there is one: bias is the mean residual of the members,
/// variance the mean of the variances of their residuals, covariance the mean over the pairs. What the members
/// share, bias and covariance, no averaging takes away.
///
/// ```
/// use consort_core::{Gives, Ids, Outputs, Predictions, Target, Truth};
/// use consort_metrics::diversity::BiasVarianceCovariance;
/// let predictions = Predictions::builder(Outputs::target("y"), Ids::positions(2))
///     .member("a", Gives::Values, &[1.0, 3.0])?
///     .member("b", Gives::Values, &[3.0, 1.0])?
///     .build()?;
/// let target = Target::from_values(vec![2.0, 2.0], "y")?;
/// let found = BiasVarianceCovariance::of(&predictions, &Truth::new(&target))?;
/// assert_eq!((found.bias, found.variance, found.covariance), (0.0, 1.0, -1.0));
/// assert_eq!(found.ensemble_error(), 0.0);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct BiasVarianceCovariance {
    /// The mean residual, estimate minus truth, of the members.
    pub bias: f64,
    /// The mean variance of the members' residuals.
    pub variance: f64,
    /// The mean covariance of the pairs of members; 0 for one member.
    pub covariance: f64,
    /// The number of members, M.
    pub members: usize,
}

impl BiasVarianceCovariance {
    /// The decomposition of these members' plain mean. O(members² × rows).
    ///
    /// # Errors
    /// As [`residual_correlation`](super::residual_correlation).
    pub fn of(predictions: &Predictions, truth: &Truth<'_>) -> Result<Self> {
        let residuals = Residuals::new(predictions, truth)?;
        let members = residuals.members();
        let (_, means) = residuals.means();
        Ok(Self::from_covariance(&means, &residuals.covariance(), members))
    }

    pub(super) fn from_covariance(means: &[f64], covariance: &[f64], members: usize) -> Self {
        let m = members as f64;
        let variance: f64 = (0..members).map(|i| covariance[upper(members, i, i)]).sum();
        let rest = covariance.iter().sum::<f64>() - variance;
        Self {
            bias: means.iter().sum::<f64>() / m,
            variance: variance / m,
            covariance: if members > 1 { rest / (m * (m - 1.0) / 2.0) } else { 0.0 },
            members,
        }
    }

    /// The mean squared error of the members' mean.
    pub fn ensemble_error(&self) -> f64 {
        let m = self.members as f64;
        self.bias * self.bias + self.variance / m + (1.0 - 1.0 / m) * self.covariance
    }
}
