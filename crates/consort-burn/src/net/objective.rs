use burn::tensor::Tensor;

use crate::{input::Batch, loss::Loss};

/// What a group of networks makes small together.
pub(crate) trait Objective: Sync {
    /// The loss of a batch, a single number; `outputs` has `[rows][outputs]` of each member.
    fn loss(&self, outputs: &[Tensor<2>], batch: &Batch) -> Tensor<1>;

    /// What the group says of some rows.
    fn combine(&self, outputs: &[Tensor<2>]) -> Tensor<2> {
        mean(outputs)
    }
}

/// The mean of the members' outputs.
pub(crate) fn mean(outputs: &[Tensor<2>]) -> Tensor<2> {
    let mut sum = outputs[0].clone();
    for output in &outputs[1..] {
        sum = sum + output.clone();
    }
    if outputs.len() == 1 { sum } else { sum.div_scalar(outputs.len() as f64) }
}

/// Each member's own loss: the sum over members. One member alone has its loss.
#[derive(Debug)]
pub(crate) struct Own {
    pub(crate) loss: Loss,
}

impl Objective for Own {
    fn loss(&self, outputs: &[Tensor<2>], batch: &Batch) -> Tensor<1> {
        let of = |output: &Tensor<2>| batch.mean(self.loss.rows(output.clone(), batch.targets.clone()));
        let first = of(&outputs[0]);
        outputs[1..].iter().fold(first, |sum, output| sum + of(output))
    }
}
