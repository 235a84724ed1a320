use std::{collections::BTreeMap, sync::Arc};

use consort_core::{Error, FitContext, Learner, Model, Result, Samples, Takes};
use serde::{Deserialize, Serialize};

use super::{BoostedTrees, EarlyStopping, RowSampling, fitting, loss::Loss};
use crate::{
    bins::{BinParams, Binned},
    grow::{Constraints, Monotone, TreeParams},
};

/// Gradient boosting of histogram trees (Friedman 2001; Chen and Guestrin 2016; Ke and others 2017).
///
/// Each round adds a tree (one an output) that fits the gradient and Hessian of the loss at the scores so far. Numbers
/// are kept in at most 255 bins; a missing value goes to the side where it helps; categories need no encoding.
///
/// ```
/// use consort_core::{Column, Dataset, Features, FitContext, Learner, Model, Samples, Seed, Target};
/// use consort_trees::boosting::GradientBoosting;
/// let x = Column::Numeric { name: "x".into(), values: (0..100).map(|i| i as f32).collect() };
/// let y = Target::from_values((0..100).map(|i| f64::from(i / 50)).collect(), "y")?;
/// let data = Dataset::new(Features::Columns(vec![x]))?.with_target(y)?;
/// let model = GradientBoosting { rounds: 50, ..Default::default() }
///     .fit(&Samples::all(&data), &FitContext::new(Seed::new(0)))?;
/// let predicted = model.predict(&Samples::all(&data))?;
/// assert!(predicted.at(10, 0) < 0.01 && predicted.at(90, 0) > 0.99);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GradientBoosting {
    /// How many rounds; each grows one tree an output.
    pub rounds: usize,
    /// What each tree is multiplied with: smaller needs more rounds and mostly generalises better.
    pub learning_rate: f64,
    /// The shape of the trees.
    pub tree: TreeParams,
    /// How features are put into bins.
    pub bins: BinParams,
    /// What is made small; `None` picks squared error, log loss or softmax by the target.
    pub loss: Option<Arc<dyn Loss>>,
    /// The scores before the first tree, one an output; `None` for the best constant.
    pub base_score: Option<Vec<f64>>,
    /// Which rows a round sees.
    pub rows: RowSampling,
    /// The share of the features that a tree may ask, drawn for each tree.
    pub features_per_tree: f64,
    /// The share of a tree's features that a split may ask, drawn for each split.
    pub features_per_split: f64,
    /// Features along which predictions may only rise, or only fall. It is the score that keeps to it: with several
    /// classes, each class's score.
    pub monotone: BTreeMap<String, Monotone>,
    /// Sets of features that may meet in one way from root to leaf; empty for no constraint. A feature that is in no set
    /// meets no other.
    pub interactions: Vec<Vec<String>>,
    /// When to stop before the last round. A fit without validation rows in its context holds a tenth of its own out. `None`
    /// never stops early.
    pub early_stopping: Option<EarlyStopping>,
}

impl Default for GradientBoosting {
    fn default() -> Self {
        Self {
            rounds: 100,
            learning_rate: 0.1,
            tree: TreeParams::default(),
            bins: BinParams::default(),
            loss: None,
            base_score: None,
            rows: RowSampling::All,
            features_per_tree: 1.0,
            features_per_split: 1.0,
            monotone: BTreeMap::new(),
            interactions: Vec::new(),
            early_stopping: None,
        }
    }
}

impl GradientBoosting {
    /// Refuses what is out of range.
    ///
    /// # Errors
    /// [`Error::Parameter`].
    pub fn check(&self) -> Result<()> {
        if self.rounds == 0 {
            return Err(Error::parameter("rounds", 0, "at least 1"));
        }
        if !(self.learning_rate.is_finite() && self.learning_rate > 0.0) {
            return Err(Error::parameter("learning_rate", self.learning_rate, "finite and above 0"));
        }
        for (name, share) in
            [("features_per_tree", self.features_per_tree), ("features_per_split", self.features_per_split)]
        {
            if !(share > 0.0 && share <= 1.0) {
                return Err(Error::parameter(name, share, "a share above 0, at most 1"));
            }
        }
        if let Some(base) = &self.base_score
            && base.iter().any(|score| !score.is_finite())
        {
            return Err(Error::parameter("base_score", format!("{base:?}"), "finite numbers, one an output"));
        }
        self.rows.check()?;
        if let Some(stopping) = &self.early_stopping {
            stopping.check()?;
        }
        self.tree.check()?;
        self.bins.check()
    }

