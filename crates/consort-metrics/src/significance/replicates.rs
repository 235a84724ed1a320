use consort_core::{Direction, Metric, Score};
use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, Normal};

use super::Drawn;

/// An interval of plausible values.
///
/// ```
/// use consort_metrics::significance::Interval;
/// let interval = Interval { low: -0.01, high: 0.03, level: 0.95 };
/// assert!(interval.low <= 0.0 && 0.0 <= interval.high, "no clear difference");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Its lower end.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
    /// Its level, such as 0.95.
    pub level: f64,
}

impl Interval {
    /// The part of it that lies within the [range](Metric::range) of a metric.
    ///
    /// ```
    /// use consort_metrics::{Accuracy, significance::Interval};
    /// let interval = Interval { low: 0.97, high: 1.0026, level: 0.95 };
    /// assert_eq!(interval.within(&Accuracy), Interval { low: 0.97, high: 1.0, level: 0.95 });
    /// ```
    pub fn within(self, metric: &dyn Metric) -> Self {
        let (least, greatest) = metric.range();
        Self { low: self.low.max(least), high: self.high.min(greatest), ..self }
    }
}

/// How the score of one estimate differs from that of another, by a paired bootstrap.
///
/// ```
/// use consort_core::{Estimates, Gives, Seed, Target, Truth};
/// use consort_metrics::{regression::RootMeanSquaredError, significance::{Bootstrap, paired_bootstrap}};
/// let target = Target::from_values((0..40).map(f64::from).collect(), "y")?;
/// let off = |by: f64| (0..40).map(|i| f64::from(i) + by * f64::from(i % 4)).collect::<Vec<f64>>();
/// let (near, far) = (off(0.1), off(0.2));
/// let (a, b) = (Estimates::f64(&near, 1, Gives::Values)?, Estimates::f64(&far, 1, Gives::Values)?);
/// let params = Bootstrap::default().replicates(200);
/// let found = paired_bootstrap(&RootMeanSquaredError, &a, &b, &Truth::new(&target), &params, Seed::new(0))?;
/// // Less error is a negative difference and a gain.
/// assert!(found.difference.value().unwrap() < 0.0 && found.gain().unwrap() > 0.0);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// The metric.
    pub metric: String,
    /// Which way it gets better.
    pub direction: Direction,
    /// The score of the first.
    pub a: Score,
    /// The score of the second.
    pub b: Score,
    /// First minus second.
    pub difference: Score,
    /// The interval of the difference; none if it, or most of its replicates, are undefined.
    pub interval: Option<Interval>,
    /// The share of replicates in which the first is better; equal scores count half.
    pub better: Option<f64>,
    /// Two-sided: how often resampling turns the sign, 2·min(share ≤ 0, share ≥ 0), each share of replicates + 1.
    pub p_value: Option<f64>,
    /// How many replicates have a difference.
    pub replicates: usize,
    /// How many replicates have none, such as an AUC of rows of one class.
    pub undefined: usize,
    /// What the replicates drew.
    pub drawn: Drawn,
}

impl Difference {
    /// The difference turned so that above 0 the first is better.
    pub fn gain(&self) -> Option<f64> {
        self.difference.value().map(|value| if self.direction == Direction::Higher { value } else { -value })
    }

    /// The interval of [`gain`](Self::gain).
    pub fn gain_interval(&self) -> Option<Interval> {
        self.interval.map(|interval| match self.direction {
            Direction::Higher => interval,
            Direction::Lower => Interval { low: -interval.high, high: -interval.low, level: interval.level },
        })
    }
}

