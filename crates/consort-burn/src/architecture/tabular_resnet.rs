use burn::{
    module::Module,
    nn::{BatchNorm, Linear},
    tensor::{Tensor, activation::relu},
};
use consort_core::{Error, Result};
use serde::{Deserialize, Serialize};

use super::{Architecture, Embeddings, architecture::expect_dropout};
use crate::{
    dense::{Then, linear},
    network::{Forward, Init, InputShape, Inputs, Network, Pass, Trainable},
};

/// A residual net for tables (Gorishniy and others 2021): `x + drop(W₂ drop(relu(W₁ norm(x))))`, block after block,
/// over the numbers and the embedded categories; the head is `W relu(norm(x))`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TabularResNet {
    /// How many blocks.
    pub blocks: usize,
    /// The width between blocks.
    pub width: usize,
    /// The width within a block.
    pub hidden: usize,
    /// Which share of a block's hidden units is dropped in training.
    pub dropout: f64,
}

impl Default for TabularResNet {
    fn default() -> Self {
        Self { blocks: 2, width: 96, hidden: 192, dropout: 0.15 }
    }
}

/// The module of a [`TabularResNet`].
#[derive(Module, Debug)]
struct TabularResNetNet {
    embeddings: Embeddings,
    stem: Linear,
    blocks: Vec<Block>,
    norm: BatchNorm,
    head: Linear,
}

#[derive(Module, Debug)]
struct Block {
    norm: BatchNorm,
    first: Linear,
    second: Linear,
    #[module(skip)]
    dropout: f64,
}

#[typetag::serde(name = "tabular_resnet")]
impl Architecture for TabularResNet {
    fn name(&self) -> String {
        "tabular-resnet".into()
    }

    fn build(&self, shape: &InputShape, outputs: usize, init: &mut Init) -> Result<Box<dyn Network>> {
        for (name, value) in [("blocks", self.blocks), ("width", self.width), ("hidden", self.hidden)] {
            if value == 0 {
                return Err(Error::parameter(name, 0, "at least 1"));
            }
        }
        expect_dropout(self.dropout)?;
        let embeddings = Embeddings::new(shape, init);
        let stem = init.linear(Embeddings::width(shape), self.width);
        let block = |init: &mut Init| Block {
            norm: init.batch_norm(self.width),
            first: init.linear(self.width, self.hidden),
            second: init.linear(self.hidden, self.width),
            dropout: self.dropout,
        };
        let blocks = (0..self.blocks).map(|_| block(init)).collect();
        let norm = init.batch_norm(self.width);
        let head = init.linear(self.width, outputs);
        Ok(Trainable::boxed(TabularResNetNet { embeddings, stem, blocks, norm, head }))
    }
}

impl Forward for TabularResNetNet {
    fn forward(&self, inputs: &Inputs, pass: &mut Pass) -> Tensor<2> {
        let mut x = linear(&self.stem, self.embeddings.forward(inputs), Then::Linear);
        for block in &self.blocks {
            let hidden = linear(&block.first, pass.batch_norm(&block.norm, x.clone()), Then::Rectified);
            let hidden = pass.dropout(hidden, block.dropout);
            x = x + linear(&block.second, hidden, Then::Linear);
        }
        let last = relu(pass.batch_norm(&self.norm, x));
        if pass.is_embedding() { last } else { linear(&self.head, last, Then::Linear) }
    }
}
