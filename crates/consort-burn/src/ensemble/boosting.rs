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
/// before it lacks: `1[k = class] − softmax(F)_k` of classes, `y − sigmoid(F)` of labels, `y − F` of scaled numbers. `F`
/// grows by `rate` times its outputs. The squared error is taken as a share of what is lacking, so that each round's loss begins at 1.
///
/// With validation rows, rounds after the one of the least validation loss are dropped.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Boosting {
    /// The net; its epochs are those of one round.
    pub net: Net,
    /// How many rounds.
    pub members: usize,
    /// What the outputs of each net are multiplied with.
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

/// The squared error as a share of that of a net of zeros: what a round leaves of what the rounds before it left. So each round begins
/// at 1, however little is left to learn, and the decay of weights means the same in each.
#[derive(Debug)]
struct ShareOfRest {
    mean_square: f64,
}

impl ShareOfRest {
    fn of(residuals: &[f32]) -> Self {
        let sum: f64 = residuals.iter().map(|&r| f64::from(r).powi(2)).sum();
        let mean_square = sum / residuals.len().max(1) as f64;
        // Where nothing is left there is nothing to measure it by.
        Self { mean_square: if mean_square > 0.0 { mean_square } else { 1.0 } }
    }
}

impl Objective for ShareOfRest {
    fn loss(&self, outputs: &[Tensor<2>], batch: &Batch) -> Tensor<1> {
        Own { loss: Loss::Squared }.loss(outputs, batch).div_scalar(self.mean_square)
    }

    fn name(&self) -> Option<&'static str> {
        Some("squared error, as a share of the rest")
    }
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

    fn each(&mut self, device: &Device, mut work: impl FnMut(&[usize], &mut [f32]) -> Result<()>) -> Result<()> {
        let (width, size) = (self.lesson.width, self.lesson.table.rows_at_once(device));
        let all: Vec<usize> = (0..self.lesson.len()).collect();
        all.chunks(size).zip(self.sums.chunks_mut(size * width)).try_for_each(|(rows, sums)| work(rows, sums))
    }

    fn add(&mut self, network: &dyn Network, rate: f64, device: &Device) -> Result<()> {
        let lesson = self.lesson;
        self.each(device, |rows, sums| {
            let outputs = network.forward(&lesson.table.inputs(rows, 0, device)?, &mut Pass::predicting());
            let outputs = outputs.try_into_vec_as::<f32>().map_err(|error| Error::custom(error.to_string()))?;
            sums.iter_mut().zip(outputs).for_each(|(sum, x)| *sum += (rate * f64::from(x)) as f32);
            Ok(())
        })
    }

    /// The residuals, and the mean loss.
    fn residuals(&mut self, loss: &Loss, device: &Device) -> Result<(Vec<f32>, f64)> {
        let lesson = self.lesson;
        let (mut residuals, mut total, mut weight) = (Vec::with_capacity(self.sums.len()), 0.0, 0.0);
        self.each(device, |rows, sums| {
            let sums = Tensor::<2>::from_data(TensorData::new(sums.to_vec(), [rows.len(), lesson.width]), device);
            let batch = lesson.batch(rows, device)?;
            let own = batch.mean(loss.rows(sums.clone(), batch.targets.clone()));
            total += f64::from(own.into_scalar::<f32>()) * rows.len() as f64;
            weight += lesson.weight(rows);
            let lacks = residual(loss, sums, batch.targets);
            residuals.extend(lacks.try_into_vec_as::<f32>().map_err(|error| Error::custom(error.to_string()))?);
            Ok(())
        })?;
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
            let mut models = Vec::with_capacity(self.members);
            let mut best = (f64::INFINITY, 0);
            for m in 0..self.members {
                let seed = ctx.seed.nth("round", m as u64);
                let lesson = Lesson { targets: sums.residuals(&loss, &device)?.0, ..school.lesson.clone() };
                let ctx = FitContext { seed, ..*ctx };
                let objective = ShareOfRest::of(&lesson.targets);
                let mut course = net.course(&school, &objective, &tally, &ctx);
                course.lesson = &lesson;
                course.validation = None;
                let mut group = [basis.learning(net, seed)?];
                let history = course.run(&mut group, &mut Nobody)?;
                let network = group[0].network.inference();
                sums.add(&*network, self.rate, &device)?;
                models.push(basis.model(&*network, history));
                if let Some(watched) = &mut watched {
                    watched.add(&*network, self.rate, &device)?;
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
            }
            Ok(NetEnsemble::new("round", Source::Nets(models), Combine::Sum { rate: self.rate }).trained(how))
        })
    }
}

learner!(Boosting, "boosted_nets", "net-boosting");
