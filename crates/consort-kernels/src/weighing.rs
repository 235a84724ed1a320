use crate::{Cube, Error, Result, buffer::Buffer};

/// The members that have a say, on the device, and their weights.
///
/// A member of weight 0 is not read, not even a NaN in it.
pub(crate) struct Weighing {
    pub(crate) places: Buffer<u32>,
    pub(crate) weights: Buffer<f32>,
}

/// How weights are scaled before a kernel sees them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum To {
    /// Not.
    Given,
    /// A sum of 1.
    Shares,
    /// A greatest one of 1: equal weights are whole numbers, and sums of them exact.
    Votes,
}

impl Weighing {
    /// All members with weight 1 where no weights are given.
    ///
    /// # Errors
    /// [`Error::Length`] or [`Error::Parameter`].
    pub(crate) fn new(cube: &Cube, weights: Option<&[f64]>, to: To) -> Result<Self> {
        let members = cube.members();
        check(weights, members)?;
        let weight = |m: usize| weights.map_or(1.0, |weights| weights[m]);
        let places: Vec<u32> = (0..members).filter(|&m| weight(m) > 0.0).map(|m| m as u32).collect();
        let given: Vec<f64> = places.iter().map(|&m| weight(m as usize)).collect();
        let total: f64 = given.iter().sum();
        let unit = match to {
            To::Given => 1.0,
            To::Shares => total,
            To::Votes => given.iter().copied().fold(0.0, f64::max),
        };
        let scaled: Vec<f32> = given.iter().map(|w| (w / unit) as f32).collect();
        let device = cube.device();
        Ok(Self { places: device.put(&places), weights: device.put(&scaled) })
    }
}

/// Refuses weights that are not one a member, negative, not finite or all 0.
pub(crate) fn check(weights: Option<&[f64]>, members: usize) -> Result<()> {
    let Some(weights) = weights else { return Ok(()) };
    if weights.len() != members {
        return Err(Error::Length {
            what: "the list of weights",
            got: weights.len(),
            expected: members,
            unit: "weights",
        });
    }
    if let Some(bad) = weights.iter().find(|w| !(w.is_finite() && **w >= 0.0)) {
        return Err(Error::parameter("a weight", bad, "finite and at least 0"));
    }
    let total: f64 = weights.iter().sum();
    if !(total > 0.0 && total.is_finite()) {
        return Err(Error::parameter("the sum of the weights", total, "finite and above 0"));
    }
    Ok(())
}
