//! Scores that are a quotient of two sums over the rows: means of losses, above all.

use std::fmt::Debug;

use consort_core::{Accumulator, Error, Estimates, Real, Result, Score, Truth};

use super::rows::{Rows, targets, uniform_average, with_rows};

/// A score Σ w·numerator / Σ w·denominator, put through [`of_mean`](Self::of_mean).
pub(super) trait MeanOfRows: Debug + Clone + Send + Sync + 'static {
    /// What a row adds to numerator and denominator. NaN if the score is not defined for such a row.
    fn terms(&self, estimate: f64, truth: f64) -> [f64; 2];

    /// The score of the quotient.
    fn of_mean(&self, mean: f64) -> f64 {
        mean
    }

    /// The least and the greatest score that there can be.
    fn range(&self) -> (f64, f64) {
        (0.0, f64::INFINITY)
    }

    /// Where the score is defined, in words.
    fn domain(&self) -> &'static str {
        "numbers"
    }

    /// Refuses parameters out of their range.
    fn check(&self) -> Result<()> {
        Ok(())
    }

    /// The score of these sums.
    fn finish(&self, [numerator, denominator]: [f64; 2]) -> Score {
        if numerator.is_nan() {
            return Score::undefined(format!("a row is outside of where it is defined: {}", self.domain()));
        }
        Score::ratio(numerator, denominator, "there is no row, or the truth is 0 in every row")
            .map(|mean| self.of_mean(mean))
    }

    /// The sums of these rows.
    fn sums<T: Real>(&self, rows: &Rows<'_, T>) -> [f64; 2] {
        rows.sum(|estimate, truth| self.terms(estimate, truth))
    }
}

/// The score of one number a row.
pub(super) fn score_slices<T: Real>(
    metric: &impl MeanOfRows,
    name: &str,
    estimates: &[T],
    truth: &[f64],
    weights: Option<&[f64]>,
) -> Result<Score> {
    metric.check()?;
    Ok(metric.finish(metric.sums(&Rows::new(estimates, truth, weights, name)?)))
}

/// The score of estimates, averaged over the targets.
pub(super) fn score_estimates(
    metric: &impl MeanOfRows,
    name: &str,
    estimates: &Estimates<'_>,
    truth: &Truth<'_>,
) -> Result<Score> {
    metric.check()?;
    let targets = targets(estimates, truth, name)?;
    let sums = targets.iter().map(|target| with_rows!(target, rows => metric.sums(rows)));
    Ok(uniform_average(sums.map(|sums| metric.finish(sums))))
}

/// The two sums of each target. How many targets there are is known from the first rows on.
#[derive(Debug)]
pub(super) struct RunningMean<M> {
    metric: M,
    name: String,
    sums: Vec<f64>,
}

impl<M: MeanOfRows> RunningMean<M> {
    pub(super) fn start(metric: &M, name: String) -> Option<Box<dyn Accumulator>> {
        metric.check().ok()?;
        Some(Box::new(Self { metric: metric.clone(), name, sums: Vec::new() }))
    }
}

impl<M: MeanOfRows> Accumulator for RunningMean<M> {
    fn update(&mut self, estimates: &Estimates<'_>, truth: &Truth<'_>) -> Result<()> {
        let targets = targets(estimates, truth, &self.name)?;
        let sums: Vec<f64> =
            targets.iter().flat_map(|target| with_rows!(target, rows => self.metric.sums(rows))).collect();
        self.merge(&sums)
    }

    fn state(&self) -> Vec<f64> {
        self.sums.clone()
    }

    fn merge(&mut self, state: &[f64]) -> Result<()> {
        if self.sums.is_empty() {
            self.sums = vec![0.0; state.len()];
        }
        if !state.is_empty() && (state.len() != self.sums.len() || !state.len().is_multiple_of(2)) {
            return Err(other_state(&self.name, state.len(), self.sums.len()));
        }
        self.sums.iter_mut().zip(state).for_each(|(sum, part)| *sum += part);
        Ok(())
    }

    fn finish(&self) -> Score {
        if self.sums.is_empty() {
            return Score::undefined("there is no row");
        }
        uniform_average(self.sums.chunks_exact(2).map(|sums| self.metric.finish([sums[0], sums[1]])))
    }
}

/// The error of a state that is of another metric or problem.
pub(super) fn other_state(name: &str, got: usize, expected: usize) -> Error {
    Error::Length {
        what: format!("the state of {name}"),
        got,
        expected,
        unit: "numbers",
        hint: "merge states of the same metric and problem".into(),
    }
}

/// The [`Metric`](consort_core::Metric) of a [`MeanOfRows`].
macro_rules! mean_metric {
    ($metric:ty, $tag:literal, |$this:ident| $name:expr) => {
        #[typetag::serde(name = $tag)]
        impl consort_core::Metric for $metric {
            fn name(&self) -> String {
                let $this = self;
                $name
            }

            fn direction(&self) -> consort_core::Direction {
                consort_core::Direction::Lower
            }

            fn reads(&self) -> consort_core::Reads {
                consort_core::Reads::Value
            }

            fn suits(&self, task: consort_core::Task) -> bool {
                task == consort_core::Task::Regression
            }

            fn range(&self) -> (f64, f64) {
                crate::regression::mean_of_rows::MeanOfRows::range(self)
            }

            fn score(
                &self,
                estimates: &consort_core::Estimates<'_>,
                truth: &consort_core::Truth<'_>,
            ) -> consort_core::Result<consort_core::Score> {
                crate::regression::mean_of_rows::score_estimates(self, &self.name(), estimates, truth)
            }

            fn accumulator(&self) -> Option<Box<dyn consort_core::Accumulator>> {
                crate::regression::mean_of_rows::RunningMean::start(self, self.name())
            }
        }
    };
}
pub(super) use mean_metric;
