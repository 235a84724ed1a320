use crate::{
    Cube, Error, Fused, Result,
    kernel::pool::{Constants, Of, Pool, Scale, Then},
    pooled,
};

/// The weighted power mean with exponent p, scaled to a sum of 1: −1 is harmonic, 2 the root mean square.
///
/// out ∝ (Σ wₘ·xₘᵖ / Σ wₘ)^(1/p). With p < 0 a 0 makes the mean 0. The rules `power` and `harmonic` of
/// `consort-fusion`, for numbers of at least 0.
///
/// Reads the cube once; a division, a logarithm and an exponential a number, but no more than a division for p of −1, 1
/// and 2. Powers are of the share of the greatest number so far (p > 0) or of the least one's in each (p < 0), so that none
/// leaves the range of numbers; but those of p = 2 are of the numbers themselves, which must be below 10¹⁹. Differs from
/// double precision by at most 3e-6, relative to the greatest number of the row, and 3e-6 / |p| for |p| < 1.
///
/// ```
/// use consort_kernels::{Cube, Device, PowerMean};
/// if let Ok(device) = Device::open("auto") {
///     let cube = Cube::of(&device, &[1.0, 7.0], 2, 1, 1)?;
///     assert_eq!(PowerMean::new(2.0).raw().fuse(&cube)?.matrix()?.values(), [5.0]);
/// }
/// # Ok::<(), consort_kernels::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct PowerMean {
    /// The exponent: finite and not 0.
    pub p: f32,
    /// One weight a member, at least 0; a member of weight 0 is not read. `None`: all count the same.
    pub weights: Option<Vec<f64>>,
    /// Whether rows are left as they are, not scaled to a sum of 1. For values.
    pub raw: bool,
    /// Whether labels, margins and entropies are left out.
    pub numbers_only: bool,
}

impl PowerMean {
    /// The mean with exponent `p`.
    pub fn new(p: f32) -> Self {
        Self { p, weights: None, raw: false, numbers_only: false }
    }

    /// The same with one weight a member.
    pub fn with_weights(mut self, weights: Vec<f64>) -> Self {
        self.weights = Some(weights);
        self
    }

    /// The same, but rows are not scaled.
    pub fn raw(mut self) -> Self {
        self.raw = true;
        self
    }

    /// The same without labels, margins and entropies.
    pub fn numbers_only(mut self) -> Self {
        self.numbers_only = true;
        self
    }

    /// Fuses.
    ///
    /// # Errors
    /// As [`WeightedMean::fuse`](crate::WeightedMean::fuse); [`Error::Parameter`] for an exponent that is 0 or not
    /// finite.
    pub fn fuse(&self, cube: &Cube) -> Result<Fused> {
        if !self.p.is_finite() || self.p == 0.0 {
            return Err(Error::parameter("p", self.p, "finite and not 0"));
        }
        let (of, then) = match self.p {
            1.0 => (Of::Itself, Then::Itself),
            2.0 => (Of::Square, Then::Root),
            -1.0 => (Of::Reciprocal, Then::Reciprocal),
            p if p > 0.0 => (Of::Power, Then::Power),
            _ => (Of::NegativePower, Then::Power),
        };
        let pool = Pool {
            of,
            then,
            scale: if self.raw { Scale::AsIs } else { Scale::Sum },
            holes: cube.holes(),
            renormalise: true,
            summary: !self.numbers_only,
        };
        pooled::fuse(cube, pool, Constants { floor: 0.0, p: self.p }, self.weights.as_deref())
    }
}
