//! The one training loop: a group of networks, one loss, epoch after epoch.

use burn::{
    optim::ModuleOptimizer,
    tensor::{Bytes, Device, Tensor, TensorData},
};
use consort_core::{Error, FitContext, Result, Seed, Stream};
use serde_bytes::ByteBuf;

use super::{
    Epoch, History, Net,
    checkpoint::{Checkpoint, Keeper, Learnt},
    follower::{Follower, packed},
    objective::Objective,
    prefetch,
    tally::Tally,
    watch::{Validation, Watch},
};
use crate::{
    device::read,
    input::{Batch, Lesson},
    network::{Network, Pass},
    schedule::Schedule,
    weights::Weights,
};

/// One network while it learns.
pub(crate) struct Learning {
    pub(crate) network: Box<dyn Network>,
    optimizer: ModuleOptimizer,
    /// Where its noise comes from.
    noise: Stream,
}

impl Learning {
    /// A network before its first step.
    pub(crate) fn new(net: &Net, network: Box<dyn Network>, seed: Seed) -> Self {
        Self { network, optimizer: net.optimizer.start(), noise: seed.child("noise").stream() }
    }

    /// All that its next step depends on, and how far its noise is.
    pub(crate) fn state(&self) -> Result<(Learnt, u64)> {
        let optimizer = ByteBuf::from(bytes_of(&self.optimizer)?);
        let learnt = Learnt { weights: self.network.weights()?, ids: self.network.ids(), optimizer };
        Ok((learnt, self.noise.position()))
    }

    /// Goes back to where it was.
    pub(crate) fn restore(&mut self, net: &Net, learnt: &Learnt, noise: u64) -> Result<()> {
        self.network.set_weights(&learnt.weights)?;
        self.network.renumber(&learnt.ids)?;
        self.optimizer = optimizer_of(net, &learnt.optimizer)?;
        self.noise.go_to(noise);
        Ok(())
    }
}

/// The state of an optimizer.
pub(crate) fn bytes_of(optimizer: &ModuleOptimizer) -> Result<Vec<u8>> {
    Ok(optimizer.into_bytes().map_err(Error::custom)?.to_vec())
}

/// The optimizer of a recipe, in a state that it had.
pub(crate) fn optimizer_of(net: &Net, state: &ByteBuf) -> Result<ModuleOptimizer> {
    net.optimizer.start().from_bytes(Bytes::from_bytes_vec(state.to_vec())).map_err(Error::custom)
}

/// Steps along the sign of the gradient of the inputs (Goodfellow and others 2015): how far, for each number.
pub(crate) struct Adversary {
    epsilon: f64,
    /// `[1][numbers]`
    steps: Tensor<2>,
}

impl Adversary {
    /// Steps of such a share of the range that each number has.
    ///
    /// # Errors
    /// If a stored row cannot be read.
    pub(crate) fn new(lesson: &Lesson<'_>, epsilon: f64, device: &Device) -> Result<Self> {
        let steps: Vec<f32> =
            lesson.table.ranges()?.into_iter().map(|range| (epsilon * f64::from(range)) as f32).collect();
        let shape = [1, steps.len()];
        let steps = Tensor::from_data(TensorData::new(steps, shape), &device.clone().without_autodiff());
        Ok(Self { epsilon, steps })
    }
}

/// What a training run is.
pub(crate) struct Course<'a> {
    pub(crate) net: &'a Net,
    pub(crate) epochs: usize,
    /// The learning rate that the schedule is a factor of.
    pub(crate) rate: f64,
    pub(crate) schedule: Schedule,
    /// Over how many epochs the rate rises.
    pub(crate) warm_up: f64,
    /// Whether the group has learnt before: if its loss then gets out of hand at once, what it was is kept.
    pub(crate) goes_on: bool,
    pub(crate) lesson: &'a Lesson<'a>,
    pub(crate) validation: Option<&'a Validation<'a>>,
    pub(crate) objective: &'a dyn Objective,
    /// How many members one network holds; 1 but for those that share weights.
    pub(crate) members_in_one: usize,
    pub(crate) adversary: Option<Adversary>,
    /// Where the order of rows comes from.
    pub(crate) order: Seed,
    /// The device, with automatic differentiation.
    pub(crate) device: &'a Device,
    /// Whether the weights of the best epoch are kept, where there are validation rows.
    pub(crate) keeps_best: bool,
    pub(crate) tally: &'a Tally<'a>,
    pub(crate) ctx: &'a FitContext<'a>,
}

