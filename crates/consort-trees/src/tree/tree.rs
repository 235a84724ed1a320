use consort_core::{Error, Result};
use serde::{Deserialize, Serialize};

use super::{Node, Split, Test, columnar::Columnar};

/// A tree whose leaves hold one number, or one an output. Node 0 is the root; children come after their parent, side
/// by side.
///
/// ```
/// use consort_trees::{Node, Split, Test, Tree};
/// let split = Split { feature: 0, test: Test::AtMost(0.5), missing_left: true, left: 1, gain: 2.0 };
/// let nodes = vec![Node { split: Some(split), cover: 10.0 }, Node::leaf(6.0), Node::leaf(4.0)];
/// let tree = Tree::new(nodes, vec![0.0, -1.0, 1.5], vec![])?;
/// assert_eq!((tree.leaves(), tree.depth()), (2, 1));
/// assert_eq!(tree.value(tree.leaf_of(|_| 0.7)), [1.5]);
/// assert_eq!(tree.value(tree.leaf_of(|_| f32::NAN)), [-1.0]);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Columnar", into = "Columnar")]
pub struct Tree {
    nodes: Vec<Node>,
    /// `[nodes][width]`.
    values: Vec<f32>,
    /// One bit a category, 64 a word; what is beyond the words is not in the set.
    sets: Vec<Vec<u64>>,
}

impl Tree {
    /// A tree of these nodes; `values` has the same count of numbers for each node, inner nodes included; `sets` are
    /// those that [`Test::Among`] names, one bit a category.
    ///
    /// # Errors
    /// [`Error::Damaged`] if it is not a tree: no node, a child that does not come after its parent or is missing, a
    /// node with two parents, an unknown set, a value, cover or gain that is not finite, a threshold that is NaN.
    pub fn new(nodes: Vec<Node>, values: Vec<f32>, sets: Vec<Vec<u64>>) -> Result<Self> {
        let damaged = |problem: String| Error::Damaged { place: "a tree".into(), problem };
        if nodes.is_empty() {
            return Err(damaged("it has no node".into()));
        }
        if values.is_empty() || !values.len().is_multiple_of(nodes.len()) {
            return Err(damaged(format!("it has {} values for {} nodes", values.len(), nodes.len())));
        }
        if let Some(i) = values.iter().position(|value| !value.is_finite()) {
            return Err(damaged(format!("value {i} is {}", values[i])));
        }
        let mut has_parent = vec![false; nodes.len()];
        has_parent[0] = true;
        for (i, node) in nodes.iter().enumerate() {
            if !(node.cover.is_finite() && node.cover >= 0.0) {
                return Err(damaged(format!("the cover of node {i} is {}", node.cover)));
            }
            let Some(split) = &node.split else { continue };
            for child in split.children() {
                if child <= i || child >= nodes.len() || has_parent[child] {
                    return Err(damaged(format!("node {i} has no child {child}, or shares it")));
                }
                has_parent[child] = true;
            }
            if !split.gain.is_finite() {
                return Err(damaged(format!("the gain of node {i} is {}", split.gain)));
            }
            match split.test {
                Test::AtMost(threshold) if threshold.is_nan() => {
                    return Err(damaged(format!("the threshold of node {i} is NaN")));
                }
                Test::Among(set) if set as usize >= sets.len() => {
                    return Err(damaged(format!("node {i} asks for set {set} of {}", sets.len())));
                }
                _ => {}
            }
        }
        if let Some(i) = has_parent.iter().position(|has| !has) {
            return Err(damaged(format!("node {i} has no parent")));
        }
        Ok(Self { nodes, values, sets })
    }

    /// The same, of parts that a grower made and that need no check.
    pub(crate) fn grown(nodes: Vec<Node>, values: Vec<f32>, sets: Vec<Vec<u64>>) -> Self {
        debug_assert!(Self::new(nodes.clone(), values.clone(), sets.clone()).is_ok());
        Self { nodes, values, sets }
    }

    /// The nodes.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// How many numbers a node has.
    pub fn width(&self) -> usize {
        self.values.len() / self.nodes.len()
    }

    /// The numbers of a node, which are the prediction if it is a leaf.
    pub fn value(&self, node: usize) -> &[f32] {
        let width = self.width();
        &self.values[node * width..(node + 1) * width]
    }

    /// The numbers of all nodes, `[nodes][width]`.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// The numbers of all nodes, to be changed.
    pub(crate) fn values_mut(&mut self) -> &mut [f32] {
        &mut self.values
    }

    /// The mean of the leaves below each node, weighted by their cover, `[nodes][width]`.
    pub(crate) fn means(&self) -> Vec<f64> {
        let width = self.width();
        let mut means: Vec<f64> = self.values.iter().map(|&value| f64::from(value)).collect();
        for i in (0..self.nodes.len()).rev() {
            let Some(split) = &self.nodes[i].split else { continue };
            let [left, right] = split.children();
            let [a, b] = self.shares(split);
            for k in 0..width {
                means[i * width + k] = a * means[left * width + k] + b * means[right * width + k];
            }
        }
        means
    }

