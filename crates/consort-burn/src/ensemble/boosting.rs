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
    stretch::stretch,
};
use crate::{
    input::{Answers, Batch, Lesson},
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
    optimizer::Optimizer,
};

/// Gradient boosting of nets (Friedman 2001): each round's net learns, by squared error, what the sum `F` of the nets
/// before it lacks: `1[k = class] − softmax(F)_k` of classes, `y − sigmoid(F)` of labels, `y − F` of scaled numbers. `F`
/// grows by `rate` times its outputs. For Adam the squared error is taken as a share of what is lacking, so that the decay of
/// weights means the same in each round; gradient steps take it as it is, so that a learning rate that suits one round suits
/// all. What classes and labels are predicted by is `F` stretched to the least training loss, at most a Newton step for each
/// round: fitted residuals of probabilities alone leave it far too unsure.
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

/// The squared error, for Adam as a share of that of a net of zeros.
///
/// As little is left to learn, gradients are small. The steps of Adam do not know, but the decay of weights in its gradients
/// would weigh ever more; a share makes it mean the same in each round. A plain gradient step in it would grow by as much as
/// the rest shrinks: it learns by the error itself, which a net fits as fast whatever its size.
#[derive(Debug)]
struct OfRest {
    /// The mean square of the rest; 1 where the error is taken as it is.
    unit: f64,
}

impl OfRest {
    fn new(rest: &[f32], optimizer: &Optimizer) -> Self {
        let is_plain = matches!(optimizer, Optimizer::Sgd { .. });
        let sum: f64 = rest.iter().map(|&r| f64::from(r).powi(2)).sum();
        let unit = sum / rest.len().max(1) as f64;
        // Where nothing is left there is nothing to measure it by.
        Self { unit: if is_plain || unit == 0.0 { 1.0 } else { unit } }
    }
}

impl Objective for OfRest {
    fn loss(&self, outputs: &[Tensor<2>], batch: &Batch) -> Tensor<1> {
        Own { loss: Loss::Squared }.loss(outputs, batch).div_scalar(self.unit)
    }

    fn name(&self) -> Option<String> {
        Some(
            if self.unit == 1.0 { "squared error of the rest" } else { "squared error, as a share of the rest" }.into(),
        )
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

    /// Goes through the sums of rows and what these are to answer.
    fn each(&self, device: &Device, mut see: impl FnMut(&[usize], Tensor<2>, Answers) -> Result<()>) -> Result<()> {
        let lesson = self.lesson;
        let (width, size) = (lesson.width, lesson.table.rows_at_once(device));
        let all: Vec<usize> = (0..lesson.len()).collect();
        all.chunks(size).zip(self.sums.chunks(size * width)).try_for_each(|(rows, sums)| {
            let sums = Tensor::from_data(TensorData::new(sums.to_vec(), [rows.len(), width]), device);
            see(rows, sums, lesson.answers(rows, device))
        })
    }

    /// What they lack.
    fn residuals(&self, loss: &Loss, device: &Device) -> Result<Vec<f32>> {
        let mut residuals = Vec::with_capacity(self.sums.len());
        self.each(device, |_, sums, answers| {
            let lacks = residual(loss, sums, answers.targets);
            residuals.extend(lacks.try_into_vec_as::<f32>().map_err(|error| Error::custom(error.to_string()))?);
            Ok(())
        })?;
        Ok(residuals)
    }

    /// The mean loss of the stretched sums.
    fn loss(&self, loss: &Loss, length: f64, device: &Device) -> Result<f64> {
        let (mut total, mut weight) = (0.0, 0.0);
        self.each(device, |rows, sums, answers| {
            let sums = if length == 1.0 { sums } else { sums.mul_scalar(length) };
            let own = answers.mean(loss.rows(sums, answers.targets.clone()));
            total += f64::from(own.into_scalar::<f32>()) * rows.len() as f64;
            weight += self.lesson.weight(rows);
            Ok(())
        })?;
        Ok(total / weight)
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
            // Of the rounds that the validation rows are best told by: their loss, how many, and the length.
            let mut best = (f64::INFINITY, 0, 1.0);
            let mut ended = None;
            for m in 0..self.members {
                let seed = ctx.seed.nth("round", m as u64);
                let targets = sums.residuals(&loss, &device)?;
                let objective = OfRest::new(&targets, &net.optimizer);
                let lesson = Lesson { targets, ..school.lesson.clone() };
                let ctx = FitContext { seed, ..*ctx };
                let mut course = net.course(&school, &objective, &tally, &ctx);
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
                sums.add(&outputs, self.rate);
                models.push(basis.model(&*network, history));
                if let Some(watched) = &mut watched {
                    let outputs = outputs_of(&*network, watched.lesson, &device)?;
                    watched.add(&outputs, self.rate);
                    let length = stretch(&loss, &school.lesson, &sums.sums, m + 1);
                    let now = watched.loss(&loss, length, &device)?;
                    if now < best.0 {
                        best = (now, m + 1, length);
                    }
                }
            }
            let mut how = format!("{} rounds", models.len());
            if (1..models.len()).contains(&best.1) {
                how = format!("the best {} of {} rounds", best.1, models.len());
                models.truncate(best.1);
            }
            if let (Some(ended), Some(last)) = (ended, models.last_mut()) {
                last.stopped(ended);
            }
            let length = match best {
                (_, 0, _) => stretch(&loss, &school.lesson, &sums.sums, models.len()),
                (.., length) => length,
            };
            let rates = vec![self.rate * length; models.len()];
            Ok(NetEnsemble::new("round", Source::Nets(models), Combine::Sum { rates }).trained(how))
        })
    }
}

learner!(Boosting, "boosted_nets", "net-boosting");
