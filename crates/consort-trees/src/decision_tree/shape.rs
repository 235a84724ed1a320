use consort_core::{Error, Result};
use serde::{Deserialize, Serialize};

/// How far a tree grows. By default until no leaf can be split.
///
/// A *row* is a row of the data set: drawn twice, or of weight 2, it is still one row here. Where weights stand for
/// copies of rows, bound the weight instead.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Shape {
    /// The most splits between root and leaf; `None` for no bound.
    pub depth: Option<usize>,
    /// The most leaves; the node whose split gains most is opened first. `None` for no bound, depth first.
    pub leaves: Option<usize>,
    /// The fewest rows of a node that is split.
    pub min_split_rows: usize,
    /// The fewest rows of a leaf.
    pub min_leaf_rows: usize,
    /// The fewest rows by which a category of a node is judged by itself. Those of fewer are one category together, else each
    /// would go where its noise pulls. 1 judges each. Where there are two categories, and where cuts are random, it bounds
    /// nothing.
    pub min_level_rows: usize,
    /// The least weight of a leaf, as a share of the weight of all rows of the tree.
    pub min_leaf_weight: f64,
    /// The least decrease of impurity of a split, weighted by the share of the node in the weight of all rows.
    pub min_decrease: f64,
}

impl Default for Shape {
    fn default() -> Self {
        Self {
            depth: None,
            leaves: None,
            min_split_rows: 2,
            min_leaf_rows: 1,
            min_level_rows: 4,
            min_leaf_weight: 0.0,
            min_decrease: 0.0,
        }
    }
}

impl Shape {
    /// Refuses what is out of range.
    ///
    /// # Errors
    /// [`Error::Parameter`].
    ///
    /// ```
    /// use consort_trees::decision_tree::Shape;
    /// let error = Shape { leaves: Some(1), ..Shape::default() }.check().unwrap_err();
    /// assert_eq!(error.to_string(), "parameter `leaves` is 1, but must be at least 2");
    /// ```
    pub fn check(&self) -> Result<()> {
        if self.depth == Some(0) {
            return Err(Error::parameter("depth", 0, "at least 1"));
        }
        if let Some(leaves) = self.leaves
            && leaves < 2
        {
            return Err(Error::parameter("leaves", leaves, "at least 2"));
        }
        if self.min_split_rows < 2 {
            return Err(Error::parameter("min_split_rows", self.min_split_rows, "at least 2"));
        }
        if self.min_leaf_rows < 1 {
            return Err(Error::parameter("min_leaf_rows", self.min_leaf_rows, "at least 1"));
        }
        if self.min_level_rows < 1 {
            return Err(Error::parameter("min_level_rows", self.min_level_rows, "at least 1"));
        }
        if !(0.0..=0.5).contains(&self.min_leaf_weight) {
            return Err(Error::parameter("min_leaf_weight", self.min_leaf_weight, "0 to 0.5"));
        }
        if !(self.min_decrease.is_finite() && self.min_decrease >= 0.0) {
            return Err(Error::parameter("min_decrease", self.min_decrease, "finite and at least 0"));
        }
        Ok(())
    }
}