    /// The shares of the rows of a split that go left and right, by their cover; halves where it is unknown.
    pub(crate) fn shares(&self, split: &Split) -> [f64; 2] {
        let [left, right] = split.children().map(|child| f64::from(self.nodes[child].cover));
        let both = left + right;
        if both > 0.0 { [left / both, right / both] } else { [0.5, 0.5] }
    }

    /// The sets of categories that its nodes ask for, one bit a category.
    pub fn sets(&self) -> &[Vec<u64>] {
        &self.sets
    }

    /// How many leaves it has.
    pub fn leaves(&self) -> usize {
        self.nodes.iter().filter(|node| node.split.is_none()).count()
    }

    /// The most splits between root and leaf.
    pub fn depth(&self) -> usize {
        let mut depth = vec![0usize; self.nodes.len()];
        for (i, node) in self.nodes.iter().enumerate() {
            if let Some(split) = &node.split {
                for child in split.children() {
                    depth[child] = depth[i] + 1;
                }
            }
        }
        depth.into_iter().max().unwrap_or(0)
    }

    /// The leaf of a row; `at` gives the value of a feature: a number, or the code of a category; NaN is missing.
    pub fn leaf_of(&self, at: impl Fn(usize) -> f32) -> usize {
        let mut node = 0;
        while let Some(split) = &self.nodes[node].split {
            let x = at(split.feature as usize);
            node = split.left as usize + usize::from(!self.goes_left(split, x));
        }
        node
    }

    /// Whether a row with this value of the split's feature goes left.
    pub fn goes_left(&self, split: &Split, x: f32) -> bool {
        if x.is_nan() {
            return split.missing_left;
        }
        match split.test {
            Test::AtMost(threshold) => x <= threshold,
            Test::Among(set) => contains(&self.sets[set as usize], x),
        }
    }

    /// One more than the greatest feature that it asks.
    pub(crate) fn features(&self) -> usize {
        self.nodes.iter().filter_map(|node| node.split).map(|split| split.feature as usize + 1).max().unwrap_or(0)
    }
}

/// Whether the category of this code is in a set.
#[inline]
pub(crate) fn contains(set: &[u64], code: f32) -> bool {
    // A code below 0 becomes 0 by the cast: it must not be taken for category 0.
    code >= 0.0 && set.get(code as usize / 64).is_some_and(|word| word >> (code as usize % 64) & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(left: u32, test: Test) -> Node {
        Node { split: Some(Split { feature: 0, test, missing_left: false, left, gain: 1.0 }), cover: 1.0 }
    }

    #[test]
    fn what_is_no_tree_is_refused() {
        let leaf = Node::leaf(1.0);
        let refused = |nodes: Vec<Node>| {
            let values = vec![0.0; nodes.len()];
            Tree::new(nodes, values, vec![]).unwrap_err().to_string()
        };
        assert!(refused(vec![]).contains("no node"));
        assert!(refused(vec![split(0, Test::AtMost(0.0)), leaf, leaf]).contains("no child 0"));
        assert!(refused(vec![split(2, Test::AtMost(0.0)), leaf, leaf]).contains("no child 3"));
        assert!(refused(vec![split(1, Test::AtMost(0.0)), split(2, Test::AtMost(0.0)), leaf, leaf]).contains("shares"));
        assert!(refused(vec![leaf, leaf]).contains("no parent"));
        assert!(refused(vec![split(1, Test::AtMost(f32::NAN)), leaf, leaf]).contains("NaN"));
        assert!(refused(vec![split(1, Test::Among(0)), leaf, leaf]).contains("set 0"));
        for gain in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let mut root = split(1, Test::AtMost(0.0));
            root.split.iter_mut().for_each(|split| split.gain = gain);
            assert!(refused(vec![root, leaf, leaf]).contains("gain of node 0"));
        }
        assert!(Tree::new(vec![leaf], vec![f32::INFINITY], vec![]).is_err());
        assert!(Tree::new(vec![leaf], vec![], vec![]).is_err());
    }

    #[test]
    fn infinite_thresholds_and_sets_survive_json() {
        let leaf = Node::leaf(1.0);
        let nodes = vec![
            split(1, Test::AtMost(f32::INFINITY)),
            split(3, Test::AtMost(f32::NEG_INFINITY)),
            split(5, Test::Among(0)),
            leaf,
            leaf,
            leaf,
            leaf,
        ];
        let tree = Tree::new(nodes, (0..14).map(|i| i as f32 / 10.0).collect(), vec![vec![5, 1 << 63]]).unwrap();
        let text = serde_json::to_string(&tree).unwrap();
        assert_eq!(serde_json::from_str::<Tree>(&text).unwrap(), tree);
        assert!(serde_json::from_str::<Tree>(&text.replace("\"left\":[1,", "\"left\":[9,")).is_err());
    }

    #[test]
    fn categories_beyond_a_set_or_below_0_are_not_in_it() {
        let set = [5u64, 1];
        for (code, within) in [(0.0, true), (1.0, false), (2.0, true), (64.0, true), (65.0, false), (1e9, false)] {
            assert_eq!(contains(&set, code), within, "{code}");
        }
        assert!(!contains(&set, -1.0));
    }
}
