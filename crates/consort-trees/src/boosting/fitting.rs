//! The rounds of boosting.

use std::{ops::Range, sync::Arc};

use consort_core::{Error, FitContext, PresentRows, Result, Samples, Seed, Target, Truth, blocks};
use rayon::prelude::*;

use super::{
    BoostedTrees, EarlyStopping, GradientBoosting,
    early_stopping::Watch,
    loss::{self, Loss},
};
use crate::{
    bins::Binned,
    grow::{Bounds, Constraints, Gradients, Grower, Growing, Grown, drawn},
    model::TreeEnsemble,
    tree::{Tree, single},
};

/// Boosts on bins: from the best constant, or on from a model.
pub(super) fn boost(
    params: &GradientBoosting,
    binned: &Binned,
    train: &Samples<'_>,
    ctx: &FitContext<'_>,
    from: Option<&BoostedTrees>,
) -> Result<BoostedTrees> {
    if train.is_empty() {
        return Err(Error::Empty { what: "the training part".into(), hint: "give at least one row".into() });
    }
    if binned.rows() != train.dataset().rows() {
        return Err(Error::Length {
            what: "the bins".into(),
            got: binned.rows(),
            expected: train.dataset().rows(),
            unit: "rows",
            hint: "give bins that were made of the data set of the samples".into(),
        });
    }
    let target = train.dataset().target_for("gradient boosting")?;
    PresentRows::check_weights(train)?;
    if let Some(stopping) = &params.early_stopping
        && let Some(held_out) = stopping.hold_out(train, ctx)?
    {
        let [learnt, watched] = held_out.of(train.dataset())?;
        return boost(params, binned, &learnt, &FitContext { validation: Some(watched), ..*ctx }, from);
    }
    let weights = train.row_weights();
    // A row that is drawn twice is one row of twice the weight, and one of weight 0 is absent.
    let present = weights
        .as_ref()
        .map(|weights| (0..weights.len() as u32).filter(|&i| weights[i as usize] > 0.0).collect::<Vec<u32>>());
    let (weights, unit) = weights.map_or((None, 1.0), |weights| {
        let (weights, unit) = near_one(weights);
        (Some(weights), unit)
    });
    let truth = Truth::with(target, weights.as_deref())?;
    loss::expect_finite(&truth, train.dataset().ids())?;
    let mut model = match from {
        Some(model) => model.clone(),
        None => start(params, binned, target, &truth)?,
    };
    let outputs = model.loss().outputs(&truth)?;
    if outputs != model.trees().outputs() {
        return Err(Error::Length {
            what: "the target".into(),
            got: outputs,
            expected: model.trees().outputs(),
            unit: "outputs",
            hint: "give a target of the kind that the model was fitted to".into(),
        });
    }
    let rows = binned.rows();
    let mut scores = if from.is_some() {
        by_output(&model.scores(&Samples::all(train.dataset()))?, outputs)
    } else {
        model.trees().base().iter().flat_map(|&score| std::iter::repeat_n(score, rows)).collect()
    };
    let mut watch = params.early_stopping.as_ref().map(|stopping| Watched::new(stopping, &model, ctx)).transpose()?;
    if let (Some(watch), true) = (&mut watch, from.is_some()) {
        // Else the first round would be the best so far, however bad.
        watch.start(&model)?;
    }

    let round = Round {
        params,
        binned,
        constraints: params.constraints(binned)?,
        loss: Arc::clone(model.loss()),
        present: present.as_deref(),
        unit,
        outputs,
    };
    // Trees of one round do not depend on each other: with several outputs, each thread grows whole trees.
    let count = rayon::current_num_threads().min(outputs);
    let mut workers: Vec<Worker<'_>> =
        (0..count).map(|_| Worker { grower: Grower::new(binned), packed: Gradients::new(rows) }).collect();
    let mut gradients = vec![0.0f32; rows * outputs];
    let mut hessians = vec![0.0f32; rows * outputs];
    let (first, total) = (model.rounds(), params.rounds as u64);
    for done in 0..params.rounds {
        ctx.check()?;
        loss::derive(&*round.loss, &truth, outputs, &scores, &mut gradients, &mut hessians)?;
        if done == 0 {
            expect_room(&truth, [&gradients, &hessians])?;
        }
        let seed = ctx.seed.nth("round", (first + done) as u64);
        let sample = params.rows.draw(round.present, rows, &mut gradients, &mut hessians, seed.child("rows"));
        // Leaves that are set by the rows themselves count them as the gradients do.
        let raised = sample.as_ref().and_then(|sample| sample.weights(&truth));
        let of_leaves = raised.as_deref().map_or(Ok(truth), |weights| truth.reweighted(weights))?;
        let sample = sample.as_ref().map(|sample| &sample.rows[..]);
        let drawn = Drawn { rows: sample, truth: &of_leaves };
        let trees = round.trees(&mut workers, drawn, &mut scores, &gradients, &hessians, seed)?;
        let before = model.trees().trees().len();
        model.extend(trees);
        let mut text = String::new();
        if let Some(watch) = &mut watch {
            let (score, is_over) = watch.look(&model, before, first + done + 1)?;
            text = format!("{} {score:.5}", watch.watch.name());
            if is_over {
                ctx.progress.step(total, total, &format!("{text}, best after {} rounds", watch.watch.best_round()));
                break;
            }
        }
        ctx.progress.step(done as u64 + 1, total, &text);
    }
    if let Some(watch) = watch {
        model.truncate(watch.watch.best_round());
    }
    Ok(model)
}

