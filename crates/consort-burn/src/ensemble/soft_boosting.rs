use burn::tensor::Tensor;
use consort_core::{Error, FitContext, Result, Samples};
use serde::{Deserialize, Serialize};

use super::{
    Combine, DeepEnsemble, NetEnsemble,
    boosting::{expect_boostable, outputs_of, residual},
    deep_ensemble::learner,
    joint::{Together, train_together},
    net_ensemble::Source,
    stretch::stretch,
};
use crate::{
    input::Batch,
    loss::Loss,
    net::{Net, objective::Objective},
};

/// Soft gradient boosting of nets (Feng and others 2020): all nets learn at the same time, each by squared error what
/// the nets before it lack at that moment. The prediction is that of the sum of their outputs times `rate`, of classes
/// and labels stretched as that of [`Boosting`](super::Boosting) is.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SoftBoosting {
    /// The net.
    pub net: Net,
    /// How many members.
    pub members: usize,
    /// What the outputs of each net are multiplied with.
    pub rate: f64,
}

impl Default for SoftBoosting {
    fn default() -> Self {
        Self { net: Net::default(), members: 5, rate: 1.0 }
    }
}

/// Each member's squared error to the residual of the sum of those before it.
#[derive(Debug)]
struct Residuals {
    loss: Loss,
    rate: f64,
}

impl Residuals {
    /// What each member is to learn: no gradient flows through it.
    fn targets(&self, outputs: &[Tensor<2>], batch: &Batch) -> Vec<Tensor<2>> {
        let mut sum = batch.targets.zeros_like();
        outputs
            .iter()
            .map(|output| {
                let lacks = residual(&self.loss, sum.clone(), batch.targets.clone());
                sum = sum.clone() + output.clone().detach().mul_scalar(self.rate);
                lacks
            })
            .collect()
    }
}

impl Objective for Residuals {
    fn loss(&self, outputs: &[Tensor<2>], batch: &Batch) -> Tensor<1> {
        let targets = self.targets(outputs, batch);
        let of = |m: usize| batch.mean(Loss::Squared.rows(outputs[m].clone(), targets[m].clone()));
        (1..outputs.len()).fold(of(0), |sum, m| sum + of(m))
    }

    fn name(&self) -> Option<String> {
        Some(format!("squared error of the residuals (of held-out rows: {} of the sum)", self.loss.name()))
    }

    fn judged(&self, outputs: &[Tensor<2>], batch: &Batch) -> Option<Tensor<1>> {
        Some(batch.mean(self.loss.rows(self.combine(outputs), batch.targets.clone())))
    }

    fn combine(&self, outputs: &[Tensor<2>]) -> Tensor<2> {
        let first = outputs[0].clone();
        outputs[1..].iter().fold(first, |sum, output| sum + output.clone()).mul_scalar(self.rate)
    }
}

impl DeepEnsemble for SoftBoosting {
    fn train(&self, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<NetEnsemble> {
        if !(self.rate.is_finite() && self.rate > 0.0) {
            return Err(Error::parameter("rate", self.rate, "finite and above 0"));
        }
        let rate = self.rate;
        let objective = |loss| -> Result<Box<dyn Objective>> {
            expect_boostable(&loss)?;
            Ok(Box::new(Residuals { loss, rate }))
        };
        let (nets, length) = train_together(&self.net, self.members, train, ctx, objective, |together| {
            let Together { loss, lesson, group, device } = together;
            let mut sum = vec![0.0; lesson.len() * lesson.width];
            for network in group {
                let outputs = outputs_of(&**network, lesson, device)?;
                sum.iter_mut().zip(outputs).for_each(|(sum, x)| *sum += (rate * f64::from(x)) as f32);
            }
            Ok(stretch(loss, lesson, &sum, group.len()))
        })?;
        let rates = vec![rate * length; nets.len()];
        Ok(NetEnsemble::new("soft", Source::Nets(nets), Combine::Sum { rates }))
    }
}

learner!(SoftBoosting, "soft_boosted_nets", "soft-boosting");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::Inputs;
    use burn::tensor::Device;

    #[test]
    fn targets_are_the_residuals_of_the_sum_before() {
        let device = Device::flex();
        let of = |x: [[f32; 2]; 1]| Tensor::<2>::from_floats(x, &device);
        let batch = Batch {
            inputs: Inputs { numbers: Tensor::zeros([1, 1], &device), categories: None, row: [1, 1, 1] },
            targets: of([[1.0, 0.0]]),
            weights: None,
        };
        let outputs = [of([[0.6, -0.2]]), of([[0.4, 0.8]]), of([[9.0, 9.0]])];
        let number = Residuals { loss: Loss::Squared, rate: 0.5 };
        let targets: Vec<Vec<f32>> = number
            .targets(&outputs, &batch)
            .into_iter()
            .map(|t| t.into_data().try_into_vec_as::<f32>().unwrap())
            .collect();
        let expected = [[1.0, 0.0], [0.7, 0.1], [0.5, -0.3]];
        for (got, expected) in targets.iter().zip(expected) {
            assert!(got.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6), "{got:?} and {expected:?}");
        }
        let class = Residuals { loss: Loss::CrossEntropy { smoothing: 0.0 }, rate: 1.0 };
        let second = class.targets(&outputs, &batch)[1].clone().into_data().try_into_vec_as::<f32>().unwrap();
        let share = 0.6f32.exp() / (0.6f32.exp() + (-0.2f32).exp());
        assert!((second[0] - (1.0 - share)).abs() < 1e-6 && (second[1] + (1.0 - share)).abs() < 1e-6);
    }
}
