use consort_core::{Error, Estimates, Real, Result, Score, Truth};
use statrs::distribution::{ContinuousCDF, Normal};

use super::Interval;

/// Areas under ROC curves of several scorers on the same rows, with their covariance (DeLong, DeLong and
/// Clarke-Pearson 1988), by mid-ranks (Sun and Xu 2014): O(scorers × n log n + scorers² × n).
///
/// ```
/// use consort_metrics::significance::delong;
/// let positive = [false, false, false, true, true, true];
/// let a = [0.1, 0.3, 0.5, 0.4, 0.8, 0.9];
/// let b = [0.6, 0.3, 0.5, 0.4, 0.2, 0.9];
/// let found = delong(&[&a, &b], &positive)?;
/// assert!((found.auc(0).value().unwrap() - 8.0 / 9.0).abs() < 1e-12);
/// assert!(found.difference(0, 1, 0.95).unwrap().p_value.value().unwrap() > 0.1);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct DeLong {
    areas: Vec<f64>,
    /// `[scorer][scorer]`
    covariance: Vec<Vec<f64>>,
    undefined: Option<&'static str>,
}

/// How two areas under ROC curves differ.
///
/// ```
/// use consort_metrics::significance::delong;
/// let positive = [false, false, true, true, false, true];
/// let (a, b) = ([0.1, 0.3, 0.5, 0.9, 0.4, 0.8], [0.2, 0.6, 0.5, 0.4, 0.3, 0.7]);
/// let found = delong(&[&a, &b], &positive)?.difference(0, 1, 0.95).unwrap();
/// assert!(found.interval.low <= found.difference && found.difference <= found.interval.high);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct AucDifference {
    /// First minus second.
    pub difference: f64,
    /// Its interval, from the normal distribution.
    pub interval: Interval,
    /// The difference over its standard error.
    pub z: Score,
    /// Two-sided.
    pub p_value: Score,
}

/// The areas of these scores, one list a scorer, of rows that are positive or not.
///
/// ```
/// use consort_metrics::significance::delong;
/// let found = delong(&[&[0.1, 0.9, 0.4]], &[false, true, true])?;
/// assert_eq!(found.auc(0).value(), Some(1.0));
/// # Ok::<(), consort_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::Length`] unless all are parallel, [`Error::NotFinite`] naming scorer and row.
pub fn delong<T: Real>(scores: &[&[T]], positive: &[bool]) -> Result<DeLong> {
    let rows: Vec<usize> = (0..positive.len()).collect();
    for (s, scores) in scores.iter().enumerate() {
        if scores.len() != positive.len() {
            return Err(Error::Length {
                what: format!("scorer {}", s + 1),
                got: scores.len(),
                expected: positive.len(),
                unit: "rows",
                hint: "give a score for each row".into(),
            });
        }
    }
    DeLong::from_rows(scores.len(), &rows, |s, i| scores[s][i].f64(), |i| positive[i])
}

