use consort_core::{Estimates, Matrix, Metric, Result, Seed, Target, Truth};
use statrs::distribution::{ContinuousCDF, StudentsT};

use super::Interval;

/// Row groups that are left out in turn: standard errors of scores of any kind, the same groups for every model, so
/// that differences have errors, too.
///
/// The delete-a-group jackknife (Wolter 2007, chapter 4): a score is taken again without each of 20 random groups of
/// rows; its standard error is √(19/20 · Σ (sᵢ − s̄)²), its interval by Student's t of 19 degrees of freedom. It suits
/// smooth scores and takes 20 scores in place of a bootstrap's thousand. Of many rows a random part is taken; the error
/// shrinks with the square root of all rows. Where the truth has groups ([`Truth::grouped`]), those are left out whole.
/// The error then shrinks by what the variance between groups shrinks: with w the weight of a group's rows, Σw² / (Σw)² of
/// all rows over that of the part. Of large groups, of each of which the part has some rows, it hardly shrinks.
///
/// ```
/// use consort_core::{Estimates, Gives, Seed, Target, Truth};
/// use consort_metrics::{regression::MeanAbsoluteError, significance::GroupJackknife};
/// let target = Target::from_values((0..100).map(f64::from).collect(), "y")?;
/// let truth = Truth::new(&target);
/// let off: Vec<f64> = (0..100).map(|i| f64::from(i) + f64::from(i % 10)).collect();
/// let estimates = Estimates::f64(&off, 1, Gives::Values)?;
/// let rows: Vec<u32> = (0..100).collect();
/// let jackknife = GroupJackknife::new(&truth, &rows, 1000, Seed::new(0)).unwrap();
/// let (low, high) = jackknife.interval(&MeanAbsoluteError, &estimates, 4.5, 0.95)?.unwrap();
/// assert!(low < 4.5 && 4.5 < high && high - low < 1.6); // 2 · 2.09 · 2.87 / √100
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct GroupJackknife {
    rows: Vec<u32>,
    /// What the variance of all rows is of the variance of these rows.
    shrinks: f64,
    target: Target,
    weights: Vec<f64>,
    group: Vec<u8>,
}

impl GroupJackknife {
    /// How many groups are left out in turn.
    pub const GROUPS: usize = 20;

    /// Groups of the rows `present`, of at most `most` of them. `None` where there are fewer than two rows (or groups of the
    /// truth) a group.
    pub fn new(truth: &Truth<'_>, present: &[u32], most: usize, seed: Seed) -> Option<Self> {
        if present.len() < 2 * Self::GROUPS {
            return None;
        }
        let mut rows = present.to_vec();
        let mut stream = seed.child("intervals").stream();
        stream.shuffle(&mut rows);
        rows.truncate(most);
        rows.shrink_to_fit();
        rows.sort_unstable();
        let mut dealt = |count: usize| {
            let mut group: Vec<u8> = (0..count).map(|i| (i % Self::GROUPS) as u8).collect();
            stream.shuffle(&mut group);
            group
        };
        let (group, shrinks) = match truth.groups() {
            None => (dealt(rows.len()), rows.len() as f64 / present.len() as f64),
            Some(groups) => {
                let mut whole: Vec<u32> = rows.iter().map(|&row| groups[row as usize]).collect();
                whole.sort_unstable();
                whole.dedup();
                if whole.len() < 2 * Self::GROUPS {
                    return None;
                }
                let dealt = dealt(whole.len());
                let of = |&row: &u32| dealt[whole.partition_point(|&other| other < groups[row as usize])];
                let part = concentration(truth, groups, &rows);
                let shrinks = if part > 0.0 { concentration(truth, groups, present) / part } else { 1.0 };
                (rows.iter().map(of).collect(), shrinks.min(1.0))
            }
        };
        let weights = rows.iter().map(|&i| truth.weight(i as usize)).collect();
        Some(Self { target: truth.target().take(&rows), weights, group, shrinks, rows })
    }

    /// The rows that are looked at, ascending.
    pub fn rows(&self) -> &[u32] {
        &self.rows
    }

