use consort_core::{Error, Real, Result, Score};
use serde::{Deserialize, Serialize};

use super::{
    pinball::pinball_of,
    quantile_mean::{QuantileMean, Quantiles, check_levels, quantile_metric},
};

/// The pinball loss of each predicted quantile, one a level; `quantiles` is `[rows][levels]`.
///
/// ```
/// use consort_metrics::regression::pinball_by_level;
/// let losses = pinball_by_level(&[1.0, 3.0, 2.0, 4.0], &[0.25, 0.75], &[2.0, 2.0], None)?;
/// assert_eq!(losses[0].value(), Some(0.125));
/// # Ok::<(), consort_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::Length`] unless all are parallel, [`Error::NotFinite`] naming the row, [`Error::Parameter`] unless the levels
/// ascend within (0, 1).
pub fn pinball_by_level<T: Real>(
    quantiles: &[T],
    levels: &[f64],
    truth: &[f64],
    weights: Option<&[f64]>,
) -> Result<Vec<Score>> {
    let of = Quantiles::new(quantiles, levels, truth, weights, "pinball")?;
    Ok(of.means(levels.len(), |row, truth, terms| {
        for ((term, level), estimate) in terms.iter_mut().zip(levels).zip(row) {
            *term = pinball_of(*estimate, truth, *level);
        }
    }))
}

/// The mean over the levels of the pinball loss of each predicted quantile.
///
/// ```
/// use consort_metrics::regression::mean_pinball;
/// assert_eq!(mean_pinball(&[1.0, 3.0], &[0.25, 0.75], &[2.0], None)?.value(), Some(0.25));
/// # Ok::<(), consort_core::Error>(())
/// ```
///
/// # Errors
/// As [`pinball_by_level`].
pub fn mean_pinball<T: Real>(quantiles: &[T], levels: &[f64], truth: &[f64], weights: Option<&[f64]>) -> Result<Score> {
    QuantilePinball { levels: levels.into() }.of(quantiles, truth, weights)
}

/// The continuous ranked probability score of a distribution that is known by some of its quantiles
/// (Matheson and Winkler 1976; as an integral of pinball losses, Laio and Tamea 2007), in units of the target.
///
/// CRPS = 2 ∫₀¹ pinball(level) dlevel; each level stands for the levels nearer to it than to another. With equidistant levels
/// (j − ½)/K it is twice the mean pinball loss. For one level of ½ it is the absolute error.
///
/// ```
/// use consort_metrics::regression::crps_of_quantiles;
/// assert_eq!(crps_of_quantiles(&[1.0], &[0.5], &[3.0], None)?.value(), Some(2.0));
/// # Ok::<(), consort_core::Error>(())
/// ```
///
/// # Errors
/// As [`pinball_by_level`].
pub fn crps_of_quantiles<T: Real>(
    quantiles: &[T],
    levels: &[f64],
    truth: &[f64],
    weights: Option<&[f64]>,
) -> Result<Score> {
    QuantileCrps { levels: levels.into() }.of(quantiles, truth, weights)
}

/// The share of rows whose truth is at most the predicted quantile, one a level: equal to the level if calibrated.
///
/// ```
/// use consort_metrics::regression::coverage;
/// let shares = coverage(&[1.0, 3.0, 2.0, 4.0], &[0.25, 0.75], &[2.0, 2.0], None)?;
/// assert_eq!((shares[0].value(), shares[1].value()), (Some(0.5), Some(1.0)));
/// # Ok::<(), consort_core::Error>(())
/// ```
///
/// # Errors
/// As [`pinball_by_level`].
pub fn coverage<T: Real>(
    quantiles: &[T],
    levels: &[f64],
    truth: &[f64],
    weights: Option<&[f64]>,
) -> Result<Vec<Score>> {
    let of = Quantiles::new(quantiles, levels, truth, weights, "coverage")?;
    Ok(of.means(levels.len(), |row, truth, terms| {
        for (term, estimate) in terms.iter_mut().zip(row) {
            *term = f64::from(u8::from(truth <= *estimate));
        }
    }))
}

/// In how many places, rows and neighbouring levels, the quantile of the greater level is below that of the smaller.
///
/// ```
/// use consort_metrics::regression::crossings;
/// assert_eq!(crossings(&[1.0, 3.0, 2.0, 4.0, 3.0, 5.0], &[0.1, 0.5, 0.9], None)?, 2);
/// # Ok::<(), consort_core::Error>(())
/// ```
///
/// # Errors
/// As [`pinball_by_level`].
pub fn crossings<T: Real>(quantiles: &[T], levels: &[f64], weights: Option<&[f64]>) -> Result<u64> {
    let truth = vec![0.0; quantiles.len() / levels.len().max(1)];
    let of = Quantiles::new(quantiles, levels, &truth, weights, "crossings")?;
    let count = |row: &[f64]| row.windows(2).filter(|pair| pair[1] < pair[0]).count() as u64;
    let mut row = vec![0.0; levels.len()];
    Ok((0..truth.len())
        .filter(|&i| of.weight(i) > 0.0)
        .map(|i| {
            of.read(i, &mut row);
            count(&row)
        })
        .sum())
}