impl Course<'_> {
    /// Trains a group; a follower sees it after every epoch. If the fit has a place for it, the state is kept there epoch
    /// after epoch, and taken up from there: an interrupted run ends with the same bits.
    ///
    /// # Errors
    /// [`Error::Cancelled`]; [`Error::NotConverged`] if the loss is not finite in the first epoch of nets that have not
    /// learnt before; those of the follower and of the place.
    pub(crate) fn run(&self, group: &mut [Learning], follower: &mut dyn Follower) -> Result<History> {
        let mut history = History { loss: self.objective.name(), ..History::default() };
        let mut watch = Watch::new(self.net, self.validation)?;
        let mut best: Option<(usize, Vec<Weights>)> = None;
        let mut done = 0;
        let copies = |group: &[Learning]| group.iter().map(|one| one.network.copy()).collect::<Vec<_>>();
        let batches = batch_sizes(self.net, self.lesson.len());
        let keeper = self.keeper(group)?;
        if let Some(keeper) = &keeper
            && let Some(kept) = keeper.load::<Checkpoint>()?
        {
            kept.restore(self, group, follower)?;
            (history, best, done) = (kept.history, kept.best, kept.epochs);
            watch.go_to(kept.watch);
            self.tally.add(done, "taken up where it was");
        }
        for epoch in done..self.epochs {
            self.ctx.check()?;
            if watch.is_over() {
                let stopped = format!("no better epoch after epoch {}", watch.best_epoch());
                self.tally.add(self.epochs - epoch, &stopped);
                history.stopped = Some(stopped);
                break;
            }
            let before = copies(group);
            let (loss, rate, last) = self.epoch(group, epoch, &batches)?;
            let mut record = Epoch { epoch: epoch + 1, rate, loss, validation_loss: None, validation_score: None };
            let mut is_sound = loss.is_finite();
            if is_sound {
                // The loss of an epoch is that before its last step, so the weights after it are looked at: without
                // validation rows by the last batch, which is there.
                is_sound = match self.validation {
                    Some(validation) => {
                        let seen = watch.look(validation, self, group)?;
                        record.validation_loss = Some(seen.loss);
                        record.validation_score = seen.score;
                        seen.loss.is_finite()
                    }
                    None => last.is_some_and(|batch| self.asked(group, &batch).is_finite()),
                };
            }
            if !is_sound {
                let problem = format!("the loss was not finite in epoch {}", epoch + 1);
                if epoch == 0 && !self.goes_on {
                    return Err(Error::NotConverged {
                        method: "training a net",
                        problem: format!("{problem}: lower the learning rate, or clip the gradient"),
                    });
                }
                for (one, good) in group.iter_mut().zip(before) {
                    // What the optimizer remembers is no better than the step it led to.
                    (one.network, one.optimizer) = (good, self.net.optimizer.start());
                }
                history.stopped = Some(match epoch {
                    0 => format!("{problem} of going on; the weights before were kept"),
                    _ => format!("{problem}; the weights of epoch {epoch} were kept"),
                });
                history.went_wrong = true;
                self.tally.add(self.epochs - epoch, &problem);
                break;
            }
            let text = match (record.validation_loss, record.validation_score) {
                (Some(loss), Some(score)) => format!("loss {:.4}, validation {loss:.4}, {score:.4}", record.loss),
                (Some(loss), None) => format!("loss {:.4}, validation {loss:.4}", record.loss),
                _ => format!("loss {:.4}", record.loss),
            };
            history.epochs.push(record);
            follower.see(epoch + 1, group)?;
            if watch.is_better() && self.keeps_best {
                let weights = group.iter().map(|one| one.network.weights()).collect::<Result<_>>()?;
                best = Some((epoch + 1, weights));
            }
            if let Some(keeper) = &keeper {
                let of = || Checkpoint::of(epoch + 1, &history, watch.place(), best.clone(), group, follower);
                keeper.keep(of)?;
            }
            self.tally.add(1, &text);
        }
        history.score = watch.score_name();
        if let Some((epoch, weights)) = best
            && epoch < history.epochs.len()
        {
            for (one, good) in group.iter_mut().zip(&weights) {
                one.network.set_weights(good)?;
            }
            history.best_epoch = Some(epoch);
        }
        Ok(history)
    }

    /// Where it keeps how far it is. Runs of one fit differ in the order of their rows, and so in their names.
    fn keeper(&self, group: &[Learning]) -> Result<Option<Keeper<'_>>> {
        if self.ctx.checkpoints.is_none() {
            return Ok(None);
        }
        let mut start = blake3::Hasher::new();
        if self.goes_on {
            for one in group {
                start.update(&packed(&one.network.weights()?)?);
            }
        }
        let about = format!(
            "{} epochs, rate {:e}, warm-up {}, {:?}, {:?}, adversary {:?}, keeps best {}, {} in one, from {}",
            self.epochs,
            self.rate,
            self.warm_up,
            self.schedule,
            self.objective,
            self.adversary.as_ref().map(|adversary| adversary.epsilon),
            self.keeps_best,
            self.members_in_one,
            start.finalize()
        );
        let validation = self.validation.map(|validation| &validation.lesson);
        Keeper::new(self.ctx, self.order.name(), self.net, self.lesson, validation, &about)
    }

    /// One way through all rows: the mean loss, the rate of the last step, and its batch.
    fn epoch(&self, group: &mut [Learning], epoch: usize, batches: &[usize]) -> Result<(f64, f64, Option<Batch>)> {
        let order = row_order(self.lesson.len(), self.order, epoch);
        let mut changes = self.order.nth("changes", epoch as u64).stream();
        let steps = (self.epochs * batches.len()) as f64;
        let mut rate = self.rate;
        let mut last = None;
        let mut losses = Vec::with_capacity(batches.len());
        let mut starts = Vec::with_capacity(batches.len());
        batches.iter().fold(0, |start, size| {
            starts.push(start);
            start + size
        });
        let make = |i: usize| {
            let rows = &order[starts[i]..starts[i] + batches[i]];
            match self.net.augment {
                None => self.lesson.batch(rows, self.device),
                Some(augment) => self.lesson.augmented(rows, self.device, augment, &mut changes),
            }
        };
        let is_slow = self.lesson.table.is_stored();
        prefetch::each(is_slow, self.ctx.threads, batches.len(), make, |i, batch| {
            if i % 16 == 0 {
                self.ctx.check()?;
            }
            let step = (epoch * batches.len() + i) as f64;
            rate = self.rate_at(step, steps, batches.len());
            if i + 1 == batches.len() && self.validation.is_none() {
                last = Some(batch.clone());
            }
            losses.push(self.step(group, batch, rate));
            Ok(())
        })?;
        let mut sum = 0.0;
        read(losses).into_iter().zip(batches).for_each(|(loss, &size)| sum += f64::from(loss) * size as f64);
        let summed = self.objective.summed(group.len() * self.members_in_one);
        Ok((sum / (self.lesson.len() * summed) as f64, rate, last))
    }

    fn rate_at(&self, step: f64, steps: f64, in_epoch: usize) -> f64 {
        self.rate * warming(self.warm_up, step, in_epoch) * self.schedule.at(step, steps)
    }

    /// The loss of a batch as a group predicts it.
    fn asked(&self, group: &[Learning], batch: &Batch) -> f64 {
        let said = |one: &Learning, k| one.network.forward(&batch.inputs, Pass::predicting().of_member(k));
        let outputs: Vec<Tensor<2>> =
            group.iter().flat_map(|one| (0..self.members_in_one).map(move |k| said(one, k))).collect();
        f64::from(self.objective.loss(&outputs, batch).inner().into_scalar::<f32>())
    }

    /// One step of all networks; gives the loss before it.
    fn step(&self, group: &mut [Learning], mut batch: Batch, rate: f64) -> Tensor<1> {
        if let Some(adversary) = &self.adversary {
            batch.inputs.numbers = batch.inputs.numbers.require_grad();
            let outputs = self.outputs(group, &batch);
            let loss = self.objective.loss(&outputs, &batch);
            let gradients = loss.backward();
            let rows = batch.inputs.rows();
            if let Some(gradient) = batch.inputs.numbers.grad(&gradients) {
                let steps = adversary.steps.clone().expand([rows, gradient.dims()[1]]);
                let numbers = batch.inputs.numbers.clone().inner() + gradient.sign() * steps;
                let mut moved = batch.clone();
                moved.inputs.numbers = Tensor::from_inner(numbers);
                batch.inputs.numbers = Tensor::from_inner(batch.inputs.numbers.inner());
                let clean = self.objective.loss(&self.outputs(group, &batch), &batch);
                let hostile = self.objective.loss(&self.outputs(group, &moved), &moved);
                return self.descend(group, (clean + hostile).mul_scalar(0.5), rate);
            }
        }
        let outputs = self.outputs(group, &batch);
        let loss = self.objective.loss(&outputs, &batch);
        self.descend(group, loss, rate)
    }

    fn descend(&self, group: &mut [Learning], loss: Tensor<1>, rate: f64) -> Tensor<1> {
        let scale = self.net.precision.loss_scale();
        let mut gradients = if scale == 1.0 { loss.backward() } else { loss.clone().mul_scalar(scale).backward() };
        for one in group {
            one.network.step(rate, &mut gradients, self.net.clip, &mut one.optimizer);
        }
        loss.inner()
    }

    /// The outputs of each member.
    fn outputs(&self, group: &mut [Learning], batch: &Batch) -> Vec<Tensor<2>> {
        let mut outputs = Vec::with_capacity(group.len() * self.members_in_one);
        for one in group {
            for member in 0..self.members_in_one {
                // The stream goes on where the last pass left it.
                let noise = std::mem::replace(&mut one.noise, Seed::new(0).stream());
                let mut pass = Pass::training(noise);
                outputs.push(one.network.forward(&batch.inputs, pass.of_member(member)));
                if let Some(noise) = pass.into_noise() {
                    one.noise = noise;
                }
            }
        }
        outputs
    }
}