    /// The truth of these rows.
    ///
    /// # Errors
    /// If no row has weight.
    pub fn truth(&self) -> Result<Truth<'_>> {
        Truth::weighted(&self.target, &self.weights)
    }

    /// The interval at `level` around the score of estimates for all rows, within [the range](Metric::range) of the metric;
    /// `None` where the score is undefined without some group.
    ///
    /// # Errors
    /// As [`Metric::score`].
    pub fn interval(
        &self,
        metric: &dyn Metric,
        estimates: &Estimates<'_>,
        score: f64,
        level: f64,
    ) -> Result<Option<(f64, f64)>> {
        let columns = estimates.columns();
        let mut part = Matrix::zeros(self.rows.len(), columns);
        for (out, &i) in part.values_mut().chunks_exact_mut(columns).zip(&self.rows) {
            for (k, out) in out.iter_mut().enumerate() {
                *out = estimates.at(i as usize, k) as f32;
            }
        }
        let scores = self.scores(metric, &Estimates::matrix(&part, estimates.gives()))?;
        Ok(scores.map(|scores| {
            let half = Self::quantile(level) * self.standard_error(&scores);
            let Interval { low, high, .. } = Interval { low: score - half, high: score + half, level }.within(metric);
            (low, high)
        }))
    }

    /// The scores without each of the groups in turn, of estimates for [`Self::rows`] alone; `None` where one is
    /// undefined.
    ///
    /// # Errors
    /// As [`Metric::score`].
    pub fn scores(&self, metric: &dyn Metric, part: &Estimates<'_>) -> Result<Option<Vec<f64>>> {
        let mut scores = Vec::with_capacity(Self::GROUPS);
        for left_out in 0..Self::GROUPS {
            let weight = |i: usize| if usize::from(self.group[i]) == left_out { 0.0 } else { self.weights[i] };
            let weights: Vec<f64> = (0..self.rows.len()).map(weight).collect();
            let Ok(truth) = Truth::weighted(&self.target, &weights) else { return Ok(None) };
            match metric.score(part, &truth)?.value() {
                Some(score) => scores.push(score),
                None => return Ok(None),
            }
        }
        Ok(Some(scores))
    }

    /// The standard error of a number whose values without each group are these.
    pub fn standard_error(&self, without: &[f64]) -> f64 {
        let groups = without.len().max(1) as f64;
        let mean = without.iter().sum::<f64>() / groups;
        let variance = (groups - 1.0) / groups * without.iter().map(|x| (x - mean).powi(2)).sum::<f64>();
        variance.sqrt() * self.shrinks.sqrt()
    }

    /// How many standard errors the interval of this level reaches to both sides.
    pub fn quantile(level: f64) -> f64 {
        student((Self::GROUPS - 1) as f64, level)
    }
}

/// Σw² / (Σw)² over groups, w the weight of the group's rows: one over Kish's effective number of groups. A mean of the
/// rows has this times the variance between groups.
fn concentration(truth: &Truth<'_>, groups: &[u32], rows: &[u32]) -> f64 {
    let mut weight_of = std::collections::BTreeMap::<u32, f64>::new();
    for &row in rows {
        *weight_of.entry(groups[row as usize]).or_default() += truth.weight(row as usize);
    }
    let total: f64 = weight_of.values().sum();
    weight_of.values().map(|weight| (weight / total).powi(2)).sum()
}

/// The two-sided quantile of Student's t; infinite where there is no such distribution.
fn student(degrees: f64, level: f64) -> f64 {
    let place = (1.0 + level.clamp(0.0, 1.0 - 1e-15)) / 2.0;
    StudentsT::new(0.0, 1.0, degrees).map_or(f64::INFINITY, |t| t.inverse_cdf(place))
}

