use burn::{module::Module, optim::GradientsParams, tensor::Device};
use consort_core::{Error, FitContext, Result, Samples, Seed, Stream};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use super::module::PackedMlp;
use crate::{
    device::read,
    input::{Batch, Lesson},
    loss::Loss,
    net::{
        Epoch, History, Net, NetModel,
        checkpoint::{Keeper, Learnt},
        guarded::guarded,
        school::{Basis, School},
        tally::Tally,
        training::{batch_sizes, bytes_of, optimizer_of, row_order, warming},
        watch::{Place, Watch},
    },
    network::{layers, numbering},
    weights::Weights,
};

/// All nets after an epoch.
#[derive(Serialize, Deserialize)]
struct State {
    epochs: usize,
    learnt: Learnt,
    noise: Vec<u64>,
    members: Vec<(History, Place, Option<Weights>, bool)>,
}

/// One of the nets while all learn.
struct Member<'a> {
    order: Seed,
    history: History,
    watch: Watch<'a>,
    /// The weights to be kept, where they are not the last.
    kept: Option<Weights>,
    is_over: bool,
}

/// Trains a net for each seed, all as one program: each has its own first weights, order of rows, dropout and optimizer
/// state, so each becomes what it would have become alone, up to rounding.
pub(crate) fn train(
    net: &Net,
    basis: &Basis,
    train: &Samples<'_>,
    seeds: &[Seed],
    ctx: &FitContext<'_>,
    tally: &Tally<'_>,
) -> Result<Vec<NetModel>> {
    let Some(mlp) = net.architecture.as_mlp() else {
        return Err(Error::custom("only MLPs are packed"));
    };
    let school = basis.school(net, train, ctx)?;
    guarded(&net.by(), || {
        let first: Vec<Weights> =
            seeds.iter().map(|&seed| basis.network(net, seed)?.weights()).collect::<Result<_>>()?;
        let mut packed = PackedMlp::new(&first, mlp.dropout, &school.device)?;
        let mut noise: Vec<Stream> = seeds.iter().map(|seed| seed.child("noise").stream()).collect();
        let mut members = seeds
            .iter()
            .map(|seed| {
                let watch = Watch::new(net, school.validation.as_ref())?;
                let order = seed.child("order");
                Ok(Member { order, history: History::default(), watch, kept: None, is_over: false })
            })
            .collect::<Result<Vec<_>>>()?;
        let mut optimizer = net.optimizer.start();
        let batches = batch_sizes(net, school.lesson.len());
        let steps = (net.epochs * batches.len()) as f64;
        let mut done = 0;
        let about = format!("{} packed nets", seeds.len());
        let validation = school.validation.as_ref().map(|validation| &validation.lesson);
        let keeper =
            Keeper::new(ctx, format!("packed-{}", members[0].order.name()), net, &school.lesson, validation, &about)?;
        if let Some(keeper) = &keeper
            && let Some(State { epochs, learnt, noise: places, members: kept }) = keeper.load()?
        {
            packed = numbering::renumbered(packed.filled(&learnt.weights)?, &learnt.ids)?;
            optimizer = optimizer_of(net, &learnt.optimizer)?;
            noise.iter_mut().zip(places).for_each(|(stream, place)| stream.go_to(place));
            for (member, (history, place, weights, is_over)) in members.iter_mut().zip(kept) {
                (member.history, member.kept, member.is_over) = (history, weights, is_over);
                member.watch.go_to(place);
            }
            done = epochs;
            tally.add(done, "taken up where it was");
        }
        for epoch in done..net.epochs {
            ctx.check()?;
            let before = packed.clone();
            let orders: Vec<Vec<usize>> =
                members.iter().map(|member| row_order(school.lesson.len(), member.order, epoch)).collect();
            let (mut start, mut rate, mut seen, mut last) = (0, 0.0, Vec::with_capacity(batches.len()), None);
            for (i, &size) in batches.iter().enumerate() {
                if i % 16 == 0 {
                    ctx.check()?;
                }
                let step = (epoch * batches.len() + i) as f64;
                rate = net.learning_rate * warming(net.warm_up, step, batches.len()) * net.schedule.at(step, steps);
                let rows: Vec<usize> = orders.iter().flat_map(|order| &order[start..start + size]).copied().collect();
                start += size;
                let batch = school.lesson.batch(&rows, &school.device)?;
                if i + 1 == batches.len() && validation.is_none() {
                    last = Some(batch.clone());
                }
                let outputs =
                    packed.forward(batch.inputs.numbers.clone(), batch.inputs.categories.clone(), Some(&mut noise));
                let own = basis.spec.loss.rows(outputs, batch.targets.clone());
                let own = match &batch.weights {
                    Some(weights) => own * weights.clone(),
                    None => own,
                };
                // The sum of the members' means: the gradient of each member's weights is that of its own mean.
                let each = own.reshape([members.len(), size]).mean_dim(1);
                let gradients = GradientsParams::from_grads(each.clone().sum().backward(), &packed);
                packed = optimizer.step(rate, packed, gradients);
                seen.push(each.inner().reshape([members.len()]));
            }
            let mut losses = vec![0.0; members.len()];
            for (own, &size) in read(seen).chunks_exact(members.len()).zip(&batches) {
                losses.iter_mut().zip(own).for_each(|(sum, &loss)| *sum += f64::from(loss) * size as f64);
            }
            // Without rows for validation the last batch shows whether each net still answers in numbers.
            let seen = match (validation, last) {
                (Some(lesson), _) => look(&packed, lesson, &school.device, &basis.spec.loss, members.len())?,
                (None, Some(batch)) => asked(&packed, &batch, &basis.spec.loss, members.len()),
                (None, None) => vec![(0.0, Vec::new()); members.len()],
            };
            let mut now: Option<Vec<Weights>> = None;
            let mut good: Option<Vec<Weights>> = None;
            for (m, member) in members.iter_mut().enumerate().filter(|(_, member)| !member.is_over) {
                let loss = losses[m] / school.lesson.len() as f64;
                let mut record = Epoch { epoch: epoch + 1, rate, loss, validation_loss: None, validation_score: None };
                let is_sound = loss.is_finite() && seen[m].0.is_finite();
                if let Some(validation) = school.validation.as_ref()
                    && loss.is_finite()
                {
                    let seen = member.watch.see(validation, seen[m].0, seen[m].1.clone())?;
                    record.validation_loss = Some(seen.loss);
                    record.validation_score = seen.score;
                }
                if !is_sound {
                    let problem = format!("the loss was not finite in epoch {}", epoch + 1);
                    if epoch == 0 {
                        let problem = format!("{problem}: lower the learning rate, or clip the gradient");
                        return Err(Error::NotConverged { method: "training a net", problem });
                    }
                    if good.is_none() {
                        good = Some(before.unpack()?);
                    }
                    member.is_over = true;
                    member.history.stopped = Some(format!("{problem}; the weights of epoch {epoch} were kept"));
                    if member.history.best_epoch.is_none() {
                        member.kept = good.as_ref().map(|good| good[m].clone());
                    }
                    continue;
                }
                member.history.epochs.push(record);
                if net.best_epoch && member.watch.is_better() {
                    if now.is_none() {
                        now = Some(packed.unpack()?);
                    }
                    member.kept = now.as_ref().map(|now| now[m].clone());
                    member.history.best_epoch = Some(epoch + 1);
                }
            }
            if let Some(keeper) = &keeper {
                keeper.keep(|| {
                    let weights = Weights::new(layers(&packed)?);
                    let optimizer = ByteBuf::from(bytes_of(&optimizer)?);
                    let of = |m: &Member<'_>| (m.history.clone(), m.watch.place(), m.kept.clone(), m.is_over);
                    Ok(State {
                        epochs: epoch + 1,
                        learnt: Learnt { weights, ids: numbering::ids(&packed), optimizer },
                        noise: noise.iter().map(Stream::position).collect(),
                        members: members.iter().map(of).collect(),
                    })
                })?;
            }
            let mean = losses.iter().sum::<f64>() / (losses.len() * school.lesson.len()) as f64;
            tally.add(1, &format!("mean loss {mean:.4} of {} nets", members.len()));
        }
        models(net, basis, &school, packed.unpack()?, members)
    })
}