/// The validation rows, their scores so far, and what watches them.
struct Watched<'a> {
    watch: Watch<'a>,
    rows: Samples<'a>,
    scores: Vec<f64>,
}

impl<'a> Watched<'a> {
    fn new(stopping: &EarlyStopping, model: &BoostedTrees, ctx: &FitContext<'a>) -> Result<Self> {
        let rows = EarlyStopping::rows(ctx)?;
        let watch = stopping.watch(&rows, &**model.loss(), model.rounds())?;
        Ok(Self { watch, rows, scores: model.scores(&rows)? })
    }

    /// Takes the model that goes on as the best so far.
    fn start(&mut self, model: &BoostedTrees) -> Result<()> {
        self.watch.look(&model.predictions(&self.scores), model.loss().gives(), model.rounds()).map(|_| ())
    }

    /// Takes the trees from `first` on; gives the score, and whether it is time to stop.
    fn look(&mut self, model: &BoostedTrees, first: usize, round: usize) -> Result<(f64, bool)> {
        let trees = model.trees();
        trees.add(&self.rows, first..trees.trees().len(), &mut self.scores, trees.outputs())?;
        self.watch.look(&model.predictions(&self.scores), model.loss().gives(), round)
    }
}

/// The model before its first round.
fn start(params: &GradientBoosting, binned: &Binned, target: &Target, truth: &Truth<'_>) -> Result<BoostedTrees> {
    let loss: Arc<dyn Loss> = params.loss.clone().unwrap_or_else(|| loss::usual(target));
    let loss = loss.settled(truth)?.unwrap_or(loss);
    let outputs = loss.outputs(truth)?;
    let base = match &params.base_score {
        Some(base) if base.len() == outputs => base.clone(),
        Some(base) => {
            let expected = format!("{outputs} numbers, one an output");
            return Err(Error::parameter("base_score", format!("{base:?}"), expected));
        }
        None => loss.base(truth)?,
    };
    loss::expect_in_range(&base)?;
    let features = binned.features().iter().map(|bins| bins.feature().clone()).collect();
    BoostedTrees::new(TreeEnsemble::new(features, base, Vec::new())?, loss)
}

fn by_output(scores: &[f64], outputs: usize) -> Vec<f64> {
    (0..outputs).flat_map(|k| scores.iter().skip(k).step_by(outputs)).copied().collect()
}

/// What grows trees on one thread.
struct Worker<'a> {
    grower: Grower<'a>,
    packed: Gradients,
}

/// Weights divided by a power of two near their mean, so that derivatives of single precision have room above and below
/// and no bit of them changes; and that power.
fn near_one(mut weights: Vec<f64>) -> (Vec<f64>, f64) {
    let mean = weights.iter().sum::<f64>() / weights.iter().filter(|weight| **weight > 0.0).count().max(1) as f64;
    let unit = if mean > 0.0 { 2f64.powi(mean.log2().round() as i32) } else { 1.0 };
    weights.iter_mut().for_each(|weight| *weight /= unit);
    (weights, unit)
}

/// Refuses a start from which a row that counts has derivatives beyond single precision: it would count for nothing.
fn expect_room(truth: &Truth<'_>, derivatives: [&[f32]; 2]) -> Result<()> {
    let rows = truth.rows();
    let bad = |derivatives: &[f32]| {
        derivatives
            .iter()
            .enumerate()
            .find(|(i, x)| !x.is_finite() && truth.weight(i % rows) > 0.0)
            .map(|(i, &x)| (i, x))
    };
    match derivatives.into_iter().find_map(bad) {
        None => Ok(()),
        Some((i, x)) => Err(Error::Unsupported {
            by: "gradient boosting".into(),
            what: format!("a target in row {} whose loss has the derivative {x} at the start", i % rows + 1),
            hint: "derivatives have single precision: divide the target by its size".into(),
        }),
    }
}

/// The rows that a round sees.
#[derive(Clone, Copy)]
struct Drawn<'a> {
    /// Ascending; `None` for all that are present.
    rows: Option<&'a [u32]>,
    /// The truth, with weights that say for how many rows each of them stands.
    truth: &'a Truth<'a>,
}

/// What all rounds share.
struct Round<'a> {
    params: &'a GradientBoosting,
    binned: &'a Binned,
    constraints: Constraints,
    loss: Arc<dyn Loss>,
    present: Option<&'a [u32]>,
    /// What a weight of 1 is worth among the weights that were given.
    unit: f64,
    outputs: usize,
}

