use consort_core::{Accumulator, Direction, Estimates, Metric, Reads, Real, Result, Score, Task, Truth};
use serde::{Deserialize, Serialize};

use super::{
    mean_of_rows::other_state,
    rows::{Rows, targets, uniform_average, with_rows},
};

/// The greatest absolute error, in units of the target. A weight only says whether a row counts.
///
/// ```
/// use consort_metrics::regression::max_error;
/// assert_eq!(max_error(&[1.0, 2.0, 7.0], &[1.5, 2.0, 3.0], None)?.value(), Some(4.0));
/// # Ok::<(), consort_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::Length`](consort_core::Error::Length) unless all are parallel,
/// [`Error::NotFinite`](consort_core::Error::NotFinite) naming the row.
pub fn max_error<T: Real>(estimates: &[T], truth: &[f64], weights: Option<&[f64]>) -> Result<Score> {
    Ok(score_of(greatest(&Rows::new(estimates, truth, weights, "max_error")?)))
}

/// −1 stands for no row, so that the state is always a finite number.
fn greatest<T: Real>(rows: &Rows<'_, T>) -> f64 {
    rows.present().map(|(estimate, truth, _)| (estimate - truth).abs()).fold(-1.0, f64::max)
}

fn score_of(greatest: f64) -> Score {
    if greatest < 0.0 { Score::undefined("there is no row") } else { Score::from(greatest) }
}

/// The metric of [`max_error`]. Several targets are averaged.
///
/// ```
/// use consort_core::Metric;
/// assert_eq!(consort_metrics::regression::MaxError.name(), "max_error");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct MaxError;

#[typetag::serde(name = "max_error")]
impl Metric for MaxError {
    fn name(&self) -> String {
        "max_error".into()
    }

    fn direction(&self) -> Direction {
        Direction::Lower
    }

    fn reads(&self) -> Reads {
        Reads::Value
    }

    fn suits(&self, task: Task) -> bool {
        task == Task::Regression
    }

    fn range(&self) -> (f64, f64) {
        (0.0, f64::INFINITY)
    }

    fn score(&self, estimates: &Estimates<'_>, truth: &Truth<'_>) -> Result<Score> {
        let targets = targets(estimates, truth, "max_error")?;
        Ok(uniform_average(targets.iter().map(|target| score_of(with_rows!(target, rows => greatest(rows))))))
    }

    fn accumulator(&self) -> Option<Box<dyn Accumulator>> {
        Some(Box::new(Running { greatest: Vec::new() }))
    }
}

#[derive(Debug)]
struct Running {
    greatest: Vec<f64>,
}

impl Accumulator for Running {
    fn update(&mut self, estimates: &Estimates<'_>, truth: &Truth<'_>) -> Result<()> {
        let targets = targets(estimates, truth, "max_error")?;
        let found: Vec<f64> = targets.iter().map(|target| with_rows!(target, rows => greatest(rows))).collect();
        self.merge(&found)
    }

    fn state(&self) -> Vec<f64> {
        self.greatest.clone()
    }

    fn merge(&mut self, state: &[f64]) -> Result<()> {
        if self.greatest.is_empty() {
            self.greatest = vec![-1.0; state.len()];
        }
        if !state.is_empty() && state.len() != self.greatest.len() {
            return Err(other_state("max_error", state.len(), self.greatest.len()));
        }
        self.greatest.iter_mut().zip(state).for_each(|(all, part)| *all = all.max(*part));
        Ok(())
    }

    fn finish(&self) -> Score {
        uniform_average(self.greatest.iter().map(|&greatest| score_of(greatest)))
    }
}
