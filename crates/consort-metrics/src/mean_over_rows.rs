//! Metrics that are a weighted mean over rows: one body for the score and for its accumulator.

use consort_core::{Accumulator, Error, Estimates, Result, Score, Truth};

/// A metric of the form Σ w·s / Σ w over rows, or over rows and labels.
pub(crate) trait MeanOverRows: std::fmt::Debug + Clone + Send + 'static {
    /// `[Σ w·s, Σ w]` of these rows; checks them first.
    fn sums(&self, estimates: &Estimates<'_>, truth: &Truth<'_>) -> Result<[f64; 2]>;

    /// The least and the greatest score that there can be: of losses, most often.
    fn range(&self) -> (f64, f64) {
        (0.0, f64::INFINITY)
    }

    /// What is said where no row counts.
    fn empty(&self) -> &'static str {
        "no row has weight"
    }

    /// The score of all these rows.
    fn mean(&self, estimates: &Estimates<'_>, truth: &Truth<'_>) -> Result<Score> {
        let [sum, weight] = self.sums(estimates, truth)?;
        Ok(Score::ratio(sum, weight, self.empty()))
    }

    /// The score in parts.
    fn in_parts(&self) -> Option<Box<dyn Accumulator>> {
        Some(Box::new(RunningMean { of: self.clone(), sum: 0.0, weight: 0.0 }))
    }
}

#[derive(Debug)]
struct RunningMean<M> {
    of: M,
    sum: f64,
    weight: f64,
}

impl<M: MeanOverRows> Accumulator for RunningMean<M> {
    fn update(&mut self, estimates: &Estimates<'_>, truth: &Truth<'_>) -> Result<()> {
        let [sum, weight] = self.of.sums(estimates, truth)?;
        self.sum += sum;
        self.weight += weight;
        Ok(())
    }

    fn state(&self) -> Vec<f64> {
        vec![self.sum, self.weight]
    }

    fn merge(&mut self, state: &[f64]) -> Result<()> {
        let &[sum, weight] = state else { return Err(wrong_state(state.len(), 2)) };
        self.sum += sum;
        self.weight += weight;
        Ok(())
    }

    fn finish(&self) -> Score {
        Score::ratio(self.sum, self.weight, self.of.empty())
    }
}

/// The error of a state that another metric made.
pub(crate) fn wrong_state(got: usize, expected: usize) -> Error {
    Error::Length {
        what: "the state of the accumulator".into(),
        got,
        expected,
        unit: "numbers",
        hint: "merge states of the same metric on the same outputs only".into(),
    }
}

/// The [`Metric`](consort_core::Metric) of a [`MeanOverRows`].
macro_rules! mean_metric {
    ($metric:ident, |$self:ident| $name:expr, $direction:ident, $reads:ident, |$task:ident| $suits:expr) => {
        #[typetag::serde]
        impl consort_core::Metric for $metric {
            fn name(&self) -> String {
                let $self = self;
                $name
            }
            fn direction(&self) -> consort_core::Direction {
                consort_core::Direction::$direction
            }
            fn reads(&self) -> consort_core::Reads {
                consort_core::Reads::$reads
            }
            fn suits(&self, $task: consort_core::Task) -> bool {
                $suits
            }
            fn range(&self) -> (f64, f64) {
                $crate::mean_over_rows::MeanOverRows::range(self)
            }
            fn score(
                &self,
                estimates: &consort_core::Estimates<'_>,
                truth: &consort_core::Truth<'_>,
            ) -> consort_core::Result<consort_core::Score> {
                $crate::mean_over_rows::MeanOverRows::mean(self, estimates, truth)
            }
            fn accumulator(&self) -> Option<Box<dyn consort_core::Accumulator>> {
                $crate::mean_over_rows::MeanOverRows::in_parts(self)
            }
        }
    };
}
pub(crate) use mean_metric;
