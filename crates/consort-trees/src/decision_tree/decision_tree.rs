use consort_core::{FitContext, Learner, Model, PresentRows, Result, Samples, Takes};
use serde::{Deserialize, Serialize};

use super::{
    ClassWeights, Criterion, FittedTree, PruningPath, Resolution, Shape, SplitFeatures,
    induction::{Grown, Induction, Plan, Split},
};
use crate::model::{TreeEnsemble, by_name};

/// A classification or regression tree (Breiman and others 1984).
///
/// Leaves hold the shares of the classes, or the mean (median) of the targets. Missing values go to the side where
/// they gain most; categories are parted in the order of their mean response.
///
/// Of equal splits, that of the feature is taken that comes first in an order drawn by the seed from the names, and of those
/// the first cut: the order of the columns changes nothing. O(n · features · depth).
///
/// ```
/// use consort_core::{Column, Dataset, Features, FitContext, Samples, Seed, Target};
/// use consort_trees::decision_tree::DecisionTree;
/// let x = Column::Numeric { name: "x".into(), values: vec![1.0, 2.0, 3.0, 4.0] };
/// let target = Target::from_values(vec![0.0, 0.0, 5.0, 7.0], "y")?;
/// let data = Dataset::new(Features::Columns(vec![x]))?.with_target(target)?;
/// let tree = DecisionTree::default().depth(1).fit_tree(&Samples::all(&data), &FitContext::new(Seed::new(0)))?;
/// assert_eq!(tree.tree().leaves(), 2);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DecisionTree {
    /// What splits make small; `None` picks Gini impurity or squared error by the target.
    pub criterion: Option<Criterion>,
    /// How far it grows.
    pub shape: Shape,
    /// How many features are drawn for each split; `None` for all.
    pub split_features: Option<SplitFeatures>,
    /// What the rows of each class weigh.
    pub class_weights: ClassWeights,
    /// What a leaf must take off the impurity to be kept (cost-complexity pruning); 0 keeps all.
    pub ccp_alpha: f64,
    /// How finely numbers can be parted.
    pub resolution: Resolution,
}

impl DecisionTree {
    /// With this criterion.
    pub fn criterion(mut self, criterion: Criterion) -> Self {
        self.criterion = Some(criterion);
        self
    }

    /// With at most so many splits between root and leaf.
    pub fn depth(mut self, depth: usize) -> Self {
        self.shape.depth = Some(depth);
        self
    }

    /// With this shape.
    pub fn shape(mut self, shape: Shape) -> Self {
        self.shape = shape;
        self
    }

    /// With cuts between any two values.
    pub fn exact(mut self) -> Self {
        self.resolution = Resolution::Exact;
        self
    }

    /// Pruned at this cost of a leaf.
    pub fn ccp_alpha(mut self, alpha: f64) -> Self {
        self.ccp_alpha = alpha;
        self
    }

    /// With these weights of classes.
    pub fn class_weights(mut self, weights: ClassWeights) -> Self {
        self.class_weights = weights;
        self
    }

    /// Refuses what is out of range.
    ///
    /// # Errors
    /// [`Error::Parameter`](consort_core::Error::Parameter).
    pub fn check(&self) -> Result<()> {
        self.shape.check()?;
        self.split_features.unwrap_or(SplitFeatures::All).check()?;
        if !(self.ccp_alpha.is_finite() && self.ccp_alpha >= 0.0) {
            return Err(consort_core::Error::parameter("ccp_alpha", self.ccp_alpha, "finite and at least 0"));
        }
        self.resolution.check()
    }

    /// The tree of these samples.
    ///
    /// # Errors
    /// If a parameter is out of range, there is no row or no target, or the criterion does not suit it.
    pub fn fit_tree(&self, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<FittedTree> {
        let (grown, features) = ctx.install(|| self.grow(train, ctx))?;
        let tree = if self.ccp_alpha > 0.0 {
            PruningPath::up_to(&grown, self.ccp_alpha).prune(&grown.tree, self.ccp_alpha)?
        } else {
            grown.tree
        };
        let base = vec![0.0; tree.width()];
        ctx.progress.step(1, 1, "grown");
        FittedTree::new(TreeEnsemble::new(features, base, vec![tree])?)
    }

    /// The costs of a leaf at which the tree of these samples loses a branch, and what impurity is left then.
    ///
    /// # Errors
    /// As [`fit_tree`](Self::fit_tree).
    pub fn pruning_path(&self, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<PruningPath> {
        Ok(PruningPath::of(&ctx.install(|| self.grow(train, ctx))?.0))
    }

    fn grow(&self, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<(Grown, Vec<crate::model::Feature>)> {
        self.check()?;
        ctx.check()?;
        let by = "a decision tree";
        let data = train.dataset();
        let PresentRows { rows, mut weights } = PresentRows::of(train)?;
        let target = super::target_of(data, &rows, by)?;
        self.class_weights.apply(by, target, &rows, &mut weights)?;
        let induction = Induction {
            by,
            criterion: self.criterion,
            shape: &self.shape,
            split_features: self.split_features.unwrap_or(SplitFeatures::All),
            split: Split::Best,
            resolution: &self.resolution,
            features: None,
        };
        let (grower, features) = induction.grower(data, target, &rows)?;
        // Ties fall otherwise for another seed, so that the trees of a bag differ where the data let them.
        let mut order = by_name(features.iter());
        ctx.seed.child("ties").stream().shuffle(&mut order);
        let plan = Plan { rows, weights, features: order };
        Ok((grower.grow(&plan, ctx.seed.child("splits")), features))
    }
}

#[typetag::serde(name = "decision_tree")]
impl Learner for DecisionTree {
    fn name(&self) -> String {
        "tree".into()
    }

    fn takes(&self) -> Takes {
        Takes { categories: true, missing: true, weights: true }
    }

    fn fit(&self, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<Box<dyn Model>> {
        Ok(Box::new(self.fit_tree(train, ctx)?))
    }
}
