use serde::{Deserialize, Serialize};

use crate::bins::{FeatureBins, Kind};

/// The question that a node asks of one feature.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Test {
    /// Left if the value is at most `threshold`, which is if its code is at most `code`.
    Numeric {
        /// The greatest code that goes left.
        code: u8,
        /// The greatest value that goes left.
        threshold: f32,
    },
    /// Left if the code is in the set.
    Categorical {
        /// One bit a code.
        left: [u64; 4],
    },
}

/// How a node parts its rows.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct NodeSplit {
    /// The feature asked.
    pub feature: u32,
    /// The question.
    pub test: Test,
    /// Whether a missing value goes left.
    pub missing_left: bool,
    /// What the split took off the training loss, doubled.
    pub gain: f64,
    /// The nodes to the left and to the right.
    pub children: [u32; 2],
}

/// A node of a tree: a leaf, unless it has a split.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Node {
    /// How it parts its rows; `None` for a leaf.
    pub split: Option<NodeSplit>,
    /// The value of the node, which is the prediction if it is a leaf.
    pub value: f64,
    /// The sum of Hessians (or weights) of the training rows that came here.
    pub cover: f64,
}

/// A tree of one number a leaf. Node 0 is the root; children come after their parent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tree {
    /// The nodes.
    pub nodes: Vec<Node>,
}

impl NodeSplit {
    /// For every code of the feature, whether it goes right.
    pub(crate) fn rights(&self, bins: &FeatureBins) -> [bool; 256] {
        let missing = bins.bins();
        std::array::from_fn(|code| {
            if code == missing {
                return !self.missing_left;
            }
            match &self.test {
                Test::Numeric { code: last, .. } => code > *last as usize,
                Test::Categorical { left } => left[code / 64] >> (code % 64) & 1 == 0,
            }
        })
    }
}

impl Tree {
    /// How many leaves it has.
    pub fn leaves(&self) -> usize {
        self.nodes.iter().filter(|node| node.split.is_none()).count()
    }

    /// The most splits between root and leaf.
    pub fn depth(&self) -> usize {
        let mut depth = vec![0usize; self.nodes.len()];
        for (i, node) in self.nodes.iter().enumerate() {
            if let Some(split) = &node.split {
                for &child in &split.children {
                    depth[child as usize] = depth[i] + 1;
                }
            }
        }
        depth.into_iter().max().unwrap_or(0)
    }

    /// Puts the threshold of each code where it belongs.
    pub(crate) fn name_thresholds(&mut self, features: &[FeatureBins]) {
        for node in &mut self.nodes {
            if let Some(NodeSplit { feature, test: Test::Numeric { code, threshold }, .. }) = &mut node.split
                && let Kind::Numeric { edges } = &features[*feature as usize].kind
            {
                // The last bin has no upper edge: every number goes left, and only what is missing can go right.
                *threshold = edges.get(*code as usize).copied().unwrap_or(f32::INFINITY);
            }
        }
    }
}
