use serde::{Deserialize, Serialize};

/// What a fitted tree must know of a feature.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Feature {
    /// Numbers; NaN is missing.
    Numeric {
        /// The name of the feature.
        name: String,
    },
    /// Numbers of which 0 (up to 1e-35 on either side) is missing, as NaN is: LightGBM's `zero_as_missing`.
    Sparse {
        /// The name of the feature.
        name: String,
    },
    /// Categories. The code of a level is its place in the list.
    Categorical {
        /// The name of the feature.
        name: String,
        /// The levels that have a code of their own.
        levels: Vec<String>,
        /// Whether all other levels share the code after the last; if not, they count as missing.
        others: bool,
    },
}

impl Feature {
    /// The name of the feature.
    pub fn name(&self) -> &str {
        match self {
            Feature::Numeric { name } | Feature::Sparse { name } | Feature::Categorical { name, .. } => name,
        }
    }
}

/// The numbers of features in the order of their names; of one name, in the order of columns. Where draws and ties
/// go by this order, a tree does not depend on where a column stands.
pub(crate) fn by_name<'a>(features: impl Iterator<Item = &'a Feature>) -> Vec<u32> {
    let names: Vec<&str> = features.map(Feature::name).collect();
    let mut order: Vec<u32> = (0..names.len() as u32).collect();
    order.sort_by_key(|&f| names[f as usize]);
    order
}
