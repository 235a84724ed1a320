use burn::tensor::{
    Device, Tensor, TensorData,
    activation::{sigmoid, softmax},
};
use consort_core::{Error, FitContext, Result, Samples};
use serde::{Deserialize, Serialize};

use super::{
    Combine, DeepEnsemble, NetEnsemble,
    deep_ensemble::{expect_full_length, expect_members, learner},
    net_ensemble::Source,
    step_length::Line,
};
use crate::{
    input::{Batch, Lesson},
    loss::Loss,
    net::{
        Net,
        follower::Nobody,
        guarded::guarded,
        objective::{Objective, Own},
        school::Basis,
        tally::Tally,
    },
    network::{Network, Pass},
};

/// Gradient boosting of nets (Friedman 2001): each round's net learns, by squared error, what the sum `F` of the nets
/// before it lacks: `1[k = class] − softmax(F)_k` of classes, `y − sigmoid(F)` of labels, `y − F` of scaled numbers, each
/// divided by their root mean square, so that every round's loss begins at 1 and a learning rate that suits one suits all.
/// `F` grows by the net's outputs times `rate` and the length of least training loss, which is at most one Newton step long.
///
/// With validation rows, rounds after the one of the least validation loss are dropped. A later round whose loss gets out of
/// hand ends it; the rounds before it are kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Boosting {
    /// The net; its epochs are those of one round.
    pub net: Net,
    /// How many rounds.
    pub members: usize,
    /// What share of its length each step has: 1 for all of it.
    pub rate: f64,
}

impl Default for Boosting {
    fn default() -> Self {
        Self { net: Net::default(), members: 5, rate: 1.0 }
    }
}

/// What the sum of outputs lacks.
pub(super) fn residual(loss: &Loss, sum: Tensor<2>, targets: Tensor<2>) -> Tensor<2> {
    match loss {
        Loss::CrossEntropy { .. } => targets - softmax(sum, 1),
        Loss::Binary => targets - sigmoid(sum),
        _ => targets - sum,
    }
}

/// Refuses losses whose gradient is another.
pub(super) fn expect_boostable(loss: &Loss) -> Result<()> {
    match loss {
        Loss::CrossEntropy { smoothing: 0.0 } | Loss::Binary | Loss::Squared => Ok(()),
        other => Err(Error::Unsupported {
            by: "boosting of nets".into(),
            what: format!("the loss {other:?}"),
            hint: "leave the loss out: cross-entropy and squared error are boosted".into(),
        }),
    }
}

/// The squared error as a share of that of a net of zeros, since the targets have a root mean square of 1.
#[derive(Debug)]
struct ShareOfRest;

impl Objective for ShareOfRest {
    fn loss(&self, outputs: &[Tensor<2>], batch: &Batch) -> Tensor<1> {
        Own { loss: Loss::Squared }.loss(outputs, batch)
    }

    fn name(&self) -> Option<String> {
        Some("squared error, as a share of the rest".into())
    }
}

/// Divides numbers by their root mean square.
fn to_unit(numbers: &mut [f32]) {
    let sum: f64 = numbers.iter().map(|&x| f64::from(x).powi(2)).sum();
    let size = (sum / numbers.len().max(1) as f64).sqrt();
    // Where nothing is left there is nothing to measure it by.
    if size > 0.0 {
        numbers.iter_mut().for_each(|x| *x = (f64::from(*x) / size) as f32);
    }
}

/// What a network says of all rows of a lesson: `[row][output]`.
///
/// # Errors
/// If a stored row cannot be read.
pub(super) fn outputs_of(network: &dyn Network, lesson: &Lesson<'_>, device: &Device) -> Result<Vec<f32>> {
    let mut said = Vec::with_capacity(lesson.len() * lesson.width);
    let all: Vec<usize> = (0..lesson.len()).collect();
    for rows in all.chunks(lesson.table.rows_at_once(device)) {
        let outputs = network.forward(&lesson.table.inputs(rows, 0, device)?, &mut Pass::predicting());
        said.extend(outputs.try_into_vec_as::<f32>().map_err(|error| Error::custom(error.to_string()))?);
    }
    Ok(said)
}

/// Rows, and the sum of outputs so far for each: `[row][output]`.
struct Sums<'a> {
    lesson: &'a Lesson<'a>,
    sums: Vec<f32>,
}

impl<'a> Sums<'a> {
    fn new(lesson: &'a Lesson<'a>) -> Self {
        Self { lesson, sums: vec![0.0; lesson.len() * lesson.width] }
    }