/// The scores of several estimates on the same resamples, from [`bootstrap`](super::bootstrap).
///
/// ```
/// use consort_core::{Estimates, Gives, Seed, Target, Truth};
/// use consort_metrics::{regression::MeanAbsoluteError, significance::{Bootstrap, bootstrap}};
/// let target = Target::from_values(vec![1.0, 2.0, 3.0, 4.0], "y")?;
/// let estimates = Estimates::f64(&[1.0, 2.5, 3.0, 5.0], 1, Gives::Values)?;
/// let params = Bootstrap::default().replicates(100);
/// let found = bootstrap(&MeanAbsoluteError, &[estimates], &Truth::new(&target), &params, Seed::new(0))?;
/// assert_eq!((found.len(), found.observed(0).value()), (100, Some(0.375)));
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Replicates {
    metric: String,
    direction: Direction,
    level: f64,
    drawn: Drawn,
    observed: Vec<Score>,
    /// `[estimate][replicate]`, NaN where undefined.
    scores: Vec<Vec<f64>>,
    /// `[estimate][group left out]`; empty for percentile intervals.
    jackknife: Vec<Vec<f64>>,
}

impl Replicates {
    pub(super) fn new(
        metric: &dyn Metric,
        observed: Vec<Score>,
        drawn: Drawn,
        [replicates, jackknife]: [&[Vec<f64>]; 2],
        level: f64,
    ) -> Self {
        let turned = |rows: &[Vec<f64>]| -> Vec<Vec<f64>> {
            (0..observed.len()).map(|e| rows.iter().map(|row| row[e]).collect()).collect()
        };
        let (scores, jackknife) = (turned(replicates), turned(jackknife));
        Self { metric: metric.name(), direction: metric.direction(), level, drawn, observed, scores, jackknife }
    }

    /// The score of estimate `e` on all rows.
    pub fn observed(&self, e: usize) -> &Score {
        &self.observed[e]
    }

    /// What the replicates drew.
    pub fn drawn(&self) -> Drawn {
        self.drawn
    }

    /// How many replicates there are.
    pub fn len(&self) -> usize {
        self.scores.first().map_or(0, Vec::len)
    }

    /// Whether there is no replicate.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The score of estimate `e` in each replicate; `None` where undefined.
    pub fn scores(&self, e: usize) -> impl Iterator<Item = Option<f64>> + '_ {
        self.scores[e].iter().map(|&score| score.is_finite().then_some(score))
    }

    /// The interval of the score of estimate `e`; `None` if it, or most of its replicates, are undefined.
    pub fn interval(&self, e: usize) -> Option<Interval> {
        interval(self.observed[e].value()?, &self.scores[e], &self.jackknife[e], self.level)
    }

    /// How estimate `a` differs from `b`.
    pub fn difference(&self, a: usize, b: usize) -> Difference {
        self.compare(a, &self.observed[b], &self.scores[b], &self.jackknife[b])
    }

    /// How estimate `a` differs from the best of `others`, the best being chosen anew in each replicate.
    ///
    /// So the choice of the best is as uncertain here as it was on the rows given. It is chosen on the rows that
    /// score it, which flatters it: the gain is, if anything, too small. A tie goes to the first.
    pub fn difference_from_best(&self, a: usize, others: &[usize]) -> Difference {
        let best = |scores: &[Vec<f64>], r: usize| {
            others.iter().map(|&e| scores[e][r]).fold(f64::NAN, |best, score| {
                if best.is_nan() || self.direction.better(score, best) { score } else { best }
            })
        };
        let observed: Vec<Vec<f64>> = self.observed.iter().map(|s| vec![s.value().unwrap_or(f64::NAN)]).collect();
        let score = best(&observed, 0);
        let score = if score.is_nan() { Score::undefined("no other estimate has a score") } else { Score::from(score) };
        let scores: Vec<f64> = (0..self.len()).map(|r| best(&self.scores, r)).collect();
        let groups = self.jackknife.first().map_or(0, Vec::len);
        let jackknife: Vec<f64> = (0..groups).map(|g| best(&self.jackknife, g)).collect();
        self.compare(a, &score, &scores, &jackknife)
    }

    fn compare(&self, a: usize, observed: &Score, scores: &[f64], jackknife: &[f64]) -> Difference {
        let minus = |a: &[f64], b: &[f64]| -> Vec<f64> { a.iter().zip(b).map(|(a, b)| a - b).collect() };
        let difference = match (&self.observed[a], observed) {
            (Score::Value(a), Score::Value(b)) => Score::from(a - b),
            (Score::Undefined(reason), _) | (_, Score::Undefined(reason)) => Score::undefined(reason),
        };
        let replicates = minus(&self.scores[a], scores);
        let jackknife = minus(&self.jackknife[a], jackknife);
        let known: Vec<f64> = replicates.iter().copied().filter(|d| d.is_finite()).collect();
        let count = known.len() as f64;
        let share = |of: &dyn Fn(f64) -> bool| known.iter().filter(|&&d| of(d)).count() as f64;
        let (below, above) = (share(&|d| d < 0.0), share(&|d| d > 0.0));
        let ties = count - below - above;
        let better = match self.direction {
            Direction::Higher => above,
            Direction::Lower => below,
        };
        let two_sided = 2.0 * (below.min(above) + ties + 1.0) / (count + 1.0);
        Difference {
            metric: self.metric.clone(),
            direction: self.direction,
            a: self.observed[a].clone(),
            b: observed.clone(),
            interval: difference.value().and_then(|d| interval(d, &replicates, &jackknife, self.level)),
            difference,
            better: (count > 0.0).then(|| (better + 0.5 * ties) / count),
            p_value: (count > 0.0).then(|| two_sided.min(1.0)),
            replicates: known.len(),
            undefined: replicates.len() - known.len(),
            drawn: self.drawn,
        }
    }
}

