use std::{any::Any, fmt::Debug};

use serde::{Deserialize, Serialize};

use crate::{Estimates, Result, Score, Task, Truth};

/// Which way a score gets better.
///
/// ```
/// use consort_core::Direction;
/// assert!(Direction::Higher.better(0.9, 0.8) && Direction::Lower.better(0.1, 0.2));
/// assert_eq!(Direction::Higher.cost(0.9), -0.9);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Greater is better, as in accuracy.
    Higher,
    /// Smaller is better, as in log loss.
    Lower,
}

impl Direction {
    /// The score as something to make small: itself, or its negative.
    pub fn cost(self, score: f64) -> f64 {
        match self {
            Direction::Higher => -score,
            Direction::Lower => score,
        }
    }

    /// Whether `a` is a better score than `b`; equal scores are not better.
    pub fn better(self, a: f64, b: f64) -> bool {
        self.cost(a) < self.cost(b)
    }
}

/// What a metric reads of the estimates.
///
/// ```
/// use consort_core::Reads;
/// assert_eq!(serde_json::to_string(&Reads::Probability).unwrap(), r#""probability""#);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reads {
    /// The label with the greatest number (for two classes: the positive one from 0.5 on).
    Label,
    /// Probabilities that sum to 1.
    Probability,
    /// Numbers whose order matters and whose size does not.
    Score,
    /// Predicted values.
    Value,
}

/// A score of estimates against the truth. A person's own metric is one `impl` and takes part in everything.
///
/// ```
/// use consort_core::{Direction, Estimates, Metric, Reads, Result, Score, Task, Truth};
/// use serde::{Deserialize, Serialize};
///
/// /// Mean over- or under-estimate.
/// #[derive(Debug, Clone, Serialize, Deserialize)]
/// struct AbsoluteBias;
///
/// #[typetag::serde]
/// impl Metric for AbsoluteBias {
///     fn name(&self) -> String { "absolute_bias".into() }
///     fn direction(&self) -> Direction { Direction::Lower }
///     fn reads(&self) -> Reads { Reads::Value }
///     fn suits(&self, task: Task) -> bool { task == Task::Regression }
///     fn score(&self, estimates: &Estimates<'_>, truth: &Truth<'_>) -> Result<Score> {
///         estimates.check(truth, "absolute_bias")?;
///         let (values, _) = truth.values("absolute_bias")?;
///         let sum: f64 = (0..truth.rows()).map(|i| truth.weight(i) * (estimates.at(i, 0) - values[i])).sum();
///         Ok(Score::from((sum / truth.total_weight()).abs()))
///     }
/// }
/// ```
///
/// It is [`Any`], so that a method that knows a faster road for a metric can ask which one it has:
/// `(metric as &dyn Any).downcast_ref::<MyMetric>()`.
#[typetag::serde(tag = "metric")]
pub trait Metric: Any + Debug + Send + Sync {
    /// Its name in tables and on the command line, such as `log_loss`.
    fn name(&self) -> String;

    /// Which way it gets better.
    fn direction(&self) -> Direction;

    /// What it reads of the estimates.
    fn reads(&self) -> Reads;

    /// Whether it is defined for problems of this kind.
    fn suits(&self, task: Task) -> bool;

    /// The least and the greatest score that there can be; infinite where there is no bound. Intervals end there.
    fn range(&self) -> (f64, f64) {
        (f64::NEG_INFINITY, f64::INFINITY)
    }

    /// The score of the estimates. Rows of weight 0 are not read.
    ///
    /// # Errors
    /// If the estimates are not parallel to the truth, not finite (the row is named), or not what it reads. A
    /// score that has no value on these rows is no error but [`Score::Undefined`].
    fn score(&self, estimates: &Estimates<'_>, truth: &Truth<'_>) -> Result<Score>;

    /// A running score that takes rows in parts, where the mathematics allows it (means do, ranks do not).
    fn accumulator(&self) -> Option<Box<dyn Accumulator>> {
        None
    }
}

/// A score that takes its rows in parts: threads, shards or files.
///
/// The state is plain numbers, so that it can cross a wire. Merging parts in the same order gives the same bits.
///
/// ```
/// use consort_core::{Accumulator, Estimates, Metric, Result, Truth};
/// /// The score of rows that come in two parts, as from two threads.
/// fn in_parts(metric: &dyn Metric, parts: [(&Estimates<'_>, &Truth<'_>); 2]) -> Result<Option<f64>> {
///     let (Some(mut all), Some(mut other)) = (metric.accumulator(), metric.accumulator()) else { return Ok(None) };
///     all.update(parts[0].0, parts[0].1)?;
///     other.update(parts[1].0, parts[1].1)?;
///     all.merge(&other.state())?;
///     Ok(all.finish().value())
/// }
/// ```
pub trait Accumulator: Debug + Send {
    /// Takes more rows.
    ///
    /// # Errors
    /// As [`Metric::score`].
    fn update(&mut self, estimates: &Estimates<'_>, truth: &Truth<'_>) -> Result<()>;

    /// All that was taken so far, as numbers.
    fn state(&self) -> Vec<f64>;

    /// Takes what another accumulator of the same metric took.
    ///
    /// # Errors
    /// If the state is of another metric (its length differs).
    fn merge(&mut self, state: &[f64]) -> Result<()>;

    /// The score of all rows taken.
    fn finish(&self) -> Score;
}