/// The sizes of the batches of an epoch. A last one of a single row joins the one before, since one row has no variance.
pub(crate) fn batch_sizes(net: &Net, rows: usize) -> Vec<usize> {
    let size = net.batch.min(rows).max(1);
    let mut batches = vec![size; rows / size];
    match rows % size {
        0 => {}
        1 => batches.last_mut().into_iter().for_each(|last| *last += 1),
        rest => batches.push(rest),
    }
    batches
}

/// The order of rows in an epoch, from 0.
pub(crate) fn row_order(rows: usize, order: Seed, epoch: usize) -> Vec<usize> {
    let mut rows: Vec<usize> = (0..rows).collect();
    order.nth("epoch", epoch as u64).stream().shuffle(&mut rows);
    rows
}

/// The factor of the rate while a run warms up over so many epochs.
pub(crate) fn warming(epochs: f64, step: f64, in_epoch: usize) -> f64 {
    let warm = epochs * in_epoch as f64;
    if step < warm { (step + 1.0) / (warm + 1.0) } else { 1.0 }
}

/// Goes through rows in training mode without learning, so that running statistics are those of these weights: the
/// mean over batches (Izmailov and others 2018), each by its rows. Batches are drawn as in training: those of rows in their
/// order, often sorted by class or time, would each vary less than the whole.
///
/// # Errors
/// If a stored row cannot be read.
pub(crate) fn refresh_norms(
    network: &dyn Network,
    lesson: &Lesson<'_>,
    net: &Net,
    device: &Device,
    seed: Seed,
) -> Result<()> {
    let order = row_order(lesson.len(), seed.child("order of norms"), 0);
    let mut noise = seed.child("norms").stream();
    let mut end = 0;
    for size in batch_sizes(net, lesson.len()) {
        let rows = &order[end..end + size];
        end += size;
        let mut pass = Pass::training(noise);
        pass.momentum = Some(size as f64 / end as f64);
        let _ = network.forward(&lesson.batch(rows, device)?.inputs, &mut pass);
        noise = pass.into_noise().unwrap_or_else(|| seed.stream());
    }
    Ok(())
}
