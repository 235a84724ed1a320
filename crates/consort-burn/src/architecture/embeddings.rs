use burn::{module::Module, nn::Embedding, tensor::Tensor};

use crate::network::{Init, InputShape, Inputs};

/// The numbers of a row and, for each category, a learnt vector of its level, side by side.
#[derive(Module, Debug)]
pub struct Embeddings {
    levels: Vec<Embedding>,
}

impl Embeddings {
    /// Tables for the categories of such inputs: a level has `min(50, ⌈levels / 2⌉)` numbers (Guo and Berkhahn 2016).
    pub fn new(shape: &InputShape, init: &mut Init) -> Self {
        Self { levels: shape.levels.iter().map(|&levels| init.embedding(levels, width(levels))).collect() }
    }

    /// How many numbers a row has after this.
    pub fn width(shape: &InputShape) -> usize {
        shape.numbers + shape.levels.iter().map(|&levels| width(levels)).sum::<usize>()
    }

    /// The numbers and vectors of some rows, `[rows][width]`.
    pub fn forward(&self, inputs: &Inputs) -> Tensor<2> {
        let Some(categories) = &inputs.categories else { return inputs.numbers.clone() };
        let rows = inputs.rows();
        let mut parts = Vec::with_capacity(1 + self.levels.len());
        if inputs.numbers.dims()[1] > 0 {
            parts.push(inputs.numbers.clone());
        }
        for (k, table) in self.levels.iter().enumerate() {
            let width = table.weight.dims()[1];
            parts.push(table.forward(categories.clone().narrow(1, k, 1)).reshape([rows, width]));
        }
        Tensor::cat(parts, 1)
    }
}

fn width(levels: usize) -> usize {
    levels.div_ceil(2).clamp(1, 50)
}
