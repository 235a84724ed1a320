use consort_core::{Error, Result, Samples};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{
    Feature,
    blocks::{Blocks, Moved},
    quick_scorer::QuickScorers,
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
        self.add_moved(rows, trees, sums, outputs, None)
    }

    /// The same with the values of one feature moved among the rows of the data set, of which nothing is copied.
    ///
    /// # Errors
    /// If a feature is missing or of another kind.
    pub(crate) fn add_moved(
        &self,
        rows: &Samples<'_>,
        trees: std::ops::Range<usize>,
        sums: &mut [f64],
        outputs: usize,
        moved: Option<Moved<'_>>,
    ) -> Result<()> {
        let first = trees.start;
        let trees = &self.trees[trees];
        let blocks = Blocks::moved(&self.features, trees, rows, moved)?;
        if let Some(scorers) = QuickScorers::new(trees, blocks.place()) {
            let scratch = || vec![0.0f64; outputs * blocks.stride()];
            blocks.for_each(sums, outputs, scratch, |block, sums, columns| {
                for (i, sums) in sums.chunks_exact(outputs).enumerate() {
                    sums.iter().enumerate().for_each(|(k, &sum)| columns[k * block.stride + i] = sum);
                }
                scorers.add(block, first, columns);
                for (i, sums) in sums.chunks_exact_mut(outputs).enumerate() {
                    sums.iter_mut().enumerate().for_each(|(k, sum)| *sum = columns[k * block.stride + i]);
                }
            });
            return Ok(());
        }
        let walks: Vec<Walk<'_>> =
            trees.par_iter().map(|tree| Walk::new(tree, blocks.place(), blocks.stride())).collect();
        blocks.for_each(
            sums,
            outputs,
            || (),
            |block, sums, ()| {
                for (t, walk) in walks.iter().enumerate() {
                    let tree = walk.tree();
                    if outputs == 1 {
                        walk.rows(&block, |i, leaf| sums[i] += f64::from(tree.values()[leaf]));
                    } else if tree.width() == 1 {
                        let output = (first + t) % outputs;
                        walk.rows(&block, |i, leaf| sums[i * outputs + output] += f64::from(tree.values()[leaf]));
                    } else {
                        walk.rows(&block, |i, leaf| {
                            let sums = &mut sums[i * outputs..(i + 1) * outputs];
                            sums.iter_mut().zip(tree.value(leaf)).for_each(|(sum, &x)| *sum += f64::from(x));
                        });
                    }
                }
            },
        );
        Ok(())
    }

    /// The leaf of each row in each tree, as a node number: `[rows][trees]`.
    ///
    /// # Errors
    /// If a feature is missing or of another kind.
    pub fn leaves(&self, rows: &Samples<'_>) -> Result<Vec<u32>> {
        let count = self.trees.len();
        let mut leaves = vec![0u32; rows.len() * count];
        let blocks = Blocks::new(&self.features, &self.trees, rows)?;
        let walks: Vec<Walk<'_>> =
            self.trees.par_iter().map(|tree| Walk::new(tree, blocks.place(), blocks.stride())).collect();
        blocks.for_each(
            &mut leaves,
            count,
            || (),
            |block, leaves, ()| {
                for (t, walk) in walks.iter().enumerate() {
                    walk.rows(&block, |i, leaf| leaves[i * count + t] = leaf as u32);
                }
            },
        );
        Ok(leaves)
    }
}
