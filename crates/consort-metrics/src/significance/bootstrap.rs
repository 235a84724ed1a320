use std::sync::Arc;

use consort_core::{Error, Estimates, Metric, Result, Seed, Truth};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Difference, Replicates, Resampling, ScoredUnits, units::Units};

/// How an interval is read off the replicates.
///
/// ```
/// use consort_metrics::significance::IntervalKind;
/// assert_eq!(IntervalKind::default(), IntervalKind::Bca);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IntervalKind {
    /// The quantiles of the replicates (Efron 1979).
    Percentile,
    /// Quantiles corrected for bias and for a spread that changes with the value (Efron 1987), accelerated by a
    /// jackknife that leaves out one of at most 200 parts of the rows at a time.
    #[default]
    Bca,
}

/// The parameters of a bootstrap.
///
/// ```
/// use consort_metrics::significance::{Bootstrap, IntervalKind};
/// let params = Bootstrap::default().replicates(500).level(0.9).interval(IntervalKind::Percentile);
/// assert!(params.check().is_ok() && params.level(1.0).check().is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Bootstrap {
    /// How many resamples are scored.
    pub replicates: usize,
    /// The level of the intervals.
    pub level: f64,
    /// How an interval is read off the replicates.
    pub interval: IntervalKind,
    /// How units are drawn: rows, groups, or sets of them.
    pub resampling: Resampling,
}

impl Default for Bootstrap {
    /// 2000 replicates, intervals of 95 %, BCa.
    fn default() -> Self {
        Self { replicates: 2000, level: 0.95, interval: IntervalKind::Bca, resampling: Resampling::default() }
    }
}

impl Bootstrap {
    /// How many resamples are scored.
    pub fn replicates(mut self, replicates: usize) -> Self {
        self.replicates = replicates;
        self
    }

    /// The level of the intervals.
    pub fn level(mut self, level: f64) -> Self {
        self.level = level;
        self
    }

    /// How an interval is read off the replicates.
    pub fn interval(mut self, interval: IntervalKind) -> Self {
        self.interval = interval;
        self
    }

    /// How units are drawn: rows, groups, or sets of them.
    pub fn resampling(mut self, resampling: Resampling) -> Self {
        self.resampling = resampling;
        self
    }

    /// Refuses parameters out of their range.
    ///
    /// # Errors
    /// [`Error::Parameter`] unless there are 1 to 1,000,000 replicates and the level is between 0 and 1.
    pub fn check(&self) -> Result<()> {
        if !(1..=1_000_000).contains(&self.replicates) {
            return Err(Error::parameter("replicates", self.replicates, "from 1 to 1,000,000"));
        }
        if !(self.level > 0.0 && self.level < 1.0) {
            return Err(Error::parameter("level", self.level, "between 0 and 1"));
        }
        Ok(())
    }
}

/// How much better, or worse, estimate `a` is than `b` on the same rows, with an interval.
///
/// The same resamples score both. See [`bootstrap`] for many estimates, the method and its cost.
///
/// ```
/// use consort_core::{Estimates, Gives, Seed, Target, Truth};
/// use consort_metrics::{regression::MeanAbsoluteError, significance::{Bootstrap, paired_bootstrap}};
/// let target = Target::from_values((0..50).map(f64::from).collect(), "y")?;
/// let near: Vec<f64> = (0..50).map(|i| f64::from(i) + 0.1 * f64::from(i % 3)).collect();
/// let far: Vec<f64> = (0..50).map(|i| f64::from(i) + 0.5 + 0.1 * f64::from(i % 5)).collect();
/// let a = Estimates::f64(&near, 1, Gives::Values)?;
/// let b = Estimates::f64(&far, 1, Gives::Values)?;
/// let found = paired_bootstrap(&MeanAbsoluteError, &a, &b, &Truth::new(&target), &Bootstrap::default(), Seed::new(0))?;
/// assert!(found.gain().unwrap() > 0.0 && found.gain_interval().unwrap().low > 0.0);
/// # Ok::<(), consort_core::Error>(())
/// ```
///
/// # Errors
/// As [`bootstrap`].
pub fn paired_bootstrap(
    metric: &dyn Metric,
    a: &Estimates<'_>,
    b: &Estimates<'_>,
    truth: &Truth<'_>,
    params: &Bootstrap,
    seed: Seed,
) -> Result<Difference> {
    Ok(bootstrap(metric, &[*a, *b], truth, params, seed)?.difference(0, 1))
}