    /// The model fitted on these samples, on bins that all fits on their data set share.
    ///
    /// # Errors
    /// If a parameter is out of range, the target is not what the loss is for, or the work was cancelled.
    pub fn fit_boosted(&self, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<BoostedTrees> {
        self.check()?;
        ctx.install(|| {
            let binned = Binned::shared(train.dataset(), &self.bins)?;
            fitting::boost(self, &binned, train, ctx, None)
        })
    }

    /// The model fitted on bins that were made before. [`Learner::fit`] itself shares bins between all fits on a data
    /// set; this is for bins that are kept elsewhere.
    ///
    /// # Errors
    /// If a parameter is out of range, the target is not what the loss is for, or the work was cancelled;
    /// [`Error::Length`] if the bins have another number of rows than the data set of the samples.
    pub fn fit_binned(&self, binned: &Binned, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<BoostedTrees> {
        self.check()?;
        ctx.install(|| fitting::boost(self, binned, train, ctx, None))
    }

    /// The model with so many more rounds, as if they had been asked for at once: fifty rounds and fifty more are the
    /// bits of a hundred (without early stopping, and with the same data, parameters and seed). Data and parameters may
    /// also be others; the loss is the model's. With early stopping, rounds that make the model no better are dropped, be it
    /// all of them.
    ///
    /// # Errors
    /// As [`Learner::fit`], and if the data set has other features or another number of outputs than the model.
    pub fn resume(&self, model: &BoostedTrees, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<BoostedTrees> {
        self.check()?;
        ctx.install(|| {
            let shared = Binned::shared(train.dataset(), &self.bins)?;
            let is_same = shared.features().iter().map(|bins| bins.feature()).eq(model.trees().features());
            let binned = if is_same {
                shared
            } else {
                Arc::new(Binned::known(train.dataset(), &self.bins, model.trees().features())?)
            };
            fitting::boost(self, &binned, train, ctx, Some(model))
        })
    }

    /// The constraints by the numbers of the features.
    pub(super) fn constraints(&self, binned: &Binned) -> Result<Constraints> {
        if self.monotone.is_empty() && self.interactions.is_empty() {
            return Ok(Constraints::default());
        }
        let names: Vec<&str> = binned.features().iter().map(|bins| bins.feature().name()).collect();
        let place = |name: &String| {
            names.iter().position(|known| known == name).ok_or_else(|| Error::UnknownName {
                what: "feature",
                name: name.clone(),
                known: format!("a constraint names it, and the features are {}", names.join(", ")),
            })
        };
        let mut monotone = vec![None; if self.monotone.is_empty() { 0 } else { names.len() }];
        for (name, &direction) in &self.monotone {
            let feature = place(name)?;
            if binned.features()[feature].is_categorical() {
                return Err(Error::Unsupported {
                    by: "a monotone constraint".into(),
                    what: format!("feature `{name}`, which holds categories"),
                    hint: "they have no order: give numbers, or drop the constraint".into(),
                });
            }
            monotone[feature] = Some(direction);
        }
        let interactions = self
            .interactions
            .iter()
            .map(|set| set.iter().map(|name| Ok(place(name)? as u32)).collect())
            .collect::<Result<_>>()?;
        Ok(Constraints { monotone, interactions })
    }
}

#[typetag::serde(name = "gradient_boosting")]
impl Learner for GradientBoosting {
    fn name(&self) -> String {
        "boost".into()
    }

    fn takes(&self) -> Takes {
        Takes { categories: true, missing: true, weights: true }
    }

    fn fit(&self, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<Box<dyn Model>> {
        Ok(Box::new(self.fit_boosted(train, ctx)?))
    }
}