/// The share of rows whose truth lies within their interval, ends included.
///
/// ```
/// use consort_metrics::regression::interval_coverage;
/// assert_eq!(interval_coverage(&[1.0, 1.0], &[2.0, 2.0], &[1.5, 3.0], None)?.value(), Some(0.5));
/// # Ok::<(), consort_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::Length`] unless all are parallel, [`Error::NotFinite`] naming the row.
pub fn interval_coverage<T: Real>(lower: &[T], upper: &[T], truth: &[f64], weights: Option<&[f64]>) -> Result<Score> {
    mean_of_intervals(lower, upper, truth, weights, |low, high, truth| {
        f64::from(u8::from(low <= truth && truth <= high))
    })
}

/// The interval score of central intervals of this level (Gneiting and Raftery 2007), in units of the target: their
/// width, and 2/(1 − level) times how far the truth lies outside.
///
/// ```
/// use consort_metrics::regression::interval_score;
/// let score = interval_score(&[1.0, 1.0], &[2.0, 2.0], &[1.5, 3.0], None, 0.5)?;
/// assert_eq!(score.value(), Some((1.0 + 5.0) / 2.0));
/// # Ok::<(), consort_core::Error>(())
/// ```
///
/// # Errors
/// As [`interval_coverage`], and [`Error::Parameter`] unless the level is between 0 and 1.
pub fn interval_score<T: Real>(
    lower: &[T],
    upper: &[T],
    truth: &[f64],
    weights: Option<&[f64]>,
    level: f64,
) -> Result<Score> {
    check_level(level)?;
    mean_of_intervals(lower, upper, truth, weights, |low, high, truth| interval_score_of(low, high, truth, level))
}

fn interval_score_of(low: f64, high: f64, truth: f64, level: f64) -> f64 {
    (high - low) + 2.0 / (1.0 - level) * ((low - truth).max(0.0) + (truth - high).max(0.0))
}

fn check_level(level: f64) -> Result<()> {
    if level > 0.0 && level < 1.0 { Ok(()) } else { Err(Error::parameter("level", level, "between 0 and 1")) }
}

fn mean_of_intervals<T: Real>(
    lower: &[T],
    upper: &[T],
    truth: &[f64],
    weights: Option<&[f64]>,
    term: impl Fn(f64, f64, f64) -> f64 + Sync,
) -> Result<Score> {
    if lower.len() != upper.len() {
        return Err(Error::Length {
            what: "the upper ends".into(),
            got: upper.len(),
            expected: lower.len(),
            unit: "rows",
            hint: "give one for each lower end".into(),
        });
    }
    let ends: Vec<f64> = lower.iter().zip(upper).flat_map(|(low, high)| [low.f64(), high.f64()]).collect();
    // The levels are not used; two that ascend.
    let of = Quantiles::new(&ends, &[0.25, 0.75], truth, weights, "intervals")?;
    let mean = of.means(1, |row, truth, terms| terms[0] = term(row[0], row[1], truth)).pop();
    Ok(mean.unwrap_or_else(|| Score::undefined("there is no row")))
}

/// The metric of [`mean_pinball`].
///
/// ```
/// use consort_core::Metric;
/// use consort_metrics::regression::QuantilePinball;
/// assert_eq!(QuantilePinball { levels: vec![0.1, 0.9] }.name(), "mean_pinball");
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuantilePinball {
    /// The levels of the columns, ascending.
    pub levels: Vec<f64>,
}

impl QuantileMean for QuantilePinball {
    fn levels(&self) -> &[f64] {
        &self.levels
    }

    fn terms(&self) -> usize {
        1
    }

    fn row(&self, row: &[f64], truth: f64, terms: &mut [f64]) {
        let sum: f64 = row.iter().zip(&self.levels).map(|(q, level)| pinball_of(*q, truth, *level)).sum();
        terms[0] = sum / self.levels.len() as f64;
    }

    fn of_means(&self, means: &[f64]) -> f64 {
        means[0]
    }
}

quantile_metric!(QuantilePinball, "mean_pinball", |_this| "mean_pinball".into());

/// The metric of [`crps_of_quantiles`].
///
/// ```
/// use consort_core::Metric;
/// use consort_metrics::regression::QuantileCrps;
/// assert_eq!(QuantileCrps { levels: vec![0.1, 0.9] }.name(), "crps");
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuantileCrps {
    /// The levels of the columns, ascending.
    pub levels: Vec<f64>,
}

