use consort_core::{Real, Result, Score};
use serde::{Deserialize, Serialize};

use super::{
    Pinball,
    deviance::{check_power, deviance_of},
    mean_of_rows::MeanOfRows,
    median::Ordered,
    pinball::pinball_of,
    rows::{Rows, whole_metric},
};

const CONSTANT: &str = "the best constant leaves no loss: the truth is the same in every row";

/// The share of the pinball loss of the best constant that the estimates save (Koenker and Machado 1999).
///
/// 1 − pinball(ŷ, y) / pinball(q, y), q the quantile of the truth at that level. Undefined where the truth is the same
/// in every row. O(n log n). Several targets are averaged.
///
/// ```
/// use consort_metrics::regression::d2_pinball;
/// assert_eq!(d2_pinball(&[1.0, 2.0, 3.0], &[1.0, 2.0, 5.0], None, 0.5)?.value(), Some(0.5));
/// # Ok::<(), consort_core::Error>(())
/// ```
///
/// # Errors
/// As [`pinball`](super::pinball()).
pub fn d2_pinball<T: Real>(estimates: &[T], truth: &[f64], weights: Option<&[f64]>, level: f64) -> Result<Score> {
    d2_pinball_of(&Rows::new(estimates, truth, weights, "d2_pinball")?, level)
}

fn d2_pinball_of<T: Real>(rows: &Rows<'_, T>, level: f64) -> Result<Score> {
    Pinball { level }.check()?;
    let Some(ordered) = Ordered::new(rows.present().map(|(_, truth, weight)| (truth, weight))) else {
        return Ok(Score::undefined("there is no row"));
    };
    let constant = ordered.quantile(level);
    let [loss, of_constant] =
        rows.sum(|estimate, truth| [pinball_of(estimate, truth, level), pinball_of(constant, truth, level)]);
    Ok(Score::ratio(loss, of_constant, CONSTANT).map(|x| 1.0 - x))
}

/// The metric of [`d2_pinball`].
///
/// ```
/// use consort_core::Metric;
/// assert_eq!(consort_metrics::regression::D2Pinball { level: 0.9 }.name(), "d2_pinball_0.9");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct D2Pinball {
    /// The level of the quantile, in [0, 1].
    pub level: f64,
}

impl Default for D2Pinball {
    /// The median.
    fn default() -> Self {
        Self { level: 0.5 }
    }
}

whole_metric!(
    D2Pinball,
    "d2_pinball",
    Higher,
    Value,
    (f64::NEG_INFINITY, 1.0),
    |this| format!("d2_pinball_{}", this.level),
    |rows| { d2_pinball_of(&rows, this.level) }
);

/// The share of the absolute error of the median that the estimates save: [`d2_pinball`] at level 0.5.
///
/// ```
/// use consort_metrics::regression::d2_absolute_error;
/// assert_eq!(d2_absolute_error(&[1.0, 2.0, 3.0], &[1.0, 2.0, 5.0], None)?.value(), Some(0.5));
/// # Ok::<(), consort_core::Error>(())
/// ```
///
/// # Errors
/// As [`pinball`](super::pinball()).
pub fn d2_absolute_error<T: Real>(estimates: &[T], truth: &[f64], weights: Option<&[f64]>) -> Result<Score> {
    d2_pinball_of(&Rows::new(estimates, truth, weights, "d2_absolute_error")?, 0.5)
}

/// The metric of [`d2_absolute_error`].
///
/// ```
/// use consort_core::Metric;
/// assert_eq!(consort_metrics::regression::D2AbsoluteError.name(), "d2_absolute_error");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct D2AbsoluteError;

whole_metric!(
    D2AbsoluteError,
    "d2_absolute_error",
    Higher,
    Value,
    (f64::NEG_INFINITY, 1.0),
    |_this| "d2_absolute_error".into(),
    |rows| { d2_pinball_of(&rows, 0.5) }
);