    fn add(&mut self, outputs: &[f32], rate: f64) {
        self.sums.iter_mut().zip(outputs).for_each(|(sum, &x)| *sum += (rate * f64::from(x)) as f32);
    }

    /// How far to go along these outputs.
    fn length(&self, loss: &Loss, outputs: &[f32]) -> f64 {
        let Lesson { targets, weights, width, .. } = self.lesson;
        Line { loss, sums: &self.sums, outputs, targets, weights: weights.as_deref(), width: *width }.best(0.0)
    }

    /// The residuals, and the mean loss.
    fn residuals(&self, loss: &Loss, device: &Device) -> Result<(Vec<f32>, f64)> {
        let lesson = self.lesson;
        let (mut residuals, mut total, mut weight) = (Vec::with_capacity(self.sums.len()), 0.0, 0.0);
        let (width, size) = (lesson.width, lesson.table.rows_at_once(device));
        let all: Vec<usize> = (0..lesson.len()).collect();
        for (rows, sums) in all.chunks(size).zip(self.sums.chunks(size * width)) {
            let sums = Tensor::<2>::from_data(TensorData::new(sums.to_vec(), [rows.len(), width]), device);
            let batch = lesson.batch(rows, device)?;
            let own = batch.mean(loss.rows(sums.clone(), batch.targets.clone()));
            total += f64::from(own.into_scalar::<f32>()) * rows.len() as f64;
            weight += lesson.weight(rows);
            let lacks = residual(loss, sums, batch.targets);
            residuals.extend(lacks.try_into_vec_as::<f32>().map_err(|error| Error::custom(error.to_string()))?);
        }
        Ok((residuals, total / weight))
    }
}

impl DeepEnsemble for Boosting {
    fn train(&self, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<NetEnsemble> {
        let net = &self.net;
        expect_members(self.members)?;
        expect_full_length("boosting of nets", net)?;
        if !(self.rate.is_finite() && self.rate > 0.0) {
            return Err(Error::parameter("rate", self.rate, "finite and above 0"));
        }
        let basis = Basis::new(net, train)?;
        expect_boostable(&basis.spec.loss)?;
        let school = basis.school(net, train, ctx)?;
        let tally = Tally::new(ctx, self.members * net.epochs);
        let device = school.device.clone().without_autodiff();
        let loss = basis.spec.loss;
        guarded(&net.by(), || {
            let mut sums = Sums::new(&school.lesson);
            let mut watched = school.validation.as_ref().map(|validation| Sums::new(&validation.lesson));
            let (mut models, mut rates) = (Vec::with_capacity(self.members), Vec::with_capacity(self.members));
            let mut best = (f64::INFINITY, 0);
            let mut ended = None;
            for m in 0..self.members {
                let seed = ctx.seed.nth("round", m as u64);
                let mut targets = sums.residuals(&loss, &device)?.0;
                to_unit(&mut targets);
                let lesson = Lesson { targets, ..school.lesson.clone() };
                let ctx = FitContext { seed, ..*ctx };
                let mut course = net.course(&school, &ShareOfRest, &tally, &ctx);
                course.lesson = &lesson;
                course.validation = None;
                let mut group = [basis.learning(net, seed)?];
                let history = match course.run(&mut group, &mut Nobody) {
                    Err(Error::NotConverged { problem, .. }) if m > 0 => {
                        ended = Some(format!("round {}: {problem}; the rounds before were kept", m + 1));
                        break;
                    }
                    other => other?,
                };
                let network = group[0].network.inference();
                let outputs = outputs_of(&*network, &school.lesson, &device)?;
                let rate = self.rate * sums.length(&loss, &outputs);
                sums.add(&outputs, rate);
                models.push(basis.model(&*network, history));
                rates.push(rate);
                if let Some(watched) = &mut watched {
                    let outputs = outputs_of(&*network, watched.lesson, &device)?;
                    watched.add(&outputs, rate);
                    let (_, now) = watched.residuals(&loss, &device)?;
                    if now < best.0 {
                        best = (now, m + 1);
                    }
                }
            }
            let mut how = format!("{} rounds", models.len());
            if watched.is_some() && best.1 > 0 && best.1 < models.len() {
                how = format!("the best {} of {} rounds", best.1, models.len());
                models.truncate(best.1);
                rates.truncate(best.1);
            }
            if let (Some(ended), Some(last)) = (ended, models.last_mut()) {
                last.stopped(ended);
            }
            Ok(NetEnsemble::new("round", Source::Nets(models), Combine::Sum { rates }).trained(how))
        })
    }
}

learner!(Boosting, "boosted_nets", "net-boosting");
