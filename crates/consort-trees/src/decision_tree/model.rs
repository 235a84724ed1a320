use consort_core::{Error, Matrix, Model, Result, Samples};
use serde::{Deserialize, Serialize};

use crate::{model::TreeEnsemble, tree::Tree};

/// One fitted tree and the features that it knows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "TreeEnsemble", into = "TreeEnsemble")]
pub struct FittedTree(TreeEnsemble);

impl TryFrom<TreeEnsemble> for FittedTree {
    type Error = Error;

    fn try_from(trees: TreeEnsemble) -> Result<Self> {
        FittedTree::new(trees)
    }
}

impl From<FittedTree> for TreeEnsemble {
    fn from(FittedTree(trees): FittedTree) -> Self {
        trees
    }
}

impl FittedTree {
    /// The only tree of an ensemble.
    ///
    /// # Errors
    /// [`Error::Damaged`] if there is not just one, or it has not a number an output.
    pub fn new(trees: TreeEnsemble) -> Result<Self> {
        match trees.trees() {
            [tree] if tree.width() == trees.outputs() => Ok(Self(trees)),
            other => {
                let problem = format!("it has {} trees, or a leaf of too few numbers", other.len());
                Err(Error::Damaged { place: "a decision tree".into(), problem })
            }
        }
    }

    /// The tree.
    pub fn tree(&self) -> &Tree {
        &self.0.trees()[0]
    }

    /// The tree with its features, as an ensemble of one.
    pub fn ensemble(&self) -> &TreeEnsemble {
        &self.0
    }

    /// How much of the decrease of impurity each feature brought, summing to 1; all 0 if nothing was split.
    pub fn importances(&self) -> Vec<f64> {
        super::importances::of_tree(self.tree(), self.0.features().len())
    }
}

#[typetag::serde(name = "decision_tree")]
impl Model for FittedTree {
    fn predict(&self, rows: &Samples<'_>) -> Result<Matrix> {
        let values = self.0.sums(rows)?.into_iter().map(|x| x as f32).collect();
        Matrix::new(rows.len(), self.0.outputs(), values)
    }
}