/// The mean of numbers and its interval by Student's t; no interval for fewer than two, nothing where one is not finite.
///
/// ```
/// use consort_metrics::significance::mean_interval;
/// let (mean, interval) = mean_interval(&[1.0, 2.0, 3.0, 4.0, 5.0], 0.95).unwrap();
/// let (low, high) = interval.unwrap();
/// // scipy.stats.t.interval(0.95, 4, loc=3, scale=sqrt(2.5 / 5))
/// assert!(mean == 3.0 && (low - 1.036_756_838).abs() < 1e-6 && (high - 4.963_243_162).abs() < 1e-6);
/// ```
pub fn mean_interval(values: &[f64], level: f64) -> Option<(f64, Option<(f64, f64)>)> {
    let n = values.len() as f64;
    if values.is_empty() || values.iter().any(|x| !x.is_finite()) {
        return None;
    }
    let mean = values.iter().sum::<f64>() / n;
    if values.len() < 2 {
        return Some((mean, None));
    }
    let variance = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0);
    let half = student(n - 1.0, level) * (variance / n).sqrt();
    Some((mean, Some((mean - half, mean + half))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::regression::{MeanSquaredError, RootMeanSquaredError};
    use consort_core::Gives;

    #[test]
    fn the_error_of_a_mean_is_that_of_the_textbook_and_of_more_rows_it_shrinks() {
        let mut stream = Seed::new(3).stream();
        let target = Target::from_values(vec![0.0; 4000], "y").unwrap();
        let truth = Truth::new(&target);
        let values: Vec<f64> = (0..4000).map(|_| stream.normal()).collect();
        let estimates = Estimates::f64(&values, 1, Gives::Values).unwrap();
        let rows: Vec<u32> = (0..4000).collect();
        let width = |most: usize| {
            let jackknife = GroupJackknife::new(&truth, &rows, most, Seed::new(1)).unwrap();
            let (low, high) = jackknife.interval(&MeanSquaredError, &estimates, 1.0, 0.95).unwrap().unwrap();
            (high - low) / 2.0
        };
        // The variance of a squared normal number is 2.
        let textbook = 2.093 * (2.0f64 / 4000.0).sqrt();
        assert!((width(4000) / textbook - 1.0).abs() < 0.4, "{}", width(4000));
        assert!((width(1000) / textbook - 1.0).abs() < 0.5, "{}", width(1000));
        assert!(GroupJackknife::new(&truth, &rows[..39], 4000, Seed::new(1)).is_none());
    }

    #[test]
    fn an_interval_ends_where_no_score_can_be() {
        // One row of 100 holds all of the error, and one label of 100 is wrong.
        let off: Vec<f64> = (0..100).map(|i| if i == 7 { 1e3 } else { 0.0 }).collect();
        let target = Target::from_values(vec![0.0; 100], "y").unwrap();
        let (truth, rows): (_, Vec<u32>) = (Truth::new(&target), (0..100).collect());
        let jackknife = GroupJackknife::new(&truth, &rows, 100, Seed::new(1)).unwrap();
        let estimates = Estimates::f64(&off, 1, Gives::Values).unwrap();
        let (low, high) = jackknife.interval(&RootMeanSquaredError, &estimates, 100.0, 0.95).unwrap().unwrap();
        assert!(low == 0.0 && high > 200.0, "{low} {high}");

        let classes = consort_core::Classes::new(["no", "yes"]).unwrap();
        let target = Target::Classes { codes: (0..100).map(|i| u32::from(i == 7)).collect(), classes };
        let truth = Truth::new(&target);
        let jackknife = GroupJackknife::new(&truth, &rows, 100, Seed::new(1)).unwrap();
        let no = [1.0, 0.0].repeat(100);
        let estimates = Estimates::f64(&no, 2, Gives::Probabilities).unwrap();
        let (low, high) = jackknife.interval(&crate::Accuracy, &estimates, 0.99, 0.95).unwrap().unwrap();
        assert!(low < 0.98 && high == 1.0, "{low} {high}");
    }

    #[test]
    fn copies_of_a_row_say_what_one_says_if_they_are_a_group() {
        let mut stream = Seed::new(3).stream();
        let target = Target::from_values(vec![0.0; 8000], "y").unwrap();
        let drawn: Vec<f64> = (0..1000).map(|_| stream.normal()).collect();
        let values: Vec<f64> = (0..8000).map(|i| drawn[i / 8]).collect();
        let groups: Vec<u32> = (0..8000).map(|i| 7 * (i / 8)).collect();
        let estimates = Estimates::f64(&values, 1, Gives::Values).unwrap();
        let rows: Vec<u32> = (0..8000).collect();
        let truth = Truth::new(&target).grouped(&groups).unwrap();
        let jackknife = GroupJackknife::new(&truth, &rows, 8000, Seed::new(1)).unwrap();
        let (low, high) = jackknife.interval(&MeanSquaredError, &estimates, 1.0, 0.95).unwrap().unwrap();
        // As of 1,000 rows; 8,000 rows that stand alone would give about a third of it.
        let textbook = 2.093 * (2.0f64 / 1000.0).sqrt();
        assert!(((high - low) / 2.0 / textbook - 1.0).abs() < 0.5, "{low} {high}");
        let jackknife = GroupJackknife::new(&truth, &rows, 4000, Seed::new(1)).unwrap();
        let (low, high) = jackknife.interval(&MeanSquaredError, &estimates, 1.0, 0.95).unwrap().unwrap();
        assert!(((high - low) / 2.0 / textbook - 1.0).abs() < 0.5, "of half of the rows: {low} {high}");
        let few: Vec<u32> = (0..8000).map(|i| i / 400).collect();
        let truth = Truth::new(&target).grouped(&few).unwrap();
        assert!(GroupJackknife::new(&truth, &rows, 8000, Seed::new(1)).is_none(), "there are but 20");
    }

    #[test]
    fn a_part_of_the_rows_of_large_groups_has_the_error_of_all_of_them() {
        let mut stream = Seed::new(8).stream();
        let target = Target::from_values(vec![0.0; 10_000], "y").unwrap();
        let of_group: Vec<f64> = (0..100).map(|_| stream.normal()).collect();
        let values: Vec<f64> = (0..10_000).map(|i| of_group[i / 100] + 0.01 * stream.normal()).collect();
        let groups: Vec<u32> = (0..10_000).map(|i| i / 100).collect();
        let estimates = Estimates::f64(&values, 1, Gives::Values).unwrap();
        let rows: Vec<u32> = (0..10_000).collect();
        let truth = Truth::new(&target).grouped(&groups).unwrap();
        let half = |most: usize| {
            let jackknife = GroupJackknife::new(&truth, &rows, most, Seed::new(1)).unwrap();
            let (low, high) = jackknife.interval(&MeanSquaredError, &estimates, 1.0, 0.95).unwrap().unwrap();
            (high - low) / 2.0
        };
        // The variance of a squared normal number is 2, and there are 100 of them, however many rows are looked at.
        let textbook = 2.093 * (2.0f64 / 100.0).sqrt();
        for most in [10_000, 5_000, 1_000, 500] {
            assert!((half(most) / textbook - 1.0).abs() < 0.35, "{most}: {} against {textbook}", half(most));
        }
    }

    #[test]
    fn groups_of_one_row_each_are_as_rows_without_groups() {
        let mut stream = Seed::new(3).stream();
        let target = Target::from_values(vec![0.0; 4000], "y").unwrap();
        let values: Vec<f64> = (0..4000).map(|_| stream.normal()).collect();
        let estimates = Estimates::f64(&values, 1, Gives::Values).unwrap();
        let (rows, alone): (Vec<u32>, Vec<u32>) = (0..4000).map(|i| (i, 9 * i)).unzip();
        let half = |truth: &Truth<'_>| {
            let jackknife = GroupJackknife::new(truth, &rows, 1000, Seed::new(1)).unwrap();
            let (low, high) = jackknife.interval(&MeanSquaredError, &estimates, 1.0, 0.95).unwrap().unwrap();
            high - low
        };
        let truth = Truth::new(&target);
        let (rows, groups) = (half(&truth), half(&truth.grouped(&alone).unwrap()));
        assert!((rows / groups - 1.0).abs() < 1e-12, "{rows} {groups}");
    }
}