/// The models of the weights: the last ones, or those that were kept.
fn models(
    net: &Net,
    basis: &Basis,
    school: &School<'_>,
    last: Vec<Weights>,
    members: Vec<Member<'_>>,
) -> Result<Vec<NetModel>> {
    let device = school.device.clone().without_autodiff();
    members
        .into_iter()
        .zip(last)
        .map(|(mut member, last)| {
            let mut network = basis.spec.blank(&device)?;
            network.set_weights(member.kept.as_ref().unwrap_or(&last))?;
            member.history.score = member.watch.score_name();
            if member.history.best_epoch == Some(net.epochs) {
                member.history.best_epoch = None;
            }
            Ok(basis.model(&*network, member.history))
        })
        .collect()
}

/// The loss of each member of its own rows of a batch, as it predicts them.
fn asked(packed: &PackedMlp, batch: &Batch, loss: &Loss, members: usize) -> Vec<Answers> {
    let outputs = packed.forward(batch.inputs.numbers.clone(), batch.inputs.categories.clone(), None);
    let own = loss.rows(outputs, batch.targets.clone()).inner();
    let each = own.reshape([members as i32, -1]).mean_dim(1).reshape([members]);
    read(vec![each]).into_iter().map(|loss| (f64::from(loss), Vec::new())).collect()
}

/// The loss of a member, and its raw outputs.
type Answers = (f64, Vec<f32>);

/// The loss of some rows and the raw outputs of each member.
fn look(packed: &PackedMlp, lesson: &Lesson<'_>, device: &Device, loss: &Loss, members: usize) -> Result<Vec<Answers>> {
    let packed = packed.valid();
    let device = device.clone().without_autodiff();
    let all: Vec<usize> = (0..lesson.len()).collect();
    let mut seen = vec![(0.0, Vec::new()); members];
    let mut weight = 0.0;
    for rows in all.chunks(lesson.table.rows_at_once(&device)) {
        let batch = lesson.batch(rows, &device)?;
        let numbers = batch.inputs.numbers.clone().repeat_dim(0, members);
        let categories = batch.inputs.categories.clone().map(|categories| categories.repeat_dim(0, members));
        let outputs = packed.forward(numbers, categories, None);
        for (m, seen) in seen.iter_mut().enumerate() {
            let own = outputs.clone().narrow(0, m * rows.len(), rows.len());
            let of = batch.mean(loss.rows(own.clone(), batch.targets.clone()));
            seen.0 += f64::from(of.into_scalar::<f32>()) * rows.len() as f64;
            seen.1.extend(own.try_into_vec_as::<f32>().map_err(|error| Error::custom(error.to_string()))?);
        }
        weight += lesson.weight(rows);
    }
    seen.iter_mut().for_each(|(loss, _)| *loss /= weight);
    Ok(seen)
}
