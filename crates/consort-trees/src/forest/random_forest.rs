use std::sync::{Mutex, PoisonError};

use consort_core::{Error, FitContext, Learner, Model, PresentRows, Result, Samples, Seed, Takes};
use consort_split::{Draw, Drawer};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Cuts, Forest};
use crate::{
    decision_tree::{
        ClassWeights, Criterion, Resolution, Shape, SplitFeatures,
        induction::{Induction, Plan, Split},
        target_of,
    },
    model::{TreeEnsemble, by_name},
    tree::Tree,
};

/// Many randomised trees, whose leaves are averaged: random forest (Breiman 2001), extra trees (Geurts, Ernst and
/// Wehenkel 2006) and random patches (Louppe and Geurts 2012).
///
/// The tree of number `t` draws from the seed named `tree`, `t`: neither threads nor the number of trees change it, so
/// a forest of 50 that grows to 100 is the forest of 100.
///
/// ```
/// use consort_core::{Classes, Column, Dataset, Features, FitContext, Model, Samples, Seed, Target};
/// use consort_trees::forest::RandomForest;
/// let x = Column::Numeric { name: "x".into(), values: (0..100).map(|i| i as f32).collect() };
/// let target = Target::Classes {
///     codes: (0..100).map(|i| u32::from(i >= 60)).collect(),
///     classes: Classes::new(["low", "high"])?,
/// };
/// let data = Dataset::new(Features::Columns(vec![x]))?.with_target(target)?;
/// let all = Samples::all(&data);
/// let forest = RandomForest::default().trees(20).fit_forest(&all, &FitContext::new(Seed::new(1)))?;
/// assert_eq!(forest.predict(&all)?.argmax(99), Some(1));
/// assert_eq!(forest.members(&all)?.members().len(), 20);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RandomForest {
    /// How many trees.
    pub trees: usize,
    /// Which rows a tree sees.
    pub draw: Draw,
    /// The share of the features that a tree sees.
    pub tree_features: f64,
    /// How many features are drawn for each split.
    pub split_features: SplitFeatures,
    /// Where the features drawn are cut.
    pub cuts: Cuts,
    /// What splits make small; `None` picks Gini impurity or squared error by the target.
    pub criterion: Option<Criterion>,
    /// How far trees grow.
    pub shape: Shape,
    /// What the rows of each class weigh.
    pub class_weights: ClassWeights,
    /// How finely numbers can be parted.
    pub resolution: Resolution,
}

impl Default for RandomForest {
    /// Breiman's forest of 100 trees.
    fn default() -> Self {
        Self {
            trees: 100,
            draw: Draw::default(),
            tree_features: 1.0,
            split_features: SplitFeatures::default(),
            cuts: Cuts::Best,
            criterion: None,
            shape: Shape::default(),
            class_weights: ClassWeights::default(),
            resolution: Resolution::default(),
        }
    }
}

impl RandomForest {
    /// Extremely randomised trees: all rows, and features cut at random.
    pub fn extra_trees() -> Self {
        Self { draw: Draw::All, cuts: Cuts::Random, ..Self::default() }
    }

    /// Random patches: each tree sees a share of the rows, drawn without replacement, and of the features, and may ask
    /// any of these at each split.
    pub fn random_patches(rows: f64, features: f64) -> Self {
        Self {
            draw: Draw::Subsample { share: rows },
            tree_features: features,
            split_features: SplitFeatures::All,
            ..Self::default()
        }
    }

    /// With so many trees.
    pub fn trees(mut self, trees: usize) -> Self {
        self.trees = trees;
        self
    }

    /// With these rows for each tree.
    pub fn draw(mut self, draw: Draw) -> Self {
        self.draw = draw;
        self
    }

    /// With so many features for each split.
    pub fn split_features(mut self, features: SplitFeatures) -> Self {
        self.split_features = features;
        self
    }

    /// With this criterion.
    pub fn criterion(mut self, criterion: Criterion) -> Self {
        self.criterion = Some(criterion);
        self
    }

    /// With trees of this shape.
    pub fn shape(mut self, shape: Shape) -> Self {
        self.shape = shape;
        self
    }

    /// With these weights of classes.
    pub fn class_weights(mut self, weights: ClassWeights) -> Self {
        self.class_weights = weights;
        self
    }

    /// With this resolution of numbers.
    pub fn resolution(mut self, resolution: Resolution) -> Self {
        self.resolution = resolution;
        self
    }