/// The scores of several estimates on the same resamples.
///
/// **What is drawn**, as a whole and with replacement, is a *unit*:
///
/// | rows | unit |
/// |---|---|
/// | up to 100,000 | the row |
/// | in groups ([`Truth::grouped`]), up to 100,000 groups | the group (the *cluster bootstrap*: Davison, Hinkley 1997, §3.8) |
/// | more | one of 10,000 sets, to which rows (or groups) are dealt at random |
///
/// Rows that are independent of each other make sets that are, so the sets give the spread that the rows give; with
/// 10,000 of them a standard error is off by 1/√(2 · 10,000), 0.7 %, less than by the luck of 2,000 replicates (1.6 %).
/// Few groups make rough intervals, too narrow more often than not; below some 30 take them as a hint. With one unit
/// there is no interval.
///
/// Replicate r draws from the stream `seed.nth("replicate", r)`, so the result depends on neither the number of
/// threads nor on how many estimates there are. Rows of weight 0 are never drawn; the weights of the others are
/// kept, as weights. A metric whose accumulator adds up over the rows is resampled by the sums of the units, O(units) a
/// replicate and estimate; any other is scored anew by weights, O(rows), on rows that are sorted beforehand if it ranks
/// them. Memory: four bytes a row, and the numbers that a unit adds to the accumulator, for each unit and estimate.
///
/// ```
/// use consort_core::{Estimates, Gives, Seed, Target, Truth};
/// use consort_metrics::{regression::RootMeanSquaredError, significance::{Bootstrap, bootstrap}};
/// let target = Target::from_values(vec![1.0, 2.0, 3.0, 4.0], "y")?;
/// let values = [[1.1, 2.2, 2.9, 4.0], [1.5, 2.5, 2.0, 4.5], [0.0, 0.0, 0.0, 0.0]];
/// let estimates: Result<Vec<_>, _> = values.iter().map(|v| Estimates::f64(v, 1, Gives::Values)).collect();
/// let found = bootstrap(&RootMeanSquaredError, &estimates?, &Truth::new(&target), &Bootstrap::default(), Seed::new(0))?;
/// let best = found.observed(0).value().unwrap();
/// assert!(found.interval(0).unwrap().high >= best);
/// assert!(found.difference_from_best(0, &[1, 2]).gain().unwrap() > 0.0);
/// # Ok::<(), consort_core::Error>(())
/// ```
///
/// # Errors
/// As [`Metric::score`], and [`Error::Parameter`] for a parameter out of range.
pub fn bootstrap(
    metric: &dyn Metric,
    estimates: &[Estimates<'_>],
    truth: &Truth<'_>,
    params: &Bootstrap,
    seed: Seed,
) -> Result<Replicates> {
    params.check()?;
    let units = Arc::new(Units::of(truth, seed));
    let scored: Result<Vec<ScoredUnits<'_>>> =
        estimates.iter().map(|estimates| ScoredUnits::with(&units, metric, estimates, truth)).collect();
    params.resample(metric, &scored?, truth, seed)
}

impl Bootstrap {
    /// The scores, on the same resamples, of estimates that were taken apart beforehand, as [`bootstrap`] does it for
    /// estimates that are all there at once. Metric, truth and seed must be those of the [`ScoredUnits`].
    ///
    /// # Errors
    /// As [`bootstrap`], and [`Error::Length`] for estimates of other rows.
    pub fn resample(
        &self,
        metric: &dyn Metric,
        estimates: &[ScoredUnits<'_>],
        truth: &Truth<'_>,
        seed: Seed,
    ) -> Result<Replicates> {
        self.check()?;
        let Some(first) = estimates.first() else {
            return Err(Error::Empty { what: "the list of estimates".into(), hint: "give at least one".into() });
        };
        let (drawn, units) = (first.drawn(), first.units());
        if let Some(other) = estimates.iter().find(|other| other.drawn() != drawn) {
            return Err(Error::Length {
                what: "the units of an estimate".into(),
                got: other.units(),
                expected: units,
                unit: "units",
                hint: "all estimates must be of the same rows, taken apart with the same seed".into(),
            });
        }
        let observed = estimates.iter().map(|estimate| estimate.observed().clone()).collect();
        if units < 2 {
            return Ok(Replicates::new(metric, observed, drawn, [&[], &[]], self.level));
        }
        let score_all = |counts: &[f64], weights: &mut Vec<f64>| -> Result<Vec<f64>> {
            estimates
                .iter()
                // NaN stands for an undefined score within this room only.
                .map(|estimate| Ok(estimate.score(metric, truth, counts, weights)?.value().unwrap_or(f64::NAN)))
                .collect()
        };
        let replicates: Vec<Vec<f64>> = (0..self.replicates)
            .into_par_iter()
            .map_init(
                || (vec![0.0; units], Vec::new()),
                |(counts, weights), r| {
                    self.resampling.draw(&mut seed.nth("replicate", r as u64).stream(), counts);
                    score_all(counts, weights)
                },
            )
            .collect::<Result<_>>()?;
        let jackknife: Vec<Vec<f64>> = match self.interval {
            IntervalKind::Percentile => Vec::new(),
            IntervalKind::Bca => {
                let parts = units.min(PARTS);
                (0..parts)
                    .into_par_iter()
                    .map_init(
                        || (vec![1.0; units], Vec::new()),
                        |(counts, weights), part| {
                            counts
                                .iter_mut()
                                .enumerate()
                                .for_each(|(u, c)| *c = f64::from(u8::from(u % parts != part)));
                            score_all(counts, weights)
                        },
                    )
                    .collect::<Result<_>>()?
            }
        };
        Ok(Replicates::new(metric, observed, drawn, [&replicates, &jackknife], self.level))
    }
}

/// At most so many parts of the units are left out, one at a time, for the acceleration.
const PARTS: usize = 200;