/// The percentile interval, or BCa's where there is a jackknife. At least half of the replicates must be defined.
fn interval(observed: f64, replicates: &[f64], jackknife: &[f64], level: f64) -> Option<Interval> {
    let mut sorted: Vec<f64> = replicates.iter().copied().filter(|x| x.is_finite()).collect();
    if sorted.is_empty() || sorted.len() * 2 < replicates.len() {
        return None;
    }
    sorted.sort_unstable_by(f64::total_cmp);
    let tails = [(1.0 - level) / 2.0, (1.0 + level) / 2.0];
    let [low, high] = corrected(observed, &sorted, jackknife, tails).unwrap_or(tails).map(|q| quantile(&sorted, q));
    Some(Interval { low, high, level })
}

/// The quantiles that BCa reads in place of these; `None` where it says nothing (all replicates on one side or equal).
fn corrected(observed: f64, sorted: &[f64], jackknife: &[f64], tails: [f64; 2]) -> Option<[f64; 2]> {
    let known: Vec<f64> = jackknife.iter().copied().filter(|x| x.is_finite()).collect();
    if known.len() < 2 {
        return None;
    }
    let mean = known.iter().sum::<f64>() / known.len() as f64;
    let (mut squares, mut cubes) = (0.0, 0.0);
    for x in known {
        let d = mean - x;
        squares += d * d;
        cubes += d * d * d;
    }
    if squares == 0.0 {
        return None;
    }
    let acceleration = cubes / (6.0 * squares.powf(1.5));
    let below = sorted.partition_point(|&x| x < observed);
    let equal = sorted.partition_point(|&x| x <= observed) - below;
    let share = (below as f64 + 0.5 * equal as f64) / sorted.len() as f64;
    if share <= 0.0 || share >= 1.0 {
        return None;
    }
    let normal = Normal::standard();
    let bias = normal.inverse_cdf(share);
    let moved = tails.map(|tail| {
        let z = bias + normal.inverse_cdf(tail);
        normal.cdf(bias + z / (1.0 - acceleration * z))
    });
    moved.iter().all(|q| q.is_finite()).then_some(moved)
}

/// The quantile with linear interpolation between the order statistics (Hyndman and Fan 1996, type 7).
fn quantile(sorted: &[f64], q: f64) -> f64 {
    let place = q.clamp(0.0, 1.0) * (sorted.len() - 1) as f64;
    let (below, above) = (place.floor() as usize, place.ceil() as usize);
    sorted[below] + (sorted[above] - sorted[below]) * (place - below as f64)
}
