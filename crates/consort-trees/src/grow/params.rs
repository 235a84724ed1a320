use consort_core::{Error, Result};
use serde::{Deserialize, Serialize};

/// Which node is opened next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Growth {
    /// The one whose split gains most (Shi 2007); of equal gain, the oldest.
    #[default]
    LeafWise,
    /// The one nearest to the root; of equal depth, the one whose split gains most.
    DepthWise,
}

/// The shape of a tree grown on gradients.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TreeParams {
    /// The most leaves.
    pub leaves: usize,
    /// The most splits between root and leaf; `None` for no bound.
    pub depth: Option<usize>,
    /// The fewest rows of a leaf. A leaf's rows are judged by its share of the Hessian.
    pub min_rows: f64,
    /// The fewest rows by which a category of a node is judged by itself; those of fewer are one category together, else each
    /// would go where its noise pulls. Rows are judged by their share of the Hessian. 1 judges each.
    pub min_level_rows: f64,
    /// The least sum of Hessians of a leaf.
    pub min_hessian: f64,
    /// The least gain of a split.
    pub min_gain: f64,
    /// The absolute penalty on leaf values.
    pub l1: f64,
    /// The squared penalty on leaf values.
    pub l2: f64,
    /// Which node is opened next.
    pub growth: Growth,
}

impl Default for TreeParams {
    fn default() -> Self {
        Self {
            leaves: 31,
            depth: None,
            min_rows: 20.0,
            min_level_rows: 10.0,
            min_hessian: 1e-3,
            min_gain: 0.0,
            l1: 0.0,
            l2: 0.0,
            growth: Growth::LeafWise,
        }
    }
}

impl TreeParams {
    /// Refuses what is out of range.
    ///
    /// # Errors
    /// [`Error::Parameter`].
    pub fn check(&self) -> Result<()> {
        if !(2..=65_536).contains(&self.leaves) {
            return Err(Error::parameter("leaves", self.leaves, "2 to 65536"));
        }
        if self.depth == Some(0) {
            return Err(Error::parameter("depth", 0, "at least 1"));
        }
        for (name, value) in [
            ("min_rows", self.min_rows),
            ("min_level_rows", self.min_level_rows),
            ("min_hessian", self.min_hessian),
            ("min_gain", self.min_gain),
            ("l1", self.l1),
            ("l2", self.l2),
        ] {
            if !(value.is_finite() && value >= 0.0) {
                return Err(Error::parameter(name, value, "finite and at least 0"));
            }
        }
        Ok(())
    }

    /// The best value of a leaf with these sums (Chen and Guestrin 2016, with an absolute penalty).
    pub(crate) fn value(&self, gradient: f64, hessian: f64) -> f64 {
        let pulled = self.shrink(gradient);
        let curvature = hessian + self.l2;
        // A few drawn rows may have a Hessian too small for a step of it: they say nothing.
        if pulled == 0.0 || curvature <= 0.0 { 0.0 } else { -pulled / curvature }
    }

    /// Twice what a leaf of these sums takes off the loss.
    pub(crate) fn strength(&self, gradient: f64, hessian: f64) -> f64 {
        let pulled = self.shrink(gradient);
        if pulled == 0.0 { 0.0 } else { pulled * pulled / (hessian + self.l2) }
    }

    fn shrink(&self, gradient: f64) -> f64 {
        if self.l1 == 0.0 { gradient } else { gradient.signum() * (gradient.abs() - self.l1).max(0.0) }
    }
}
