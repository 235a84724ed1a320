use consort_core::{Predictions, Result, Truth};
use serde::{Deserialize, Serialize};

use super::residuals::Residuals;

/// The ambiguity decomposition of the mean of the members: its squared error is their mean squared error minus how
/// much they differ from it (Krogh and Vedelsby 1995).
///
/// E\[(f̄ − y)²\] = meanₘ E\[(fₘ − y)²\] − meanₘ E\[(fₘ − f̄)²\], over rows (and targets), weighted. So the mean is
/// never worse than the average member, and better by just the ambiguity.
///
/// ```
/// use consort_core::{Gives, Ids, Outputs, Predictions, Target, Truth};
/// use consort_metrics::diversity::Ambiguity;
/// let predictions = Predictions::builder(Outputs::target("y"), Ids::positions(2))
///     .member("a", Gives::Values, &[1.0, 2.0])?
///     .member("b", Gives::Values, &[3.0, 4.0])?
///     .build()?;
/// let target = Target::from_values(vec![2.0, 2.0], "y")?;
/// let found = Ambiguity::of(&predictions, &Truth::new(&target))?;
/// assert_eq!((found.member_error, found.ambiguity, found.ensemble_error), (1.5, 1.0, 0.5));
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Ambiguity {
    /// The mean squared error of the members' mean.
    pub ensemble_error: f64,
    /// The average of the members' mean squared errors.
    pub member_error: f64,
    /// The mean squared difference of the members from their mean.
    pub ambiguity: f64,
}

impl Ambiguity {
    /// The decomposition of these members' plain mean. O(members × rows).
    ///
    /// # Errors
    /// As [`residual_correlation`](super::residual_correlation).
    pub fn of(predictions: &Predictions, truth: &Truth<'_>) -> Result<Self> {
        let residuals = Residuals::new(predictions, truth)?;
        let members = residuals.members() as f64;
        let sums = residuals.sums(4, |weights, residuals, sums| {
            for (cell, weight) in weights.iter().enumerate() {
                let mean = residuals.iter().map(|r| r[cell]).sum::<f64>() / members;
                let (mut error, mut spread) = (0.0, 0.0);
                for r in residuals {
                    error += r[cell] * r[cell];
                    spread += (r[cell] - mean) * (r[cell] - mean);
                }
                sums[0] += weight;
                sums[1] += weight * mean * mean;
                sums[2] += weight * error / members;
                sums[3] += weight * spread / members;
            }
        });
        Ok(Self { ensemble_error: sums[1] / sums[0], member_error: sums[2] / sums[0], ambiguity: sums[3] / sums[0] })
    }
}
