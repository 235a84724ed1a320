//! The running sum of an ensemble, and the score that each change of it would give.
//!
//! Every candidate is scored on what it would give: the mean of the picks in `f64`, rounded to `f32` as a fusion
//! gives it wherever a threshold or an order asks for the last bit.

mod absolute;
mod accuracy;
mod any_metric;
mod auc;
mod log_loss;
mod on_device;
mod squared;

use std::any::Any;
use std::sync::Arc;

use consort_core::{Metric, Outputs, Result, Score, Target};
use consort_metrics::{
    Accuracy, Brier, LogLoss, RocAuc, ZeroOneLoss,
    classification::BrierScale,
    regression::{MeanAbsoluteError, MeanSquaredError, RootMeanSquaredError},
};

use super::Labelled;
use crate::device::Device;

/// One more pick of a member, or one less.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    Add,
    Remove,
}

impl Change {
    fn sign(self) -> f64 {
        match self {
            Change::Add => 1.0,
            Change::Remove => -1.0,
        }
    }

    /// The number of picks after the change.
    fn size(self, before: usize) -> f64 {
        before as f64 + self.sign()
    }
}

/// An ensemble that grows and shrinks by picks of members.
pub(super) trait Running: Send {
    /// The score that the ensemble would have after the change, for each of the candidates.
    fn scores(&mut self, change: Change, candidates: &[usize]) -> Result<Vec<Score>>;

    /// Makes the change.
    fn apply(&mut self, change: Change, member: usize);

    /// Takes all picks away.
    fn clear(&mut self);
}

/// The fastest road for this metric on these rows; that of the device, if there is one.
pub(super) fn running<'a>(
    metric: &'a Arc<dyn Metric>,
    data: &'a Labelled<'a>,
    device: Option<&dyn Device>,
) -> Result<Box<dyn Running + 'a>> {
    if let Some(device) = device
        && let Some(running) = on_device::RunningOnDevice::new(device, metric.as_ref(), data)?
    {
        return Ok(Box::new(running));
    }
    let any: &dyn Any = metric.as_ref();
    if let (Outputs::Classes(classes), Target::Classes { codes, .. }) = (data.all().outputs(), &*data.target) {
        if let Some(loss) = any.downcast_ref::<LogLoss>()
            && loss.eps >= f64::EPSILON
            && loss.eps < 0.5
        {
            return Ok(Box::new(log_loss::RunningLogLoss::new(data, codes, loss.eps)));
        }
        if let Some(brier) = any.downcast_ref::<Brier>() {
            let half = match brier.scale {
                BrierScale::Auto => classes.len() == 2,
                BrierScale::Half => true,
                BrierScale::Sum => false,
            };
            let scale = if half { 0.5 } else { 1.0 };
            return Ok(Box::new(squared::RunningSquared::new(data, scale, false)));
        }
        if any.is::<Accuracy>() {
            return Ok(Box::new(accuracy::RunningAccuracy::new(data, codes, false)));
        }
        if any.is::<ZeroOneLoss>() {
            return Ok(Box::new(accuracy::RunningAccuracy::new(data, codes, true)));
        }
        if any.downcast_ref::<RocAuc>() == Some(&RocAuc::default())
            && classes.len() == 2
            && data.weights.is_none()
            && let Some(running) = auc::RunningAuc::new(data, codes, classes.positive())
        {
            return Ok(Box::new(running));
        }
    }
    if let (Outputs::Targets(names), Target::Values { values, .. }) = (data.all().outputs(), &*data.target)
        && names.len() == 1
    {
        if any.is::<MeanSquaredError>() || any.is::<RootMeanSquaredError>() {
            return Ok(Box::new(squared::RunningSquared::new(data, 1.0, any.is::<RootMeanSquaredError>())));
        }
        if any.is::<MeanAbsoluteError>() {
            return Ok(Box::new(absolute::RunningAbsolute::new(data, values)));
        }
    }
    Ok(Box::new(any_metric::RunningAny::new(metric, data)?))
}