impl Round<'_> {
    /// The trees of a round, one an output; the scores (`[outputs][rows]`) move by them.
    fn trees(
        &self,
        workers: &mut [Worker<'_>],
        drawn: Drawn<'_>,
        scores: &mut [f64],
        gradients: &[f32],
        hessians: &[f32],
        seed: Seed,
    ) -> Result<Vec<Tree>> {
        let rows = self.binned.rows();
        let each = self.outputs.div_ceil(workers.len());
        let work = |(number, (worker, scores)): (usize, (&mut Worker<'_>, &mut [f64]))| {
            (number * each..)
                .zip(scores.chunks_mut(rows))
                .map(|(output, scores)| {
                    let own = output * rows..(output + 1) * rows;
                    worker.packed.pack(&gradients[own.clone()], &hessians[own]);
                    worker.packed.scale(self.unit);
                    self.tree(worker, output, drawn, scores, seed.nth("output", output as u64))
                })
                .collect::<Result<Vec<Tree>>>()
        };
        let parts: Vec<Result<Vec<Tree>>> = if let [worker] = workers {
            vec![work((0, (worker, scores)))]
        } else {
            workers.par_iter_mut().zip(scores.par_chunks_mut(rows * each)).enumerate().map(work).collect()
        };
        parts.into_iter().collect::<Result<Vec<_>>>().map(|parts| parts.into_iter().flatten().collect())
    }

    fn tree(
        &self,
        worker: &mut Worker<'_>,
        output: usize,
        sample: Drawn<'_>,
        scores: &mut [f64],
        seed: Seed,
    ) -> Result<Tree> {
        let mut features = vec![true; self.binned.features().len()];
        if self.params.features_per_tree < 1.0 {
            features = drawn(self.binned.by_name(), &features, self.params.features_per_tree, seed.child("features"));
        }
        let mut grown = worker.grower.grow(&Growing {
            gradients: &worker.packed,
            rows: sample.rows.or(self.present),
            features: &features,
            features_per_split: self.params.features_per_split,
            seed,
            constraints: &self.constraints,
            params: &self.params.tree,
        });
        let own_rows = worker.grower.rows();
        let value_of = |rows: Range<usize>| self.loss.leaf_value(&own_rows[rows], output, scores, sample.truth);
        own_values(&mut grown, &self.constraints, value_of)?;
        for value in grown.tree.values_mut() {
            *value = single(f64::from(*value) * self.params.learning_rate);
        }
        for leaf in &grown.leaves {
            let value = f64::from(grown.tree.values()[leaf.node]);
            for &row in &worker.grower.rows()[leaf.rows.clone()] {
                scores[row as usize] += value;
            }
        }
        if let Some(sample) = sample.rows {
            self.add_to_others(&grown, sample, scores);
        }
        Ok(grown.tree)
    }

    /// Adds a tree to the scores of the rows that it was not grown on.
    fn add_to_others(&self, grown: &Grown, sample: &[u32], scores: &mut [f64]) {
        let mut is_sampled = vec![false; scores.len()];
        sample.iter().for_each(|&row| is_sampled[row as usize] = true);
        scores.par_chunks_mut(blocks::ROWS).enumerate().for_each(|(block, scores)| {
            for (i, score) in scores.iter_mut().enumerate() {
                let row = block * blocks::ROWS + i;
                if !is_sampled[row] {
                    *score += f64::from(grown.tree.values()[grown.leaf_of(self.binned, row)]);
                }
            }
        });
    }
}

/// Puts the values that the loss itself gives to the rows of leaves, which `value_of` tells, into the leaves.
///
/// Where predictions must rise or fall with a feature, the leaves on both sides of a split keep to the middle between the values
/// that the sides would have as leaves; the values that the tree was grown with are of another unit and cannot say.
fn own_values(
    grown: &mut Grown,
    constraints: &Constraints,
    value_of: impl Fn(Range<usize>) -> Option<Result<f64>>,
) -> Result<()> {
    let nodes = grown.tree.nodes();
    let mut bounds = vec![Bounds::NONE; nodes.len()];
    if !constraints.monotone.is_empty() {
        let mut rows = vec![0..0; nodes.len()];
        grown.leaves.iter().for_each(|leaf| rows[leaf.node] = leaf.rows.clone());
        let splits = || nodes.iter().enumerate().filter_map(|(i, node)| Some((i, node.split?)));
        // Children come after their parents, and their rows lie side by side.
        for (i, split) in splits().collect::<Vec<_>>().into_iter().rev() {
            let [left, right] = split.children();
            rows[i] = rows[left].start..rows[right].end;
        }
        for (i, split) in splits() {
            let children = split.children();
            let monotone = constraints.of(split.feature as usize);
            let mut values = [0.0; 2];
            if monotone.is_some() {
                for (value, child) in values.iter_mut().zip(children) {
                    let Some(own) = value_of(rows[child].clone()) else { return Ok(()) };
                    *value = bounds[i].clamp(own?);
                }
            }
            for (child, of_child) in children.into_iter().zip(bounds[i].split(monotone, values[0], values[1])) {
                bounds[child] = of_child;
            }
        }
    }
    for leaf in &grown.leaves {
        let Some(value) = value_of(leaf.rows.clone()) else { return Ok(()) };
        grown.tree.values_mut()[leaf.node] = single(bounds[leaf.node].clamp(value?));
    }
    Ok(())
}
