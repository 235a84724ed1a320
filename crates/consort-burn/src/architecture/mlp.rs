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

/// A multi-layer perceptron: linear layers with rectifiers between them (Rosenblatt 1962; Rumelhart and others 1986),
/// over the numbers and the embedded categories.
///
/// Weights of a PyTorch `Sequential` of `Linear` and activations can be read, whatever the numbers of its layers are.
///
/// ```
/// use consort_burn::architecture::Mlp;
/// let mlp = Mlp { hidden: vec![64, 64], dropout: 0.1, ..Mlp::default() };
/// assert!(!mlp.batch_norm);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Mlp {
    /// The units of each hidden layer; none for a linear model.
    pub hidden: Vec<usize>,
    /// Which share of hidden units is dropped in training.
    pub dropout: f64,
    /// Whether each hidden layer is normalised over the batch.
    pub batch_norm: bool,
}

impl Default for Mlp {
    fn default() -> Self {
        Self { hidden: vec![128, 64], dropout: 0.0, batch_norm: false }
    }
}

/// The module of an [`Mlp`].
#[derive(Module, Debug)]
pub(crate) struct MlpNet {
    embeddings: Embeddings,
    pub(crate) layers: Vec<Linear>,
    norms: Vec<BatchNorm>,
    #[module(skip)]
    dropout: f64,
}

impl Mlp {
    /// Refuses what is out of range.
    pub(crate) fn check(&self) -> Result<()> {
        if self.hidden.contains(&0) {
            return Err(Error::parameter("hidden", format!("{:?}", self.hidden), "at least 1 unit a layer"));
        }
        expect_dropout(self.dropout)
    }

    /// The widths of all layers, inputs and outputs included.
    pub(crate) fn widths(&self, shape: &InputShape, outputs: usize) -> Vec<usize> {
        let mut widths = vec![Embeddings::width(shape)];
        widths.extend(&self.hidden);
        widths.push(outputs);
        widths
    }
}

#[typetag::serde(name = "mlp")]
impl Architecture for Mlp {
    fn name(&self) -> String {
        "mlp".into()
    }

    fn build(&self, shape: &InputShape, outputs: usize, init: &mut Init) -> Result<Box<dyn Network>> {
        self.check()?;
        let widths = self.widths(shape, outputs);
        let embeddings = Embeddings::new(shape, init);
        let layers = widths.windows(2).map(|pair| init.linear(pair[0], pair[1])).collect();
        let norms = match self.batch_norm {
            true => self.hidden.iter().map(|&units| init.batch_norm(units)).collect(),
            false => Vec::new(),
        };
        Ok(Trainable::boxed(MlpNet { embeddings, layers, norms, dropout: self.dropout }))
    }

    fn as_mlp(&self) -> Option<&Mlp> {
        Some(self)
    }

    fn torch_names(&self) -> &'static [(&'static str, &'static str)] {
        &[(r"^(?:[A-Za-z_]\w*\.)?(\d+)\.(weight|bias)$", "layers.$1.$2")]
    }
}

impl Forward for MlpNet {
    fn forward(&self, inputs: &Inputs, pass: &mut Pass) -> Tensor<2> {
        let mut x = self.embeddings.forward(inputs);
        let Some((head, hidden)) = self.layers.split_last() else { return x };
        for (i, layer) in hidden.iter().enumerate() {
            x = match self.norms.get(i) {
                Some(norm) => relu(pass.batch_norm(norm, linear(layer, x, Then::Linear))),
                None => linear(layer, x, Then::Rectified),
            };
            x = pass.dropout(x, self.dropout);
        }
        if pass.is_embedding() { x } else { linear(head, x, Then::Linear) }
    }
}
