use std::any::Any;

use consort_core::{Metric, Outputs, Result, Score, Target};
use consort_metrics::{
    Accuracy, Brier, LogLoss, ZeroOneLoss,
    classification::BrierScale,
    regression::{MeanSquaredError, RootMeanSquaredError},
};

use super::{Change, Running};
use crate::{
    device::{Device, Loss, Search},
    select::Labelled,
};

/// What becomes of a loss: a factor, a root, or a share of rows that are right.
type Scored = fn(f64) -> f64;

/// The running sum is on a device, which scores all candidates of a round in one read of them.
pub(super) struct RunningOnDevice {
    search: Box<dyn Search>,
    score: Scored,
    picks: Vec<usize>,
    /// The picks whose sum the device has.
    there: Vec<usize>,
}

impl RunningOnDevice {
    /// `None` if rows have weights, or the device does not have the metric.
    pub(super) fn new(device: &dyn Device, metric: &dyn Metric, data: &Labelled<'_>) -> Result<Option<Self>> {
        if data.weights.is_some() {
            return Ok(None);
        }
        let any: &dyn Any = metric;
        let found: Option<(Loss<'_>, Scored)> = match (data.all().outputs(), &*data.target) {
            (Outputs::Classes(classes), Target::Classes { codes, .. }) => {
                let positive = classes.positive();
                if let Some(loss) = any.downcast_ref::<LogLoss>()
                    && loss.eps >= f64::EPSILON
                    && loss.eps < 0.5
                {
                    Some((Loss::Log { eps: loss.eps, codes }, |loss| loss))
                } else if let Some(brier) = any.downcast_ref::<Brier>() {
                    let half = match brier.scale {
                        BrierScale::Auto => classes.len() == 2,
                        BrierScale::Half => true,
                        BrierScale::Sum => false,
                    };
                    Some((Loss::Brier { codes }, if half { |loss| 0.5 * loss } else { |loss| loss }))
                } else if any.is::<Accuracy>() {
                    Some((Loss::ZeroOne { codes, positive }, |loss| 1.0 - loss))
                } else if any.is::<ZeroOneLoss>() {
                    Some((Loss::ZeroOne { codes, positive }, |loss| loss))
                } else {
                    None
                }
            }
            (Outputs::Targets(names), Target::Values { values, .. }) if names.len() == 1 => {
                if any.is::<MeanSquaredError>() {
                    Some((Loss::Squared { values }, |loss| loss))
                } else if any.is::<RootMeanSquaredError>() {
                    Some((Loss::Squared { values }, f64::sqrt))
                } else {
                    None
                }
            }
            _ => None,
        };
        let Some((loss, score)) = found else { return Ok(None) };
        let search = device.search(loss, data.predictions())?;
        Ok(search.map(|search| Self { search, score, picks: Vec::new(), there: Vec::new() }))
    }
}

impl RunningOnDevice {
    /// The loss with each member once more, of an ensemble of these picks.
    fn losses_with(&mut self, picks: &[usize]) -> Result<Vec<f64>> {
        if !picks.starts_with(&self.there) {
            self.there.clear();
            self.search.clear()?;
        }
        for &member in &picks[self.there.len()..] {
            self.search.add(member)?;
            self.there.push(member);
        }
        self.search.losses()
    }
}

impl Running for RunningOnDevice {
    fn scores(&mut self, change: Change, candidates: &[usize]) -> Result<Vec<Score>> {
        let picks = self.picks.clone();
        let losses: Vec<f64> = match change {
            Change::Add => {
                let losses = self.losses_with(&picks)?;
                candidates.iter().map(|&m| losses[m]).collect()
            }
            // Each member less is an ensemble of its own: the others, and the last of them as the candidate.
            Change::Remove => candidates
                .iter()
                .map(|&member| {
                    let mut rest = picks.clone();
                    if let Some(at) = rest.iter().position(|&pick| pick == member) {
                        rest.remove(at);
                    }
                    match rest.pop() {
                        Some(last) => Ok(self.losses_with(&rest)?[last]),
                        None => Ok(f64::NAN),
                    }
                })
                .collect::<Result<_>>()?,
        };
        Ok(losses.into_iter().map(|loss| Score::from((self.score)(loss))).collect())
    }

    fn apply(&mut self, change: Change, member: usize) {
        match change {
            Change::Add => self.picks.push(member),
            Change::Remove => {
                let at = self.picks.iter().rposition(|&pick| pick == member);
                if let Some(at) = at {
                    self.picks.remove(at);
                }
            }
        }
    }

    fn clear(&mut self) {
        self.picks.clear();
    }
}
