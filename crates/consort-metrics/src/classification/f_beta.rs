use consort_core::{Error, Result, Score};
use serde::{Deserialize, Serialize};

use crate::classification::rate::rate_metric;
use crate::classification::{Average, Counts, ZeroDivision};

/// F-measure: the harmonic mean of precision and recall, recall counting β² times.
///
/// (1 + β²)·TP / ((1 + β²)·TP + β²·FN + FP). In \[0, 1\], 1 is best. Of more than two classes, or of labels, averaged as [`Average`] says.
/// O(rows × classes). Source: van Rijsbergen (1979).
///
/// ```
/// use consort_core::{Classes, Estimates, Gives, Metric, Target, Truth};
/// use consort_metrics::classification::FBeta;
/// let target = Target::from_labels(["no", "no", "yes", "yes", "yes"], &Classes::new(["no", "yes"])?, "y")?;
/// let labels = [0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0]; // yes, no, yes, yes, no
/// let estimates = Estimates::f32(&labels, 2, Gives::Labels)?;
/// assert_eq!(FBeta::default().score(&estimates, &Truth::new(&target))?.value(), Some(2.0 / 3.0));
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FBeta {
    /// How much more recall counts than precision; above 0. The default is 1.
    pub beta: f64,
    /// How classes or labels are averaged.
    pub average: Average,
    /// What 0 / 0 is.
    pub zero_division: ZeroDivision,
}

impl Default for FBeta {
    fn default() -> Self {
        Self { beta: 1.0, average: Average::default(), zero_division: ZeroDivision::default() }
    }
}

impl FBeta {
    /// The measure with this β and the default average.
    pub fn new(beta: f64) -> Self {
        Self { beta, ..Self::default() }
    }

    /// Checks the parameters.
    ///
    /// # Errors
    /// [`Error::Parameter`](consort_core::Error::Parameter) unless β is finite and above 0.
    pub fn check(&self) -> Result<()> {
        if self.beta.is_finite() && self.beta > 0.0 {
            return Ok(());
        }
        Err(Error::parameter("beta", self.beta, "finite and above 0"))
    }
}

impl Counts {
    /// (1 + β²)·TP / ((1 + β²)·TP + β²·FN + FP). Undefined if the class neither occurs nor is predicted.
    pub fn f_beta(&self, beta: f64) -> Score {
        let square = beta * beta;
        let hits = (1.0 + square) * self.true_positive;
        Score::ratio(
            hits,
            hits + square * self.false_negative + self.false_positive,
            "no row of the class has weight and no row was given it",
        )
    }
}

rate_metric!(FBeta, |metric| format!("f{}", metric.beta), |metric, counts| counts.f_beta(metric.beta), |metric| metric
    .check());
