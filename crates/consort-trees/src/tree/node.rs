/// The question that a node asks of one feature.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Test {
    /// Left if the number is at most this one.
    AtMost(f32),
    /// Left if the category is in the set of this number among the sets of the tree.
    Among(u32),
}

/// How a node parts its rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Split {
    /// The feature asked.
    pub feature: u32,
    /// The question.
    pub test: Test,
    /// Whether a missing value goes left.
    pub missing_left: bool,
    /// The node to the left; the one to the right comes next to it.
    pub left: u32,
    /// What the split took off the training loss (boosting: doubled) or off the impurity (weighted by the rows).
    pub gain: f32,
}

/// A node: a leaf, unless it has a split. 28 bytes, since a forest has millions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Node {
    /// How it parts its rows; `None` for a leaf.
    pub split: Option<Split>,
    /// The sum of Hessians (or weights) of the training rows that came here.
    pub cover: f32,
}

impl Node {
    /// A node without children.
    pub fn leaf(cover: f64) -> Self {
        Node { split: None, cover: single(cover) }
    }
}

/// The nearest number of single precision that is finite, so that models can be saved and their predictions added.
pub(crate) fn single(x: f64) -> f32 {
    x.clamp(f64::from(f32::MIN), f64::from(f32::MAX)) as f32
}

impl Split {
    /// The nodes to the left and to the right.
    pub fn children(&self) -> [usize; 2] {
        [self.left as usize, self.left as usize + 1]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_is_small() {
        assert_eq!(size_of::<Node>(), 28);
    }
}
