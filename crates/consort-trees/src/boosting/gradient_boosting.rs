use std::sync::Arc;

use consort_core::{Error, FitContext, Learner, Model, Result, Samples, Takes, Target, Truth, blocks};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{
    BoostedTrees,
    loss::{Derivatives, LogLoss, Loss, Softmax, Squared},
};
use crate::{
    bins::{BinParams, Binned},
    grow::{Gradients, Grower, TreeParams},
    model::TreeEnsemble,
};

/// Gradient boosting of histogram trees (Friedman 2001; Chen and Guestrin 2016; Ke and others 2017).
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GradientBoosting {
    /// How many rounds; each grows one tree an output.
    pub rounds: usize,
    /// What each tree is multiplied with.
    pub learning_rate: f64,
    /// The shape of the trees.
    pub tree: TreeParams,
    /// How features are put into bins.
    pub bins: BinParams,
    /// What is made small; `None` picks squared error, log loss or softmax by the target.
    pub loss: Option<Arc<dyn Loss>>,
}

impl Default for GradientBoosting {
    fn default() -> Self {
        Self { rounds: 100, learning_rate: 0.1, tree: TreeParams::default(), bins: BinParams::default(), loss: None }
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
        self.tree.check()?;
        self.bins.check()
    }

    /// The model fitted on bins that were made before, such as those shared by all folds.
    ///
    /// # Errors
    /// If a parameter is out of range, the target is not what the loss is for, or the work was cancelled.
    pub fn fit_binned(&self, binned: &Binned, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<BoostedTrees> {
        self.check()?;
        if train.is_empty() {
            return Err(Error::Empty { what: "the training part".into(), hint: "give at least one row".into() });
        }
        let target = train.dataset().target().ok_or_else(|| Error::Unsupported {
            by: "gradient boosting".into(),
            what: "a data set without a target".into(),
            hint: "add the target with `with_target`".into(),
        })?;
        let weights = self.weights(train);
        // A row that is drawn twice is one row of twice the weight, and one of weight 0 is absent.
        let rows = weights
            .as_ref()
            .map(|weights| (0..weights.len() as u32).filter(|&i| weights[i as usize] > 0.0).collect::<Vec<u32>>());
        let truth = match &weights {
            Some(weights) => Truth::weighted(target, weights)?,
            None => Truth::new(target),
        };
        let loss = self.loss.clone().unwrap_or_else(|| default_loss(target));
        let outputs = loss.outputs(&truth)?;
        let base = loss.base(&truth)?;
        let count = binned.rows();
        let mut scores: Vec<f64> = base.iter().flat_map(|&score| std::iter::repeat_n(score, count)).collect();
        let mut gradients = vec![0.0f32; count * outputs];
        let mut hessians = vec![0.0f32; count * outputs];
        let mut packed = Gradients::new(count);
        let mut grower = Grower::new(binned);
        let features = vec![true; binned.features().len()];
        let mut trees = Vec::with_capacity(self.rounds * outputs);
        for round in 0..self.rounds {
            ctx.check()?;
            derive(&*loss, &truth, outputs, &scores, &mut gradients, &mut hessians)?;
            for output in 0..outputs {
                let own = output * count..(output + 1) * count;
                packed.pack(&gradients[own.clone()], &hessians[own.clone()]);
                let mut grown = grower.grow(&packed, rows.as_deref(), &features, &self.tree);
                for value in grown.tree.values_mut() {
                    *value = (f64::from(*value) * self.learning_rate) as f32;
                }
                let scores = &mut scores[own];
                for (leaf, place) in &grown.leaves {
                    let value = f64::from(grown.tree.values()[*leaf as usize]);
                    for &row in &grower.rows()[place.clone()] {
                        scores[row as usize] += value;
                    }
                }
                trees.push(grown.tree);
            }
            ctx.progress.step(round as u64 + 1, self.rounds as u64, "");
        }
        let features = binned.features().iter().map(|bins| bins.feature().clone()).collect();
        BoostedTrees::new(TreeEnsemble::new(features, base, trees)?, loss)
    }

    /// One weight a row of the data set: its own, times how often it is among the samples.
    fn weights(&self, train: &Samples<'_>) -> Option<Vec<f64>> {
        if train.row_numbers().is_none() && !train.is_weighted() {
            return None;
        }
        let mut weights = vec![0.0; train.dataset().rows()];
        for i in 0..train.len() {
            weights[train.row(i)] += train.weight(i);
        }
        Some(weights)
    }
}

fn default_loss(target: &Target) -> Arc<dyn Loss> {
    match target {
        Target::Classes { classes, .. } if classes.len() == 2 => Arc::new(LogLoss),
        Target::Classes { .. } => Arc::new(Softmax),
        _ => Arc::new(Squared),
    }
}

/// Gradients and Hessians of all outputs, `[outputs][rows]`, block by block.
fn derive(
    loss: &dyn Loss,
    truth: &Truth<'_>,
    outputs: usize,
    scores: &[f64],
    gradients: &mut [f32],
    hessians: &mut [f32],
) -> Result<()> {
    let rows = truth.rows();
    let blocks_of = rows.div_ceil(blocks::ROWS);
    let mut parts: Vec<Derivatives<'_>> = (0..blocks_of)
        .map(|_| Derivatives { gradients: Vec::with_capacity(outputs), hessians: Vec::with_capacity(outputs) })
        .collect();
    for (g, h) in gradients.chunks_mut(rows).zip(hessians.chunks_mut(rows)) {
        for ((part, g), h) in parts.iter_mut().zip(g.chunks_mut(blocks::ROWS)).zip(h.chunks_mut(blocks::ROWS)) {
            part.gradients.push(g);
            part.hessians.push(h);
        }
    }
    let results: Vec<Result<()>> = parts
        .into_par_iter()
        .enumerate()
        .map(|(block, mut part)| {
            let own = block * blocks::ROWS..((block + 1) * blocks::ROWS).min(rows);
            let scores: Vec<&[f64]> = scores.chunks(rows).map(|scores| &scores[own.clone()]).collect();
            loss.gradients(own, &scores, truth, &mut part)
        })
        .collect();
    results.into_iter().collect()
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
        self.check()?;
        let binned = Binned::shared(train.dataset(), &self.bins)?;
        Ok(Box::new(self.fit_binned(&binned, train, ctx)?))
    }
}
