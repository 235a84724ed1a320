use consort_core::Target;
use serde::{Deserialize, Serialize};

/// What a split makes small: the impurity of the rows on its two sides, weighted by their weight.
///
/// With `pₖ` the share of class `k` in a node, `ȳ` the mean and `ỹ` the median of its target:
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Criterion {
    /// `1 − Σ pₖ²` (Breiman and others 1984). For yes-or-no labels, the mean over the labels.
    Gini,
    /// `−Σ pₖ log₂ pₖ` (Quinlan 1986).
    Entropy,
    /// `mean (y − ȳ)²`; of several targets, the mean over them. Leaves hold means.
    SquaredError,
    /// `mean |y − ỹ|`; leaves hold medians. O(n log n) a feature: far slower than the others.
    AbsoluteError,
    /// `mean y log (y / ȳ)`, half the Poisson deviance, for counts and other targets that are never below 0.
    Poisson,
}

impl Criterion {
    /// What is taken for a target where nothing is said: Gini for classes and labels, squared error for numbers.
    ///
    /// ```
    /// use consort_core::Target;
    /// use consort_trees::decision_tree::Criterion;
    /// let target = Target::from_values(vec![1.0, 2.0], "y")?;
    /// assert_eq!(Criterion::of(&target), Criterion::SquaredError);
    /// # Ok::<(), consort_core::Error>(())
    /// ```
    pub fn of(target: &Target) -> Self {
        match target {
            Target::Classes { .. } | Target::Labels { .. } => Criterion::Gini,
            _ => Criterion::SquaredError,
        }
    }

    /// Its name in messages.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Criterion::Gini => "gini",
            Criterion::Entropy => "entropy",
            Criterion::SquaredError => "squared_error",
            Criterion::AbsoluteError => "absolute_error",
            Criterion::Poisson => "poisson",
        }
    }
}
