use consort_core::{Error, Result, Samples};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{
    Feature,
    view::{View, views},
    walk::Walk,
};
use crate::tree::Tree;

/// Trees over the same features, whose leaves add up: what boosting, forests and imported models share.
///
/// A tree has as many numbers a leaf as there are outputs (forests), or one (boosting): then tree `t` adds to output
/// `t mod outputs`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Parts", into = "Parts")]
pub struct TreeEnsemble {
    features: Vec<Feature>,
    base: Vec<f64>,
    trees: Vec<Tree>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Parts {
    features: Vec<Feature>,
    base: Vec<f64>,
    trees: Vec<Tree>,
}

impl From<TreeEnsemble> for Parts {
    fn from(TreeEnsemble { features, base, trees }: TreeEnsemble) -> Self {
        Parts { features, base, trees }
    }
}

impl TryFrom<Parts> for TreeEnsemble {
    type Error = Error;

    fn try_from(parts: Parts) -> Result<Self> {
        TreeEnsemble::new(parts.features, parts.base, parts.trees)
    }
}

/// Bytes of rows that are kept at hand while all trees pass: half of a first cache.
const BLOCK: usize = 16 << 10;

impl TreeEnsemble {
    /// Trees over these features; `base` is what each output starts from.
    ///
    /// # Errors
    /// [`Error::Damaged`] if there is no output, a start is not finite, a tree asks for a feature that is not there, or has neither one number a leaf nor one an output.
    pub fn new(features: Vec<Feature>, base: Vec<f64>, trees: Vec<Tree>) -> Result<Self> {
        let damaged = |problem: String| Error::Damaged { place: "an ensemble of trees".into(), problem };
        if base.is_empty() || base.iter().any(|start| !start.is_finite()) {
            return Err(damaged(format!("its outputs start from {base:?}")));
        }
        for (t, tree) in trees.iter().enumerate() {
            if tree.width() != 1 && tree.width() != base.len() {
                return Err(damaged(format!(
                    "tree {t} has {} numbers a leaf for {} outputs",
                    tree.width(),
                    base.len()
                )));
            }
            if tree.features() > features.len() {
                return Err(damaged(format!("tree {t} asks feature {} of {}", tree.features() - 1, features.len())));
            }
        }
        Ok(Self { features, base, trees })
    }

    /// The features, in the order that trees number them.
    pub fn features(&self) -> &[Feature] {
        &self.features
    }

    /// How many numbers a row gets.
    pub fn outputs(&self) -> usize {
        self.base.len()
    }

    /// What each output starts from.
    pub fn base(&self) -> &[f64] {
        &self.base
    }

    /// The trees.
    pub fn trees(&self) -> &[Tree] {
        &self.trees
    }

    /// More trees after these, over the same features.
    pub(crate) fn extend(&mut self, trees: Vec<Tree>) {
        self.trees.extend(trees);
    }

    /// The first trees alone.
    pub fn truncate(&mut self, trees: usize) {
        self.trees.truncate(trees);
    }

    /// The outputs that tree `t` adds to: all of them, or one.
    pub fn outputs_of(&self, tree: usize) -> std::ops::Range<usize> {
        if self.trees[tree].width() == self.outputs() {
            0..self.outputs()
        } else {
            tree % self.outputs()..tree % self.outputs() + 1
        }
    }

    /// The sum of the leaves of each row and what it starts from: `[rows][outputs]`.
    ///
    /// # Errors
    /// If a feature is missing or of another kind.
    pub fn sums(&self, rows: &Samples<'_>) -> Result<Vec<f64>> {
        let outputs = self.outputs();
        let mut sums: Vec<f64> = std::iter::repeat_n(&self.base, rows.len()).flatten().copied().collect();
        self.add(rows, 0..self.trees.len(), &mut sums, outputs)?;
        Ok(sums)
    }

    /// Adds the leaves of some trees to `sums`, which is `[rows][outputs]`.
    ///
    /// # Errors
    /// If a feature is missing or of another kind.
    pub(crate) fn add(
        &self,
        rows: &Samples<'_>,
        trees: std::ops::Range<usize>,
        sums: &mut [f64],
        outputs: usize,
    ) -> Result<()> {
        let first = trees.start;
        self.visit(rows, trees, sums, outputs, |t, walk, values, width, sums| {
            let tree = walk.tree();
            if outputs == 1 {
                walk.rows(values, width, |i, leaf| sums[i] += f64::from(tree.values()[leaf]));
            } else if tree.width() == 1 {
                let output = (first + t) % outputs;
                walk.rows(values, width, |i, leaf| sums[i * outputs + output] += f64::from(tree.values()[leaf]));
            } else {
                walk.rows(values, width, |i, leaf| {
                    let sums = &mut sums[i * outputs..(i + 1) * outputs];
                    sums.iter_mut().zip(tree.value(leaf)).for_each(|(sum, &x)| *sum += f64::from(x));
                });
            }
        })
    }

    /// The leaf of each row in each tree, as a node number: `[rows][trees]`.
    ///
    /// # Errors
    /// If a feature is missing or of another kind.
    pub fn leaves(&self, rows: &Samples<'_>) -> Result<Vec<u32>> {
        let count = self.trees.len();
        let mut leaves = vec![0u32; rows.len() * count];
        self.visit(rows, 0..count, &mut leaves, count, |t, walk, values, width, leaves| {
            walk.rows(values, width, |i, leaf| leaves[i * count + t] = leaf as u32);
        })?;
        Ok(leaves)
    }

    /// Takes all rows through some trees, block by block: `each` gets the number of a tree (from 0), its walk, the
    /// values of a block of rows, how many a row has, and the block's part of `out`.
    fn visit<T: Send>(
        &self,
        rows: &Samples<'_>,
        trees: std::ops::Range<usize>,
        out: &mut [T],
        columns: usize,
        each: impl Fn(usize, &Walk<'_>, &[f32], usize, &mut [T]) + Sync,
    ) -> Result<()> {
        let views = views(&self.features, rows)?;
        let trees = &self.trees[trees];
        // Features that no tree asks are not fetched.
        let mut asked = vec![false; self.features.len()];
        for split in trees.iter().flat_map(|tree| tree.nodes()).filter_map(|node| node.split) {
            asked[split.feature as usize] = true;
        }
        let mut place = vec![0u32; self.features.len()];
        let mut used: Vec<&View<'_>> = Vec::new();
        for (f, view) in views.iter().enumerate() {
            if asked[f] || (used.is_empty() && f + 1 == views.len()) {
                place[f] = used.len() as u32;
                used.push(view);
            }
        }
        let width = used.len().max(1);
        let block = (BLOCK / (4 * width)).clamp(64, 4096).next_multiple_of(super::walk::LANES);
        let walks: Vec<Walk<'_>> = trees.par_iter().map(|tree| Walk::new(tree, &place)).collect();
        if columns == 0 {
            return Ok(());
        }
        out.par_chunks_mut(block * columns).enumerate().for_each_init(
            || vec![0.0f32; block * width],
            |values, (number, out)| {
                let start = number * block;
                let values = &mut values[..out.len() / columns * width];
                for (f, view) in used.iter().enumerate() {
                    view.gather(rows, start, &mut values[f..], width);
                }
                for (t, walk) in walks.iter().enumerate() {
                    each(t, walk, values, width, out);
                }
            },
        );
        Ok(())
    }
}
