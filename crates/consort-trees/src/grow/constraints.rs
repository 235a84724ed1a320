use serde::{Deserialize, Serialize};

/// Which way predictions may move as a feature grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Monotone {
    /// Never down.
    Increasing,
    /// Never up.
    Decreasing,
}

/// What trees of a data set must not do, by the numbers of its features.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Constraints {
    /// For each feature, which way scores may move as it grows; empty for no constraint at all.
    pub monotone: Vec<Option<Monotone>>,
    /// Sets of features that may meet on one way from root to leaf; empty for no constraint. A feature that is in no set
    /// meets no other.
    pub interactions: Vec<Vec<u32>>,
}

impl Constraints {
    pub(crate) fn of(&self, feature: usize) -> Option<Monotone> {
        self.monotone.get(feature).copied().flatten()
    }

    /// The features that may be asked below splits on these: all, before the first.
    pub(super) fn allowed(&self, path: &[u32], features: &[bool]) -> Vec<bool> {
        if path.is_empty() {
            return features.to_vec();
        }
        let mut allowed = vec![false; features.len()];
        for &feature in path {
            allowed[feature as usize] = features[feature as usize];
        }
        for set in self.interactions.iter().filter(|set| path.iter().all(|feature| set.contains(feature))) {
            for &feature in set {
                allowed[feature as usize] = features[feature as usize];
            }
        }
        allowed
    }
}

/// Between which values the leaves below a node must stay, so that splits above it keep their direction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Bounds {
    low: f64,
    high: f64,
}

impl Bounds {
    pub(crate) const NONE: Bounds = Bounds { low: f64::NEG_INFINITY, high: f64::INFINITY };

    pub(super) fn is_none(&self) -> bool {
        *self == Self::NONE
    }

    pub(crate) fn clamp(&self, value: f64) -> f64 {
        value.max(self.low).min(self.high)
    }

    /// The bounds of two children with these values: neither passes the middle between them.
    pub(crate) fn split(self, monotone: Option<Monotone>, left: f64, right: f64) -> [Bounds; 2] {
        let middle = 0.5 * (left + right);
        let (below, above) = (Bounds { high: middle, ..self }, Bounds { low: middle, ..self });
        match monotone {
            None => [self, self],
            Some(Monotone::Increasing) => [below, above],
            Some(Monotone::Decreasing) => [above, below],
        }
    }
}
