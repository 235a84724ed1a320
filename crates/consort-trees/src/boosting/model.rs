use std::sync::Arc;

use consort_core::{Error, Matrix, Model, Result, Samples, blocks};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::loss::Loss;
use crate::{model::TreeEnsemble, tree::Tree};

/// A fitted sum of trees.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "Parts", into = "Parts")]
pub struct BoostedTrees {
    trees: TreeEnsemble,
    loss: Arc<dyn Loss>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Parts {
    loss: Arc<dyn Loss>,
    trees: TreeEnsemble,
}

impl From<BoostedTrees> for Parts {
    fn from(BoostedTrees { trees, loss }: BoostedTrees) -> Self {
        Parts { loss, trees }
    }
}

impl TryFrom<Parts> for BoostedTrees {
    type Error = Error;

    fn try_from(Parts { loss, trees }: Parts) -> Result<Self> {
        BoostedTrees::new(trees, loss)
    }
}

impl BoostedTrees {
    /// Trees whose sums are scores of this loss. They have one number a leaf and are shrunk already: round after
    /// round, in a round one an output.
    ///
    /// # Errors
    /// [`Error::Damaged`] if a tree has more than one number a leaf for several outputs, or the loss has another
    /// number of scores.
    pub fn new(trees: TreeEnsemble, loss: Arc<dyn Loss>) -> Result<Self> {
        if let Some(t) = trees.trees().iter().position(|tree| tree.width() != 1) {
            let problem = format!("tree {t} has several numbers a leaf; boosting has one tree an output");
            return Err(Error::Damaged { place: "boosted trees".into(), problem });
        }
        Ok(Self { trees, loss })
    }

    /// The trees, their features, and the scores before the first tree.
    pub fn trees(&self) -> &TreeEnsemble {
        &self.trees
    }

    /// What the scores were fitted to.
    pub fn loss(&self) -> &Arc<dyn Loss> {
        &self.loss
    }

    /// How many rounds were boosted.
    pub fn rounds(&self) -> usize {
        self.trees.trees().len() / self.trees.outputs()
    }

    /// The raw scores, `[rows][outputs]`.
    ///
    /// # Errors
    /// If a feature is missing or of another kind.
    pub fn scores(&self, rows: &Samples<'_>) -> Result<Vec<f64>> {
        self.trees.sums(rows)
    }

    /// The model after its first rounds.
    pub fn truncate(&mut self, rounds: usize) {
        self.trees.truncate(rounds * self.trees.outputs());
    }

    /// More trees after these: one an output, of one number a leaf, over the same features.
    pub(super) fn extend(&mut self, trees: Vec<Tree>) {
        self.trees.extend(trees);
    }

    pub(super) fn predictions(&self, scores: &[f64]) -> Matrix {
        let outputs = self.trees.outputs();
        let columns = self.loss.columns(outputs);
        let mut out = Matrix::zeros(scores.len() / outputs, columns);
        let blocks =
            out.values_mut().par_chunks_mut(blocks::ROWS * columns).zip(scores.par_chunks(blocks::ROWS * outputs));
        blocks.for_each(|(out, scores)| {
            for (row, scores) in out.chunks_exact_mut(columns).zip(scores.chunks_exact(outputs)) {
                self.loss.predict(scores, row);
            }
        });
        out
    }
}

#[typetag::serde(name = "boosted_trees")]
impl Model for BoostedTrees {
    fn predict(&self, rows: &Samples<'_>) -> Result<Matrix> {
        Ok(self.predictions(&self.scores(rows)?))
    }
}