impl DeLong {
    /// The areas of estimates of two classes, by the number of the positive class. Rows of weight 0 are not read.
    ///
    /// # Errors
    /// [`Error::Unsupported`] unless there are two classes, and for weights other than 0 and 1: rows with weights are
    /// not independent trials; use a bootstrap.
    pub fn of(estimates: &[Estimates<'_>], truth: &Truth<'_>) -> Result<Self> {
        const BY: &str = "DeLong's method";
        let (codes, classes) = truth.classes(BY)?;
        let refuse = |what: String, hint: &str| Err(Error::Unsupported { by: BY.into(), what, hint: hint.into() });
        if classes.len() != 2 {
            return refuse(format!("{} classes", classes.len()), "it is of two classes; use a bootstrap");
        }
        if truth.weights().is_some_and(|weights| weights.iter().any(|&w| w != 0.0 && w != 1.0)) {
            return refuse("weights".into(), "drop the weights, or use a bootstrap");
        }
        for estimates in estimates {
            estimates.check(truth, BY)?;
            if estimates.columns() != 2 {
                return refuse(format!("{} columns", estimates.columns()), "give one column a class");
            }
        }
        let rows: Vec<usize> = (0..truth.rows()).filter(|&i| truth.weight(i) > 0.0).collect();
        let k = classes.positive();
        Self::from_rows(estimates.len(), &rows, |s, i| estimates[s].at(i, k), |i| codes[i] as usize == k)
    }

    fn from_rows(
        scorers: usize,
        rows: &[usize],
        score: impl Fn(usize, usize) -> f64,
        positive: impl Fn(usize) -> bool,
    ) -> Result<Self> {
        for s in 0..scorers {
            if let Some(&i) = rows.iter().find(|&&i| !score(s, i).is_finite()) {
                return Err(Error::NotFinite {
                    place: format!("scorer {}", s + 1),
                    row: i + 1,
                    id: String::new(),
                    what: "the score".into(),
                    value: score(s, i),
                });
            }
        }
        let (yes, no): (Vec<usize>, Vec<usize>) = rows.iter().partition(|&&i| positive(i));
        let mut found = Self { areas: vec![], covariance: vec![], undefined: None };
        if yes.is_empty() || no.is_empty() {
            found.undefined = Some("only one class occurs in the truth");
            return Ok(found);
        }
        let (m, n) = (yes.len() as f64, no.len() as f64);
        // How much each positive row is above the negatives, and each negative below the positives.
        let (mut of_yes, mut of_no) = (Vec::new(), Vec::new());
        for s in 0..scorers {
            let of = |rows: &[usize]| rows.iter().map(|&i| score(s, i)).collect::<Vec<f64>>();
            let (x, y) = (of(&yes), of(&no));
            let all = midranks(&[x.as_slice(), y.as_slice()].concat());
            let (within_x, within_y) = (midranks(&x), midranks(&y));
            let v10: Vec<f64> = all[..x.len()].iter().zip(within_x).map(|(all, own)| (all - own) / n).collect();
            let v01: Vec<f64> = all[x.len()..].iter().zip(within_y).map(|(all, own)| 1.0 - (all - own) / m).collect();
            found.areas.push(v10.iter().sum::<f64>() / m);
            of_yes.push(v10);
            of_no.push(v01);
        }
        found.covariance = (0..scorers)
            .map(|a| {
                let part = |v: &[Vec<f64>], b: usize| covariance(&v[a], &v[b]) / v[a].len() as f64;
                (0..scorers).map(|b| part(&of_yes, b) + part(&of_no, b)).collect()
            })
            .collect();
        Ok(found)
    }

    /// The area of scorer `s`; undefined where only one class occurs.
    pub fn auc(&self, s: usize) -> Score {
        match self.undefined {
            Some(reason) => Score::undefined(reason),
            None => Score::from(self.areas[s]),
        }
    }

    /// The variance of the area of scorer `s`; `None` where a class has fewer than two rows.
    pub fn variance(&self, s: usize) -> Option<f64> {
        self.covariance.get(s).map(|row| row[s]).filter(|v| v.is_finite())
    }

    /// The interval of the area of scorer `s` at this level, cut to [0, 1]; `None` where a class has fewer than two rows.
    pub fn interval(&self, s: usize, level: f64) -> Option<Interval> {
        let half = normal_half(level)? * self.variance(s)?.sqrt();
        let area = self.areas[s];
        Some(Interval { low: (area - half).max(0.0), high: (area + half).min(1.0), level })
    }

    /// How the areas of scorers `a` and `b` differ; `None` where a class has fewer than two rows.
    pub fn difference(&self, a: usize, b: usize, level: f64) -> Option<AucDifference> {
        let variance = (self.variance(a)? + self.variance(b)? - 2.0 * self.covariance[a][b]).max(0.0);
        let difference = self.areas[a] - self.areas[b];
        let half = normal_half(level)? * variance.sqrt();
        // Areas that differ by rounding alone have no z.
        let z = if variance > 1e-24 {
            Score::from(difference / variance.sqrt())
        } else if difference.abs() <= 1e-12 {
            Score::undefined("the two rank the rows alike")
        } else {
            Score::undefined("each row adds the same to the difference: the standard error is 0")
        };
        Some(AucDifference {
            difference,
            interval: Interval { low: difference - half, high: difference + half, level },
            p_value: z.clone().map(|z| 2.0 * Normal::standard().sf(z.abs())),
            z,
        })
    }
}

/// How far the middle part of this level of the normal distribution reaches.
fn normal_half(level: f64) -> Option<f64> {
    (level > 0.0 && level < 1.0).then(|| Normal::standard().inverse_cdf(0.5 + level / 2.0))
}

/// The rank of each number, from 1; equal numbers share the mean of their ranks.
fn midranks(numbers: &[f64]) -> Vec<f64> {
    let mut order: Vec<u32> = (0..numbers.len() as u32).collect();
    order.sort_unstable_by(|&a, &b| numbers[a as usize].total_cmp(&numbers[b as usize]));
    let mut ranks = vec![0.0; numbers.len()];
    let mut below = 0;
    for equal in order.chunk_by(|&a, &b| numbers[a as usize] == numbers[b as usize]) {
        let rank = below as f64 + (equal.len() as f64 + 1.0) / 2.0;
        equal.iter().for_each(|&i| ranks[i as usize] = rank);
        below += equal.len();
    }
    ranks
}

/// The sample covariance, with n − 1 as divisor.
fn covariance(a: &[f64], b: &[f64]) -> f64 {
    let n = a.len() as f64;
    let (mean_a, mean_b) = (a.iter().sum::<f64>() / n, b.iter().sum::<f64>() / n);
    a.iter().zip(b).map(|(a, b)| (a - mean_a) * (b - mean_b)).sum::<f64>() / (n - 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_without_an_error_is_not_called_none() {
        let positive = [false, false, true, true];
        let (right, wrong) = ([0.1, 0.2, 0.8, 0.9], [0.8, 0.9, 0.1, 0.2]);
        let found = delong(&[&right, &wrong, &right], &positive).unwrap();
        let (far, none) = (found.difference(0, 1, 0.95).unwrap(), found.difference(0, 2, 0.95).unwrap());
        assert_eq!((far.difference, far.z.value()), (1.0, None));
        assert!(far.z.reason().unwrap().contains("standard error is 0"), "{:?}", far.z);
        assert_eq!(none.difference, 0.0);
        assert!(none.z.reason().unwrap().contains("alike"), "{:?}", none.z);
    }
}
