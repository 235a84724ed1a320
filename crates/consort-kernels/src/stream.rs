use consort_core::{Matrix, Predictions};

use crate::{Borda, Cube, Device, Error, Fused, LogPool, OrderStatistic, PowerMean, Result, Vote, WeightedMean};

/// A rule that fuses each row by itself, on a device.
pub trait DeviceRule: std::fmt::Debug {
    /// Fuses a cube.
    ///
    /// # Errors
    /// For parameters and shapes that the rule does not take; what the device says of the work comes with the first
    /// number that is asked for.
    fn fuse(&self, cube: &Cube) -> Result<Fused>;
}

macro_rules! device_rules {
    ($($rule:ty),*) => {
        $(impl DeviceRule for $rule {
            fn fuse(&self, cube: &Cube) -> Result<Fused> {
                <$rule>::fuse(self, cube)
            }
        })*
    };
}

device_rules!(Borda, LogPool, OrderStatistic, PowerMean, Vote, WeightedMean);

/// How many bytes of a cube are sent at a time.
const BYTES: usize = 1 << 28;

/// Fuses predictions of the host on a device, some rows at a time, so that neither the cube nor its device must be large.
///
/// While the device works on some rows the next ones are gathered and sent. Where a part does not fit the memory of the
/// device, smaller ones are tried.
///
/// # Errors
/// What the rule or the device refuses; [`Error::OutOfMemory`] if not even a single row fits.
pub fn stream(device: &Device, predictions: &Predictions, rule: &dyn DeviceRule) -> Result<Matrix> {
    let row = predictions.members().len() * predictions.columns() * size_of::<f32>();
    let mut step = (BYTES / row.max(1)).max(1);
    loop {
        match stream_in(device, predictions, rule, step) {
            Err(Error::OutOfMemory { .. }) if step > 1 => step = step.min(predictions.rows()).div_ceil(2),
            done => return done,
        }
    }
}

/// The same with so many rows at a time.
///
/// # Errors
/// As [`stream`]; [`Error::Parameter`] for no rows at a time.
pub fn stream_in(device: &Device, predictions: &Predictions, rule: &dyn DeviceRule, step: usize) -> Result<Matrix> {
    if step == 0 {
        return Err(Error::parameter("the number of rows at a time", 0, "at least 1"));
    }
    let (rows, columns) = (predictions.rows(), predictions.columns());
    let mut fused = Vec::with_capacity(rows * columns);
    let mut before: Option<Fused> = None;
    for from in (0..rows).step_by(step) {
        let cube = Cube::of_predictions(device, predictions, from..(from + step).min(rows))?;
        let now = rule.fuse(&cube)?;
        if let Some(before) = before.replace(now) {
            fused.extend(before.matrix()?.into_values());
        }
    }
    if let Some(last) = before {
        fused.extend(last.matrix()?.into_values());
    }
    Ok(Matrix::new(rows, columns, fused)?)
}
