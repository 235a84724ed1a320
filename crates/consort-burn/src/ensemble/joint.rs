use burn::tensor::{Device, Tensor};
use consort_core::{FitContext, Result, Samples};
use serde::{Deserialize, Serialize};

use super::{
    Combine, DeepEnsemble, NetEnsemble,
    deep_ensemble::{expect_members, learner},
    net_ensemble::Source,
};
use crate::{
    input::{Batch, Lesson},
    loss::Loss,
    net::{
        History, Net, NetModel,
        follower::Nobody,
        guarded::guarded,
        objective::{Objective, mean},
        school::Basis,
        tally::Tally,
        training::Learning,
    },
    network::Network,
};

/// Nets trained together on the loss of their mean output: one net of parallel branches (Webb and others 2021). The
/// prediction is that of the mean output.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Joint {
    /// The net.
    pub net: Net,
    /// How many members.
    pub members: usize,
}

impl Default for Joint {
    fn default() -> Self {
        Self { net: Net::default(), members: 5 }
    }
}

/// The loss of the mean output.
#[derive(Debug)]
struct OfTheMean(Loss);

impl Objective for OfTheMean {
    fn loss(&self, outputs: &[Tensor<2>], batch: &Batch) -> Tensor<1> {
        batch.mean(self.0.rows(mean(outputs), batch.targets.clone()))
    }

    fn summed(&self, _: usize) -> usize {
        1
    }
}

impl DeepEnsemble for Joint {
    fn train(&self, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<NetEnsemble> {
        let nets =
            train_together(&self.net, self.members, train, ctx, |loss| Ok(Box::new(OfTheMean(loss))), |_| Ok(()))?.0;
        Ok(NetEnsemble::new("joint", Source::Nets(nets), Combine::MeanOutput))
    }
}

learner!(Joint, "joint_nets", "joint-nets");

/// Nets that have learnt together, and what from.
pub(super) struct Together<'a> {
    pub(super) loss: &'a Loss,
    pub(super) lesson: &'a Lesson<'a>,
    pub(super) group: &'a [Box<dyn Network>],
    pub(super) device: &'a Device,
}

/// Trains so many nets as one group, on the same batches, by the objective that is made of the net's loss or refuses it;
/// gives what `after` makes of them, too.
pub(super) fn train_together<T: Send>(
    net: &Net,
    members: usize,
    train: &Samples<'_>,
    ctx: &FitContext<'_>,
    objective: impl FnOnce(Loss) -> Result<Box<dyn Objective>>,
    after: impl FnOnce(Together<'_>) -> Result<T>,
) -> Result<(Vec<NetModel>, T)> {
    expect_members(members)?;
    let basis = Basis::new(net, train)?;
    let objective = objective(basis.spec.loss)?;
    let school = basis.school(net, train, ctx)?;
    let tally = Tally::new(ctx, net.epochs);
    guarded(&net.by(), || {
        let course = net.course(&school, &*objective, &tally, ctx);
        let seeds = (0..members).map(|m| ctx.seed.nth("member", m as u64));
        let mut group = seeds.map(|seed| basis.learning(net, seed)).collect::<Result<Vec<Learning>>>()?;
        let history: History = course.run(&mut group, &mut Nobody)?;
        let group: Vec<Box<dyn Network>> = group.iter().map(|one| one.network.inference()).collect();
        let device = &school.device.clone().without_autodiff();
        let made = after(Together { loss: &basis.spec.loss, lesson: &school.lesson, group: &group, device })?;
        Ok((group.iter().map(|network| basis.model(&**network, history.clone())).collect(), made))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::{Device, TensorData};

    use crate::network::{InputShape, Inputs};

    /// The gradient of the mean's loss with respect to one member's outputs is the finite difference of that loss.
    #[test]
    fn the_gradient_is_that_of_the_mean() {
        let device = Device::flex().autodiff();
        let of = |values: Vec<f32>| Tensor::<2>::from_data(TensorData::new(values, [2, 3]), &device);
        let (a, b) = (vec![0.3, -1.0, 0.7, 1.2, 0.1, -0.4], vec![-0.2, 0.5, 0.9, 0.0, 1.1, 0.6]);
        let shape = InputShape { numbers: 1, row: [1, 1, 1], levels: vec![] };
        let batch = Batch {
            inputs: Inputs { numbers: Tensor::zeros([2, 1], &device), categories: None, row: shape.row },
            targets: of(vec![1.0, 0.0, 0.0, 0.0, 0.0, 1.0]),
            weights: None,
        };
        let objective = OfTheMean(Loss::CrossEntropy { smoothing: 0.0 });
        let loss = |a: &[f32]| objective.loss(&[of(a.to_vec()), of(b.clone())], &batch).into_scalar::<f32>();
        let leaf = of(a.clone()).require_grad();
        let value = objective.loss(&[leaf.clone(), of(b.clone())], &batch);
        let gradient: Vec<f32> = leaf.grad(&value.backward()).unwrap().into_data().try_into_vec_as().unwrap();
        for k in 0..a.len() {
            let moved = |by: f32| {
                let mut a = a.clone();
                a[k] += by;
                loss(&a)
            };
            let difference = (moved(1e-2) - moved(-1e-2)) / 2e-2;
            assert!((difference - gradient[k]).abs() < 1e-3, "{k}: {difference} and {}", gradient[k]);
        }
    }
}
