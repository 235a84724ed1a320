use consort_core::{Error, Result, Target};
use serde::{Deserialize, Serialize};

/// How many features are drawn for each split, without replacement.
///
/// The draw goes on beyond that number until one of them is not the same in all rows of the node.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SplitFeatures {
    /// The square root of their number for classes (Breiman 2001), all for numbers (Geurts and others 2006).
    #[default]
    ByTarget,
    /// All.
    All,
    /// The square root of their number.
    Sqrt,
    /// The binary logarithm of their number.
    Log2,
    /// So many, or all if there are fewer.
    Count(usize),
    /// A share of their number.
    Share(f64),
}

impl SplitFeatures {
    /// Refuses what is out of range.
    ///
    /// # Errors
    /// [`Error::Parameter`].
    pub fn check(self) -> Result<()> {
        match self {
            SplitFeatures::Count(0) => Err(Error::parameter("split_features", 0, "at least 1")),
            SplitFeatures::Share(share) if !(share > 0.0 && share <= 1.0) => {
                Err(Error::parameter("split_features", share, "above 0 and at most 1"))
            }
            _ => Ok(()),
        }
    }

    /// How many of `features` are drawn; at least one.
    ///
    /// ```
    /// use consort_core::Target;
    /// use consort_trees::decision_tree::SplitFeatures;
    /// let numbers = Target::from_values(vec![1.0, 2.0], "y")?;
    /// assert_eq!(SplitFeatures::ByTarget.count(20, &numbers), 20);
    /// assert_eq!(SplitFeatures::Sqrt.count(20, &numbers), 4);
    /// # Ok::<(), consort_core::Error>(())
    /// ```
    pub fn count(self, features: usize, target: &Target) -> usize {
        let all = features as f64;
        let drawn = match self {
            SplitFeatures::ByTarget => match target {
                Target::Classes { .. } | Target::Labels { .. } => all.sqrt(),
                _ => all,
            },
            SplitFeatures::All => all,
            SplitFeatures::Sqrt => all.sqrt(),
            SplitFeatures::Log2 => all.log2(),
            SplitFeatures::Count(count) => count as f64,
            SplitFeatures::Share(share) => share * all,
        };
        (drawn as usize).clamp(1, features.max(1))
    }
}
