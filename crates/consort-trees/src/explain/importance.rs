use crate::{boosting::BoostedTrees, model::TreeEnsemble};

/// How much the splits of a model use a feature.
#[derive(Debug, Clone, PartialEq)]
pub struct Importance {
    /// The name of the feature.
    pub name: String,
    /// The sum of the gains of its splits: what they took off the training loss or the impurity.
    pub gain: f64,
    /// How many splits ask it.
    pub splits: u64,
    /// The sum of the covers of these splits.
    pub cover: f64,
}

impl TreeEnsemble {
    /// How much the splits use each feature, in the order of the features: sums over all trees and outputs.
    ///
    /// They prefer features of many values, and are blind to overfitting, since they are of the training rows; compare
    /// [`Contributions::mean_absolute`](super::Contributions::mean_absolute) and permutation.
    ///
    /// ```
    /// use consort_trees::{Node, Split, Test, Tree, model::{Feature, TreeEnsemble}};
    /// let split = Split { feature: 0, test: Test::AtMost(0.5), missing_left: true, left: 1, gain: 2.0 };
    /// let nodes = vec![Node { split: Some(split), cover: 10.0 }, Node::leaf(6.0), Node::leaf(4.0)];
    /// let tree = Tree::new(nodes, vec![0.0, -1.0, 1.5], vec![])?;
    /// let features = vec![Feature::Numeric { name: "x".into() }, Feature::Numeric { name: "y".into() }];
    /// let importances = TreeEnsemble::new(features, vec![0.0], vec![tree.clone(), tree])?.importances();
    /// assert_eq!((importances[0].name.as_str(), importances[0].gain, importances[0].splits), ("x", 4.0, 2));
    /// assert_eq!(importances[1].splits, 0);
    /// # Ok::<(), consort_core::Error>(())
    /// ```
    pub fn importances(&self) -> Vec<Importance> {
        let unused = |name: &str| Importance { name: name.to_owned(), gain: 0.0, splits: 0, cover: 0.0 };
        let mut importances: Vec<Importance> = self.features().iter().map(|feature| unused(feature.name())).collect();
        for node in self.trees().iter().flat_map(|tree| tree.nodes()) {
            if let Some(split) = &node.split {
                let own = &mut importances[split.feature as usize];
                own.gain += f64::from(split.gain);
                own.splits += 1;
                own.cover += f64::from(node.cover);
            }
        }
        importances
    }
}

impl BoostedTrees {
    /// How much the splits use each feature: as [`TreeEnsemble::importances`].
    pub fn importances(&self) -> Vec<Importance> {
        self.trees().importances()
    }
}
