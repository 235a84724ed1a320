use std::sync::Arc;

use consort_core::{Model, Outputs, Result, Seed};
use serde::{Deserialize, Serialize};

use super::file::{self, Kind};
use crate::{
    boosting::{BoostedTrees, loss::Loss},
    decision_tree::FittedTree,
    forest::{Forest, RandomForest},
    model::{Feature, TreeEnsemble},
};

/// All of an ensemble but its trees.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    features: Vec<Feature>,
    base: Vec<f64>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BoostedHead {
    loss: Arc<dyn Loss>,
    trees: Head,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ForestHead {
    recipe: RandomForest,
    seed: Seed,
    rows: usize,
    outputs: Outputs,
    trees: Head,
}

impl Head {
    fn of(trees: &TreeEnsemble) -> Self {
        Self { features: trees.features().to_vec(), base: trees.base().to_vec() }
    }

    fn with(self, trees: Vec<crate::Tree>) -> Result<TreeEnsemble> {
        TreeEnsemble::new(self.features, self.base, trees)
    }
}

impl TreeEnsemble {
    /// The ensemble in the [binary form](crate::binary).
    ///
    /// # Errors
    /// [`Unsupported`](consort_core::Error::Unsupported) beyond 2³² of anything.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        file::write(Kind::Trees, &Head::of(self), self.trees())
    }

    /// An ensemble from its [binary form](crate::binary).
    ///
    /// # Errors
    /// [`Damaged`](consort_core::Error::Damaged) for bytes that are none, [`Unsupported`](consort_core::Error::Unsupported)
    /// for a newer version.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let (head, trees) = file::read::<Head>(Kind::Trees, bytes)?;
        head.with(trees)
    }
}

impl BoostedTrees {
    /// The model in the [binary form](crate::binary).
    ///
    /// ```
    /// use std::sync::Arc;
    /// use consort_trees::{Node, Tree, boosting::{BoostedTrees, loss::Squared}, model::TreeEnsemble};
    /// let tree = Tree::new(vec![Node::leaf(3.0)], vec![0.5], vec![])?;
    /// let model = BoostedTrees::new(TreeEnsemble::new(vec![], vec![1.0], vec![tree])?, Arc::new(Squared))?;
    /// let bytes = model.to_bytes()?;
    /// assert_eq!(BoostedTrees::from_bytes(&bytes)?.trees(), model.trees());
    /// assert!(BoostedTrees::from_bytes(&bytes[1..]).is_err());
    /// # Ok::<(), consort_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Unsupported`](consort_core::Error::Unsupported) beyond 2³² of anything.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let head = BoostedHead { loss: Arc::clone(self.loss()), trees: Head::of(self.trees()) };
        file::write(Kind::Boosted, &head, self.trees().trees())
    }

    /// A model from its [binary form](crate::binary).
    ///
    /// # Errors
    /// [`Damaged`](consort_core::Error::Damaged) for bytes that are none, [`Unsupported`](consort_core::Error::Unsupported)
    /// for a newer version.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let (head, trees) = file::read::<BoostedHead>(Kind::Boosted, bytes)?;
        BoostedTrees::new(head.trees.with(trees)?, head.loss)
    }
}

impl Forest {
    /// The forest in the [binary form](crate::binary).
    ///
    /// # Errors
    /// [`Unsupported`](consort_core::Error::Unsupported) beyond 2³² of anything.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let (recipe, outputs) = (self.recipe().clone(), self.outputs().clone());
        let head = ForestHead { recipe, seed: self.seed(), rows: self.rows(), outputs, trees: Head::of(self.trees()) };
        file::write(Kind::Forest, &head, self.trees().trees())
    }

    /// A forest from its [binary form](crate::binary).
    ///
    /// # Errors
    /// [`Damaged`](consort_core::Error::Damaged) for bytes that are none, [`Unsupported`](consort_core::Error::Unsupported)
    /// for a newer version.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let (head, trees) = file::read::<ForestHead>(Kind::Forest, bytes)?;
        Forest::new(head.recipe, head.seed, head.rows, head.outputs, head.trees.with(trees)?)
    }
}

impl FittedTree {
    /// The tree in the [binary form](crate::binary).
    ///
    /// # Errors
    /// [`Unsupported`](consort_core::Error::Unsupported) beyond 2³² of anything.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        file::write(Kind::Decision, &Head::of(self.ensemble()), self.ensemble().trees())
    }

    /// A tree from its [binary form](crate::binary).
    ///
    /// # Errors
    /// [`Damaged`](consort_core::Error::Damaged) for bytes that are none, [`Unsupported`](consort_core::Error::Unsupported)
    /// for a newer version.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let (head, trees) = file::read::<Head>(Kind::Decision, bytes)?;
        FittedTree::new(head.with(trees)?)
    }
}

/// The model of whatever kind that was saved in the [binary form](crate::binary).
///
/// # Errors
/// [`Damaged`](consort_core::Error::Damaged) for bytes that are none, or are an ensemble without a meaning for its sums;
/// [`Unsupported`](consort_core::Error::Unsupported) for a newer version.
pub fn model(bytes: &[u8]) -> Result<Box<dyn Model>> {
    Ok(match file::open(bytes)?.0 {
        Kind::Boosted => Box::new(BoostedTrees::from_bytes(bytes)?),
        Kind::Forest => Box::new(Forest::from_bytes(bytes)?),
        // Bare trees are no model: this says so.
        Kind::Decision | Kind::Trees => Box::new(FittedTree::from_bytes(bytes)?),
    })
}
