use burn::tensor::{
    Tensor,
    activation::{sigmoid, softmax},
};
use consort_core::{Error, FitContext, Result, Samples};
use serde::{Deserialize, Serialize};

use super::{Combine, DeepEnsemble, NetEnsemble, deep_ensemble::learner, joint::train_together, net_ensemble::Source};
use crate::{
    input::Batch,
    loss::Loss,
    net::{
        Net,
        objective::{Objective, Own, mean},
    },
};

/// Negative correlation learning (Liu and Yao 1999): each net has its own loss, and is rewarded for being apart from the
/// others: `Σ_m (loss_m − λ · mean‖p_m − p̄‖²)`, where `p` are probabilities or scaled numbers and `p̄` their mean over
/// members. The prediction is the mean of theirs.
///
/// `λ = 0` trains the members by their own losses. For the squared error `λ = 1` trains their mean alone, by the
/// ambiguity decomposition `Σ (f_m − y)² − Σ (f_m − f̄)² = M (f̄ − y)²` (Krogh and Vedelsby 1995). Losses that grow more
/// slowly than the square are refused: the reward would have no end.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NegativeCorrelation {
    /// The net.
    pub net: Net,
    /// How many members.
    pub members: usize,
    /// The reward, in [0, 1].
    pub lambda: f64,
}

impl Default for NegativeCorrelation {
    fn default() -> Self {
        Self { net: Net::default(), members: 5, lambda: 0.5 }
    }
}

#[derive(Debug)]
struct Apart {
    loss: Loss,
    lambda: f64,
}

impl Objective for Apart {
    fn loss(&self, outputs: &[Tensor<2>], batch: &Batch) -> Tensor<1> {
        let own = Own { loss: self.loss }.loss(outputs, batch);
        if self.lambda == 0.0 {
            return own;
        }
        let said: Vec<Tensor<2>> = outputs.iter().map(|output| said(&self.loss, output.clone(), batch)).collect();
        let middle = mean(&said);
        let apart = |one: &Tensor<2>| {
            let squares = (one.clone() - middle.clone()).square();
            let rows = squares.dims()[0];
            batch.mean(squares.mean_dim(1).reshape([rows]))
        };
        let spread = said[1..].iter().fold(apart(&said[0]), |sum, one| sum + apart(one));
        own - spread.mul_scalar(self.lambda)
    }

    fn name(&self) -> Option<String> {
        let own = self.loss.name();
        (self.lambda > 0.0)
            .then(|| format!("{own}, less the reward for being apart (of held-out rows: {own} of the mean)"))
    }

    fn judged(&self, outputs: &[Tensor<2>], batch: &Batch) -> Option<Tensor<1>> {
        if self.lambda == 0.0 {
            return None;
        }
        let said: Vec<Tensor<2>> = outputs.iter().map(|output| said(&self.loss, output.clone(), batch)).collect();
        let (p, y) = (mean(&said), batch.targets.clone());
        let log = |p: Tensor<2>| p.clamp_min(1e-12).log();
        let rows = y.dims()[0];
        let losses = match self.loss {
            Loss::CrossEntropy { .. } => (y * log(p)).sum_dim(1).neg(),
            Loss::Binary => (y.clone() * log(p.clone()) + (y.neg() + 1.0) * log(p.neg() + 1.0)).mean_dim(1).neg(),
            _ => (p - y).square().mean_dim(1),
        };
        Some(batch.mean(losses.reshape([rows])))
    }
}

/// What a member says: probabilities, or scaled numbers.
fn said(loss: &Loss, output: Tensor<2>, batch: &Batch) -> Tensor<2> {
    match loss {
        Loss::CrossEntropy { .. } => softmax(output, 1),
        Loss::Binary => sigmoid(output),
        Loss::Gaussian => output.narrow(1, 0, batch.targets.dims()[1]),
        _ => output,
    }
}

impl DeepEnsemble for NegativeCorrelation {
    fn train(&self, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<NetEnsemble> {
        if !(0.0..=1.0).contains(&self.lambda) {
            return Err(Error::parameter("lambda", self.lambda, "in 0 to 1"));
        }
        let lambda = self.lambda;
        let objective = |loss| -> Result<Box<dyn Objective>> {
            if lambda > 0.0 && !matches!(loss, Loss::CrossEntropy { .. } | Loss::Binary | Loss::Squared) {
                return Err(Error::Unsupported {
                    by: "negative correlation learning".into(),
                    what: format!("the loss {loss:?}, which grows more slowly than the reward for being apart"),
                    hint: "leave the loss out (cross-entropy or squared error), or set `lambda` to 0".into(),
                });
            }
            Ok(Box::new(Apart { loss, lambda }))
        };
        let (nets, ()) = train_together(&self.net, self.members, train, ctx, objective, |_| Ok(()))?;
        Ok(NetEnsemble::new("ncl", Source::Nets(nets), Combine::Mean))
    }
}

learner!(NegativeCorrelation, "negative_correlation_nets", "ncl-nets");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::Inputs;
    use burn::tensor::{Device, TensorData};

    fn batch(device: &Device) -> Batch {
        Batch {
            inputs: Inputs { numbers: Tensor::zeros([3, 1], device), categories: None, row: [1, 1, 1] },
            targets: Tensor::from_data(TensorData::new(vec![1.0f32, -0.5, 2.0], [3, 1]), device),
            weights: None,
        }
    }

    #[test]
    fn all_reward_on_squared_error_is_the_loss_of_the_mean() {
        let device = Device::flex();
        let of = |values: [f32; 3]| Tensor::<2>::from_data(TensorData::new(values.to_vec(), [3, 1]), &device);
        let outputs = [of([0.3, 1.0, 1.5]), of([-0.6, 0.0, 2.5]), of([1.1, -1.0, 0.2])];
        let batch = batch(&device);
        let loss = |lambda| Apart { loss: Loss::Squared, lambda }.loss(&outputs, &batch).into_scalar::<f32>();
        let own = Own { loss: Loss::Squared }.loss(&outputs, &batch).into_scalar::<f32>();
        assert_eq!(loss(0.0), own);
        let of_mean = batch.mean(Loss::Squared.rows(mean(&outputs), batch.targets.clone())).into_scalar::<f32>();
        assert!((loss(1.0) - 3.0 * of_mean).abs() < 1e-5, "{} and {}", loss(1.0), 3.0 * of_mean);
    }
}
