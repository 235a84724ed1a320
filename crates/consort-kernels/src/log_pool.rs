use crate::{
    Cube, Error, Fused, Result,
    kernel::pool::{Constants, Of, Pool, Scale, Then},
    pooled,
};

/// The logarithmic pool: the weighted geometric mean, or the product, of the members.
///
/// out ∝ Π max(xₘ, floor)^wₘ, computed as a softmax of Σ wₘ·ln xₘ, so that nothing runs under. A 0 rules a column out;
/// a row in which every column is ruled out becomes uniform. The rules `geometric`, `product` and `logit-mean` of
/// `consort-fusion`.
///
/// Reads the cube once; a logarithm a number. Differs from double precision by at most 2e-6, times the sum of the
/// weights for a product.
///
/// ```
/// use consort_kernels::{Cube, Device, LogPool};
/// if let Ok(device) = Device::open("auto") {
///     let cube = Cube::of(&device, &[0.9, 0.1, 0.1, 0.9], 2, 1, 2)?;
///     let fused = LogPool::geometric().fuse(&cube)?.matrix()?;
///     assert!((fused.at(0, 0) - 0.5).abs() < 1e-6);
/// }
/// # Ok::<(), consort_kernels::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct LogPool {
    /// Whether the exponents sum to 1 (a mean) or are the weights as given (a product).
    pub mean: bool,
    /// Numbers below this count as this; at least 0.
    pub floor: f32,
    /// One weight a member, at least 0; a member of weight 0 is not read. `None`: 1 each.
    pub weights: Option<Vec<f64>>,
    /// Whether rows are left as they are, not scaled to a sum of 1. For values.
    pub raw: bool,
    /// Whether labels, margins and entropies are left out.
    pub numbers_only: bool,
}

impl LogPool {
    /// The geometric mean, scaled to a sum of 1.
    pub fn geometric() -> Self {
        Self { mean: true, floor: 0.0, weights: None, raw: false, numbers_only: false }
    }

    /// The product, scaled to a sum of 1.
    pub fn product() -> Self {
        Self { mean: false, ..Self::geometric() }
    }

    /// The same with one weight a member.
    pub fn with_weights(mut self, weights: Vec<f64>) -> Self {
        self.weights = Some(weights);
        self
    }

    /// The same with a least number.
    pub fn with_floor(mut self, floor: f32) -> Self {
        self.floor = floor;
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
    /// As [`WeightedMean::fuse`](crate::WeightedMean::fuse); [`Error::Parameter`] for a floor out of [0, 1).
    pub fn fuse(&self, cube: &Cube) -> Result<Fused> {
        if !(0.0..1.0).contains(&self.floor) {
            return Err(Error::parameter("the floor", self.floor, "at least 0 and less than 1"));
        }
        let pool = Pool {
            of: Of::Logarithm,
            then: if self.raw { Then::Exponential } else { Then::Itself },
            scale: if self.raw { Scale::AsIs } else { Scale::Softmax },
            holes: cube.holes(),
            renormalise: self.mean,
            summary: !self.numbers_only,
        };
        pooled::fuse(cube, pool, Constants { floor: self.floor, p: 0.0 }, self.weights.as_deref())
    }
}
