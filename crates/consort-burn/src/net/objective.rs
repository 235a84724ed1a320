use std::fmt::Debug;

use burn::tensor::Tensor;

use crate::{input::Batch, loss::Loss};

/// What a group of networks makes small together.
///
/// What it says of itself by `Debug` tells its checkpoints from those of others.
pub(crate) trait Objective: Debug + Sync {
    /// The loss of a batch, a single number; `outputs` has `[rows][outputs]` of each member.
    fn loss(&self, outputs: &[Tensor<2>], batch: &Batch) -> Tensor<1>;

    /// How many losses are summed, of so many members: a history has their mean.
    fn summed(&self, members: usize) -> usize {
        members
    }

    /// Its name in charts and tables, where it is not that of the net's loss.
    fn name(&self) -> Option<String> {
        None
    }

    /// The loss by which held-out rows judge the group, where that is not the mean of what its members make small: the loss
    /// of what the group predicts.
    fn judged(&self, outputs: &[Tensor<2>], batch: &Batch) -> Option<Tensor<1>> {
        let _ = (outputs, batch);
        None
    }

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

/// The mean of the members' own losses, of members that share weights (Wen and others 2020).
#[derive(Debug)]
pub(crate) struct MeanOfOwn {
    pub(crate) loss: Loss,
}

impl Objective for MeanOfOwn {
    fn loss(&self, outputs: &[Tensor<2>], batch: &Batch) -> Tensor<1> {
        Own { loss: self.loss }.loss(outputs, batch).div_scalar(outputs.len() as f64)
    }

    fn summed(&self, _: usize) -> usize {
        1
    }
}