impl QuantileMean for QuantileCrps {
    fn levels(&self) -> &[f64] {
        &self.levels
    }

    fn terms(&self) -> usize {
        1
    }

    fn row(&self, row: &[f64], truth: f64, terms: &mut [f64]) {
        let levels = &self.levels;
        let border = |k: usize| 0.5 * (levels[k] + levels[k + 1]);
        terms[0] = 0.0;
        for (k, q) in row.iter().enumerate() {
            let from = if k == 0 { 0.0 } else { border(k - 1) };
            let to = if k + 1 == levels.len() { 1.0 } else { border(k) };
            terms[0] += 2.0 * (to - from) * pinball_of(*q, truth, levels[k]);
        }
    }

    fn of_means(&self, means: &[f64]) -> f64 {
        means[0]
    }
}

quantile_metric!(QuantileCrps, "crps", |_this| "crps".into());

/// How far the [`coverage`] of the quantiles is from their levels: the mean over the levels of |coverage − level|.
///
/// ```
/// use consort_core::Metric;
/// use consort_metrics::regression::QuantileCoverage;
/// assert_eq!(QuantileCoverage { levels: vec![0.1, 0.9] }.name(), "coverage_error");
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuantileCoverage {
    /// The levels of the columns, ascending.
    pub levels: Vec<f64>,
}

impl QuantileMean for QuantileCoverage {
    fn levels(&self) -> &[f64] {
        &self.levels
    }

    fn terms(&self) -> usize {
        self.levels.len()
    }

    fn row(&self, row: &[f64], truth: f64, terms: &mut [f64]) {
        terms.iter_mut().zip(row).for_each(|(term, q)| *term = f64::from(u8::from(truth <= *q)));
    }

    fn of_means(&self, means: &[f64]) -> f64 {
        means.iter().zip(&self.levels).map(|(mean, level)| (mean - level).abs()).sum::<f64>() / means.len() as f64
    }
}

quantile_metric!(QuantileCoverage, "coverage_error", |_this| "coverage_error".into());

/// The share of rows in which some quantile is below one of a smaller level.
///
/// ```
/// use consort_core::Metric;
/// use consort_metrics::regression::QuantileCrossing;
/// assert_eq!(QuantileCrossing { levels: vec![0.1, 0.9] }.name(), "quantile_crossing");
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuantileCrossing {
    /// The levels of the columns, ascending.
    pub levels: Vec<f64>,
}

impl QuantileMean for QuantileCrossing {
    fn levels(&self) -> &[f64] {
        &self.levels
    }

    fn terms(&self) -> usize {
        1
    }

    fn row(&self, row: &[f64], _truth: f64, terms: &mut [f64]) {
        terms[0] = f64::from(u8::from(row.windows(2).any(|pair| pair[1] < pair[0])));
    }

    fn of_means(&self, means: &[f64]) -> f64 {
        means[0]
    }
}

quantile_metric!(QuantileCrossing, "quantile_crossing", |_this| "quantile_crossing".into());

/// The metric of [`interval_score`]: of the interval between two of the predicted quantiles.
///
/// ```
/// use consort_core::Metric;
/// use consort_metrics::regression::IntervalScore;
/// assert_eq!(IntervalScore { levels: vec![0.1, 0.5, 0.9], level: 0.8 }.name(), "interval_score_0.8");
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IntervalScore {
    /// The levels of the columns, ascending.
    pub levels: Vec<f64>,
    /// The level of the interval; (1 − level)/2 and (1 + level)/2 must be among the levels.
    pub level: f64,
}

impl IntervalScore {
    fn ends(&self) -> Option<(usize, usize)> {
        let at = |goal: f64| self.levels.iter().position(|level| (level - goal).abs() < 1e-9);
        Some((at((1.0 - self.level) / 2.0)?, at((1.0 + self.level) / 2.0)?))
    }
}

impl QuantileMean for IntervalScore {
    fn levels(&self) -> &[f64] {
        &self.levels
    }

    fn terms(&self) -> usize {
        1
    }

    fn check(&self) -> Result<()> {
        check_levels(&self.levels)?;
        check_level(self.level)?;
        match self.ends() {
            Some(_) => Ok(()),
            None => Err(Error::parameter("level", self.level, "of an interval between two of the levels predicted")),
        }
    }

    fn row(&self, row: &[f64], truth: f64, terms: &mut [f64]) {
        terms[0] = self.ends().map_or(f64::NAN, |(a, b)| interval_score_of(row[a], row[b], truth, self.level));
    }

    fn of_means(&self, means: &[f64]) -> f64 {
        means[0]
    }
}

quantile_metric!(IntervalScore, "interval_score", |this| format!("interval_score_{}", this.level));
