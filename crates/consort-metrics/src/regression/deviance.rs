use consort_core::{Error, Real, Result, Score};
use serde::{Deserialize, Serialize};

use super::mean_of_rows::{MeanOfRows, mean_metric, score_slices};

/// The mean Tweedie deviance of a power: twice the log-likelihood that is lost to a perfect fit (Jørgensen 1987).
///
/// | power p | distribution | deviance of a row | truth | estimate |
/// |---|---|---|---|---|
/// | < 0 | extreme stable | 2(max(y, 0)^(2−p)/((1−p)(2−p)) − yŷ^(1−p)/(1−p) + ŷ^(2−p)/(2−p)) | any | > 0 |
/// | 0 | normal | (y − ŷ)² | any | any |
/// | 1 | Poisson | 2(y ln(y/ŷ) − y + ŷ) | ≥ 0 | > 0 |
/// | 1 to 2 | compound Poisson–gamma | as for p < 0 | ≥ 0 | > 0 |
/// | 2 | gamma | 2(ln(ŷ/y) + y/ŷ − 1) | > 0 | > 0 |
/// | > 2 | positive stable | as for p < 0 | > 0 | > 0 |
///
/// Undefined if a row lies outside of that. Several targets are averaged.
///
/// ```
/// use consort_metrics::regression::tweedie_deviance;
/// assert_eq!(tweedie_deviance(&[1.0, 3.0], &[2.0, 3.0], None, 0.0)?.value(), Some(0.5));
/// # Ok::<(), consort_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::Length`] unless all are parallel, [`Error::NotFinite`] naming the row, [`Error::Parameter`] for a power
/// between 0 and 1, of which there is no distribution.
pub fn tweedie_deviance<T: Real>(estimates: &[T], truth: &[f64], weights: Option<&[f64]>, power: f64) -> Result<Score> {
    score_slices(&TweedieDeviance { power }, "tweedie_deviance", estimates, truth, weights)
}

/// What a row adds to a deviance; NaN outside of where it is defined.
pub(super) fn deviance_of(estimate: f64, truth: f64, p: f64) -> f64 {
    if p == 0.0 {
        return (estimate - truth) * (estimate - truth);
    }
    if estimate <= 0.0 || (p >= 1.0 && truth < 0.0) || (p >= 2.0 && truth == 0.0) {
        return f64::NAN;
    }
    if p == 1.0 {
        let lost = if truth == 0.0 { 0.0 } else { truth * (truth / estimate).ln() };
        return 2.0 * (lost - truth + estimate);
    }
    if p == 2.0 {
        return 2.0 * ((estimate / truth).ln() + truth / estimate - 1.0);
    }
    2.0 * (truth.max(0.0).powf(2.0 - p) / ((1.0 - p) * (2.0 - p)) - truth * estimate.powf(1.0 - p) / (1.0 - p)
        + estimate.powf(2.0 - p) / (2.0 - p))
}

pub(super) fn check_power(power: f64) -> Result<()> {
    if power.is_finite() && (power <= 0.0 || power >= 1.0) {
        return Ok(());
    }
    Err(Error::parameter("power", power, "at most 0, or at least 1"))
}

/// The metric of [`tweedie_deviance`].
///
/// ```
/// use consort_core::Metric;
/// assert_eq!(consort_metrics::regression::TweedieDeviance { power: 1.5 }.name(), "tweedie_1.5");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TweedieDeviance {
    /// The power of the mean that the variance follows: at most 0, or at least 1.
    pub power: f64,
}

impl Default for TweedieDeviance {
    /// A power of 1.5: amounts that are often 0.
    fn default() -> Self {
        Self { power: 1.5 }
    }
}

impl MeanOfRows for TweedieDeviance {
    fn terms(&self, estimate: f64, truth: f64) -> [f64; 2] {
        [deviance_of(estimate, truth, self.power), 1.0]
    }

    fn domain(&self) -> &'static str {
        match self.power {
            1.0..2.0 => "truth at least 0 and estimates above 0",
            2.0.. => "truth and estimates above 0",
            _ => "estimates above 0",
        }
    }

    fn check(&self) -> Result<()> {
        check_power(self.power)
    }
}

mean_metric!(TweedieDeviance, "tweedie", |this| format!("tweedie_{}", this.power));

/// The mean Poisson deviance, for counts: [`tweedie_deviance`] of power 1.
///
/// ```
/// use consort_metrics::regression::poisson_deviance;
/// assert_eq!(poisson_deviance(&[1.0, 2.0], &[0.0, 2.0], None)?.value(), Some(1.0));
/// # Ok::<(), consort_core::Error>(())
/// ```
///
/// # Errors
/// As [`tweedie_deviance`].
pub fn poisson_deviance<T: Real>(estimates: &[T], truth: &[f64], weights: Option<&[f64]>) -> Result<Score> {
    score_slices(&PoissonDeviance, "poisson_deviance", estimates, truth, weights)
}

/// The metric of [`poisson_deviance`].
///
/// ```
/// use consort_core::Metric;
/// assert_eq!(consort_metrics::regression::PoissonDeviance.name(), "poisson_deviance");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PoissonDeviance;

impl MeanOfRows for PoissonDeviance {
    fn terms(&self, estimate: f64, truth: f64) -> [f64; 2] {
        [deviance_of(estimate, truth, 1.0), 1.0]
    }

    fn domain(&self) -> &'static str {
        "truth at least 0 and estimates above 0"
    }
}

mean_metric!(PoissonDeviance, "poisson_deviance", |_this| "poisson_deviance".into());

/// The mean gamma deviance, for amounts above 0: [`tweedie_deviance`] of power 2.
///
/// ```
/// use consort_metrics::regression::gamma_deviance;
/// let score = gamma_deviance(&[1.0, 2.0], &[2.0, 2.0], None)?.value().unwrap();
/// assert!((score - (1.0 - 2f64.ln())).abs() < 1e-12);
/// # Ok::<(), consort_core::Error>(())
/// ```
///
/// # Errors
/// As [`tweedie_deviance`].
pub fn gamma_deviance<T: Real>(estimates: &[T], truth: &[f64], weights: Option<&[f64]>) -> Result<Score> {
    score_slices(&GammaDeviance, "gamma_deviance", estimates, truth, weights)
}

/// The metric of [`gamma_deviance`].
///
/// ```
/// use consort_core::Metric;
/// assert_eq!(consort_metrics::regression::GammaDeviance.name(), "gamma_deviance");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct GammaDeviance;

impl MeanOfRows for GammaDeviance {
    fn terms(&self, estimate: f64, truth: f64) -> [f64; 2] {
        [deviance_of(estimate, truth, 2.0), 1.0]
    }

    fn domain(&self) -> &'static str {
        "truth and estimates above 0"
    }
}

mean_metric!(GammaDeviance, "gamma_deviance", |_this| "gamma_deviance".into());