/// The share of the Tweedie deviance of the mean that the estimates save (Hastie, Tibshirani and Wainwright 2015).
///
/// 1 − D(ŷ, y) / D(ȳ, y). R² for power 0. Undefined where the truth is the same in every row, and outside of where
/// [`tweedie_deviance`](super::tweedie_deviance) is defined. Several targets are averaged.
///
/// ```
/// use consort_metrics::regression::d2_tweedie;
/// assert_eq!(d2_tweedie(&[1.0, 2.0, 4.0], &[1.0, 2.0, 3.0], None, 0.0)?.value(), Some(0.5));
/// # Ok::<(), consort_core::Error>(())
/// ```
///
/// # Errors
/// As [`tweedie_deviance`](super::tweedie_deviance).
pub fn d2_tweedie<T: Real>(estimates: &[T], truth: &[f64], weights: Option<&[f64]>, power: f64) -> Result<Score> {
    d2_tweedie_of(&Rows::new(estimates, truth, weights, "d2_tweedie")?, power)
}

fn d2_tweedie_of<T: Real>(rows: &Rows<'_, T>, power: f64) -> Result<Score> {
    check_power(power)?;
    let [sum, weight] = rows.sum(|_, truth| [truth, 1.0]);
    let mean = sum / weight;
    let [loss, of_mean] =
        rows.sum(|estimate, truth| [deviance_of(estimate, truth, power), deviance_of(mean, truth, power)]);
    if loss.is_nan() || of_mean.is_nan() {
        return Ok(Score::undefined("a row is outside of where the deviance is defined"));
    }
    let (least, greatest) =
        rows.present().fold((f64::INFINITY, f64::NEG_INFINITY), |(least, greatest), (_, truth, _)| {
            (truth.min(least), truth.max(greatest))
        });
    // The deviance of a constant from its mean is 0 but for rounding. All but the squares of power 0 are differences of terms
    // that are as large as mean^(2 − power), the unit of a deviance: less than the last digits of these is nothing.
    let rounding = if power == 0.0 { 0.0 } else { 1e-14 * weight * mean.abs().powf(2.0 - power) };
    if least == greatest || of_mean <= rounding {
        return Ok(Score::undefined(CONSTANT));
    }
    Ok(Score::ratio(loss, of_mean, CONSTANT).map(|x| 1.0 - x))
}

/// The metric of [`d2_tweedie`].
///
/// ```
/// use consort_core::Metric;
/// assert_eq!(consort_metrics::regression::D2Tweedie { power: 1.0 }.name(), "d2_tweedie_1");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct D2Tweedie {
    /// The power of the mean that the variance follows: at most 0, or at least 1.
    pub power: f64,
}

impl Default for D2Tweedie {
    /// A power of 1.5: amounts that are often 0.
    fn default() -> Self {
        Self { power: 1.5 }
    }
}

whole_metric!(
    D2Tweedie,
    "d2_tweedie",
    Higher,
    Value,
    (f64::NEG_INFINITY, 1.0),
    |this| format!("d2_tweedie_{}", this.power),
    |rows| { d2_tweedie_of(&rows, this.power) }
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unit_of_the_target_does_not_matter() {
        let (estimates, truth) = ([1.5, 2.0, 2.5, 5.0], [1.0, 2.0, 3.0, 6.0]);
        for power in [-1.0, 0.0, 1.0, 1.5, 2.0, 3.0] {
            let score = |unit: f64| {
                let (estimates, truth) = (estimates.map(|x| x * unit), truth.map(|x| x * unit));
                d2_tweedie(&estimates, &truth, None, power).unwrap().value()
            };
            let expected = score(1.0).unwrap();
            for unit in [1e-30, 1e-16, 1e-9, 1e9, 1e16, 1e30] {
                let found = score(unit).unwrap_or(f64::NAN);
                assert!((found - expected).abs() < 1e-9, "power {power}, unit {unit}: {found} {expected}");
            }
            assert_eq!(d2_tweedie(&estimates, &[0.1 + 0.2; 4], None, power).unwrap().value(), None, "power {power}");
        }
    }
}