    /// Refuses what is out of range.
    ///
    /// # Errors
    /// [`Error::Parameter`].
    pub fn check(&self) -> Result<()> {
        if !(1..=1_000_000).contains(&self.trees) {
            return Err(Error::parameter("trees", self.trees, "1 to 1000000"));
        }
        if !(self.tree_features > 0.0 && self.tree_features <= 1.0) {
            return Err(Error::parameter("tree_features", self.tree_features, "above 0 and at most 1"));
        }
        self.draw.check()?;
        self.split_features.check()?;
        self.shape.check()?;
        self.resolution.check()
    }

    /// The forest of these samples.
    ///
    /// # Errors
    /// If a parameter is out of range, there is no row or no target, the criterion does not suit it, or the work was
    /// cancelled.
    pub fn fit_forest(&self, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<Forest> {
        let (trees, rows) = ctx.install(|| self.grow(train, ctx, ctx.seed, 0..self.trees))?;
        let target = train.dataset().target_for(self.by())?;
        Forest::new(self.clone(), ctx.seed, rows, target.outputs(), trees)
    }

    /// Some trees, by their numbers, and how many rows they could see.
    pub(super) fn grow(
        &self,
        train: &Samples<'_>,
        ctx: &FitContext<'_>,
        seed: Seed,
        numbers: std::ops::Range<usize>,
    ) -> Result<(TreeEnsemble, usize)> {
        self.check()?;
        let data = train.dataset();
        let drawer = self.drawer(train)?;
        let target = target_of(data, drawer.all_rows(), self.by())?;
        let width = match data.features() {
            consort_core::Features::Columns(columns) => columns.len(),
            consort_core::Features::Dense { shape, .. } => shape.iter().product(),
        };
        let own = ((self.tree_features * width as f64).round() as usize).clamp(1, width);
        let induction = Induction {
            by: self.by(),
            criterion: self.criterion,
            shape: &self.shape,
            split_features: self.split_features,
            split: if self.cuts == Cuts::Random { Split::Random } else { Split::Best },
            resolution: &self.resolution,
            features: Some(own),
        };
        let (grower, features) = induction.grower(data, target, drawer.all_rows())?;
        let by_name = by_name(features.iter());
        let (total, done) = (numbers.len() as u64, Mutex::new(0));
        let trees: Vec<Tree> = numbers
            .into_par_iter()
            .with_max_len(1)
            .map(|number| {
                ctx.check()?;
                let seed = seed.nth("tree", number as u64);
                let (rows, mut weights) = drawer.draw(seed.child("rows"));
                if self.class_weights == ClassWeights::BalancedPerTree {
                    self.class_weights.apply(self.by(), target, &rows, &mut weights)?;
                } else {
                    drawer.weigh(&rows, &mut weights);
                }
                let mut own_features = by_name.clone();
                if own < width {
                    seed.child("features").stream().shuffle(&mut own_features);
                    own_features.truncate(own);
                }
                let grown = grower.grow(&Plan { rows, weights, features: own_features }, seed.child("splits"));
                // Told while nobody else counts, so that it never goes back.
                let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
                *done += 1;
                ctx.progress.step(*done, total, "");
                Ok(grown.tree)
            })
            .collect::<Result<_>>()?;
        let base = vec![0.0; target.outputs().len()];
        Ok((TreeEnsemble::new(features, base, trees)?, drawer.all_rows().len()))
    }

    /// What draws the rows of each tree; class weights that are the same for all trees are with it.
    pub(super) fn drawer(&self, train: &Samples<'_>) -> Result<Drawer> {
        let target = train.dataset().target_for(self.by())?;
        let PresentRows { rows, weights } = PresentRows::of(train)?;
        let mut factors = weights.clone();
        self.class_weights.apply(self.by(), target, &rows, &mut factors)?;
        factors.iter_mut().zip(&weights).for_each(|(factor, weight)| *factor /= weight);
        Drawer::new(self.draw, rows, weights, target).map(|drawer| drawer.with_factors(factors))
    }

    pub(super) fn by(&self) -> &'static str {
        if self.cuts == Cuts::Random { "extra trees" } else { "a random forest" }
    }
}

#[typetag::serde(name = "random_forest")]
impl Learner for RandomForest {
    fn name(&self) -> String {
        if self.cuts == Cuts::Random { "extra_trees" } else { "forest" }.into()
    }

    fn takes(&self) -> Takes {
        Takes { categories: true, missing: true, weights: true }
    }

    fn fit(&self, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<Box<dyn Model>> {
        Ok(Box::new(self.fit_forest(train, ctx)?))
    }
}
