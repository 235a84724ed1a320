use consort_core::{Real, Result, Score};
use serde::{Deserialize, Serialize};

use super::moments::{Moments, moments_metric, score_slices};

const CONSTANT: &str = "the truth is the same in every row";

/// The coefficient of determination R²: the share of the variance of the truth that the estimates explain.
///
/// 1 − Σw(ŷ − y)² / Σw(y − ȳ)². 1 is perfect, 0 as good as the mean, below 0 worse. Undefined where the truth is the
/// same in every row. Several targets are averaged.
///
/// ```
/// use consort_metrics::regression::r2;
/// assert_eq!(r2(&[1.0, 2.0, 4.0], &[1.0, 2.0, 3.0], None)?.value(), Some(0.5));
/// assert!(r2(&[1.0, 2.0], &[3.0, 3.0], None)?.reason().is_some());
/// # Ok::<(), consort_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::Length`](consort_core::Error::Length) unless all are parallel,
/// [`Error::NotFinite`](consort_core::Error::NotFinite) naming the row.
pub fn r2<T: Real>(estimates: &[T], truth: &[f64], weights: Option<&[f64]>) -> Result<Score> {
    score_slices(r2_of, "r2", estimates, truth, weights)
}

fn r2_of(m: &Moments) -> Score {
    Score::ratio(m.error, m.truth, CONSTANT).map(|x| 1.0 - x)
}

/// R² that pays for the number of features of a model (Ezekiel 1930): 1 − (1 − R²)(n − 1)/(n − p − 1).
///
/// n is the number of rows that have weight.
///
/// ```
/// use consort_metrics::regression::adjusted_r2;
/// assert_eq!(adjusted_r2(&[1.0, 2.0, 4.0], &[1.0, 2.0, 3.0], None, 1)?.value(), Some(0.0));
/// # Ok::<(), consort_core::Error>(())
/// ```
///
/// # Errors
/// As [`r2`].
pub fn adjusted_r2<T: Real>(estimates: &[T], truth: &[f64], weights: Option<&[f64]>, features: usize) -> Result<Score> {
    let rows = weights.map_or(estimates.len(), |weights| weights.iter().filter(|&&w| w > 0.0).count());
    let score = r2(estimates, truth, weights)?;
    if rows <= features + 1 {
        return Ok(Score::undefined(format!("{rows} rows are too few for {features} features")));
    }
    let (n, p) = (rows as f64, features as f64);
    Ok(score.map(|r2| 1.0 - (1.0 - r2) * (n - 1.0) / (n - p - 1.0)))
}

/// The metric of [`r2`].
///
/// ```
/// use consort_core::Metric;
/// assert_eq!(consort_metrics::regression::R2.name(), "r2");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct R2;

moments_metric!(R2, "r2", r2_of, (f64::NEG_INFINITY, 1.0));

/// The explained variance: R² that forgives a constant bias.
///
/// 1 − Var(ŷ − y) / Var(y). Undefined where the truth is the same in every row. Several targets are averaged.
///
/// ```
/// use consort_metrics::regression::explained_variance;
/// assert_eq!(explained_variance(&[2.0, 3.0, 4.0], &[1.0, 2.0, 3.0], None)?.value(), Some(1.0));
/// # Ok::<(), consort_core::Error>(())
/// ```
///
/// # Errors
/// As [`r2`].
pub fn explained_variance<T: Real>(estimates: &[T], truth: &[f64], weights: Option<&[f64]>) -> Result<Score> {
    score_slices(explained_variance_of, "explained_variance", estimates, truth, weights)
}

fn explained_variance_of(m: &Moments) -> Score {
    let residual = (m.error - m.bias * m.bias / m.weight).max(0.0);
    Score::ratio(residual, m.truth, CONSTANT).map(|x| 1.0 - x)
}

/// The metric of [`explained_variance`].
///
/// ```
/// use consort_core::Metric;
/// assert_eq!(consort_metrics::regression::ExplainedVariance.name(), "explained_variance");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ExplainedVariance;

moments_metric!(ExplainedVariance, "explained_variance", explained_variance_of, (f64::NEG_INFINITY, 1.0));
