use burn::{
    module::{Module, Param},
    tensor::{Tensor, activation::relu},
};
use consort_core::{Error, Result};
use serde::{Deserialize, Serialize};

use super::{Architecture, Embeddings, architecture::expect_dropout};
use crate::network::{Forward, Init, InputShape, Inputs, Network, Pass, Trainable};

/// An MLP of several members that share their weights but for vectors: a layer of member `m` is
/// `((x ∘ r_m) W) ∘ s_m + b_m` (Wen and others 2020), a rank-one factor `r_m s_mᵀ` on the shared `W`.
///
/// For [`BatchEnsemble`](crate::ensemble::BatchEnsemble).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RankOneMlp {
    /// The units of each hidden layer.
    pub hidden: Vec<usize>,
    /// Which share of hidden units is dropped in training.
    pub dropout: f64,
    /// How many members.
    pub members: usize,
    /// How the vectors start: at random signs, which makes members differ, or all at 1.
    pub random_signs: bool,
}

impl Default for RankOneMlp {
    fn default() -> Self {
        Self { hidden: vec![128, 64], dropout: 0.0, members: 4, random_signs: true }
    }
}

/// The module of a [`RankOneMlp`].
#[derive(Module, Debug)]
struct RankOneNet {
    embeddings: Embeddings,
    layers: Vec<RankOneLinear>,
    #[module(skip)]
    dropout: f64,
    #[module(skip)]
    members: usize,
}

#[derive(Module, Debug)]
struct RankOneLinear {
    /// `[inputs][outputs]`
    weight: Param<Tensor<2>>,
    /// `[members][inputs]`
    before: Param<Tensor<2>>,
    /// `[members][outputs]`
    after: Param<Tensor<2>>,
    /// `[members][outputs]`
    bias: Param<Tensor<2>>,
}

impl RankOneLinear {
    fn forward(&self, x: Tensor<2>, member: usize) -> Tensor<2> {
        let of = |vectors: &Param<Tensor<2>>| vectors.val().narrow(0, member, 1);
        (x * of(&self.before)).matmul(self.weight.val()) * of(&self.after) + of(&self.bias)
    }
}

#[typetag::serde(name = "rank_one_mlp")]
impl Architecture for RankOneMlp {
    fn name(&self) -> String {
        "rank-one-mlp".into()
    }

    fn build(&self, shape: &InputShape, outputs: usize, init: &mut Init) -> Result<Box<dyn Network>> {
        if self.members == 0 || self.hidden.contains(&0) {
            let value = format!("{} members, hidden {:?}", self.members, self.hidden);
            return Err(Error::parameter("members", value, "at least 1, and at least 1 unit a layer"));
        }
        expect_dropout(self.dropout)?;
        let embeddings = Embeddings::new(shape, init);
        let mut widths = vec![Embeddings::width(shape)];
        widths.extend(&self.hidden);
        widths.push(outputs);
        let members = self.members;
        let layers = widths
            .windows(2)
            .map(|pair| {
                // The base net is drawn first and as an MLP draws it, so that with all vectors at 1 it is that MLP.
                let base = init.linear(pair[0], pair[1]);
                let bias = base.bias.map(|bias| bias.val().detach().reshape([1, pair[1]]).repeat_dim(0, members));
                let bias = match bias {
                    Some(bias) => Param::from_tensor(bias.detach()),
                    None => init.constant([members, pair[1]], 0.0),
                };
                RankOneLinear {
                    weight: base.weight,
                    before: if self.random_signs {
                        init.signs([members, pair[0]])
                    } else {
                        init.constant([members, pair[0]], 1.0)
                    },
                    after: if self.random_signs {
                        init.signs([members, pair[1]])
                    } else {
                        init.constant([members, pair[1]], 1.0)
                    },
                    bias,
                }
            })
            .collect();
        Ok(Trainable::boxed(RankOneNet { embeddings, layers, dropout: self.dropout, members }))
    }
}

impl Forward for RankOneNet {
    fn forward(&self, inputs: &Inputs, pass: &mut Pass) -> Tensor<2> {
        let mut x = self.embeddings.forward(inputs);
        let Some((head, hidden)) = self.layers.split_last() else { return x };
        let member = pass.member();
        for layer in hidden {
            x = pass.dropout(relu(layer.forward(x, member)), self.dropout);
        }
        if pass.is_embedding() { x } else { head.forward(x, member) }
    }

    fn members(&self) -> usize {
        self.members
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{architecture::Mlp, weights::Weights};
    use burn::tensor::Device;
    use consort_core::Seed;

    #[test]
    fn with_all_vectors_at_one_every_member_is_the_base_net() {
        let device = Device::flex();
        let shape = InputShape { numbers: 3, row: [1, 1, 3], levels: vec![] };
        let (hidden, seed) = (vec![5], Seed::new(4));
        let ones = RankOneMlp { hidden: hidden.clone(), members: 3, random_signs: false, dropout: 0.0 };
        let ours = ones.build(&shape, 2, &mut Init::new(seed, &device)).unwrap();
        let base = Mlp { hidden, ..Mlp::default() }.build(&shape, 2, &mut Init::new(seed, &device)).unwrap();
        let numbers = Tensor::<2>::from_floats([[0.3, -1.0, 2.0], [1.0, 0.5, -0.2]], &device);
        let inputs = Inputs { numbers, categories: None, row: shape.row };
        let of = |network: &dyn Network, member: usize| {
            let outputs = network.forward(&inputs, Pass::predicting().of_member(member));
            outputs.into_data().try_into_vec_as::<f32>().unwrap()
        };
        assert_eq!(ours.members(), 3);
        for member in 0..3 {
            // Up to rounding: the base net's layers are one operation.
            let far = of(&*ours, member).iter().zip(of(&*base, 0)).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(far < 1e-6, "{far}");
        }
    }

    #[test]
    fn a_member_is_an_mlp_whose_weights_have_its_rank_one_factor() {
        let device = Device::flex();
        let shape = InputShape { numbers: 2, row: [1, 1, 2], levels: vec![] };
        // All widths are equal, so that vectors taken for one another would go unnoticed by shapes.
        let recipe = RankOneMlp { hidden: vec![2], members: 2, random_signs: true, dropout: 0.0 };
        let mut network = recipe.build(&shape, 2, &mut Init::new(Seed::new(4), &device)).unwrap();
        let mut stream = Seed::new(9).stream();
        let mut layers = network.weights().unwrap().layers().to_vec();
        layers.iter_mut().flat_map(|layer| &mut layer.values).for_each(|x| *x = stream.normal() as f32);
        let weights = Weights::new(layers);
        network.set_weights(&weights).unwrap();
        let of = |layer: usize, part: &str| weights.layer(&format!("layers.{layer}.{part}")).unwrap().values.clone();
        let x = [0.7f32, -1.3];
        let inputs = Inputs { numbers: Tensor::from_floats([x], &device), categories: None, row: shape.row };
        for member in 0..2 {
            let layer = |number: usize, x: [f32; 2]| {
                let (weight, bias) = (of(number, "weight"), of(number, "bias"));
                let (before, after) = (of(number, "before"), of(number, "after"));
                // W ∘ r sᵀ
                let factor = |i: usize, o: usize| before[2 * member + i] * after[2 * member + o];
                [0, 1].map(|o| {
                    let sum: f32 = (0..2).map(|i| x[i] * weight[2 * i + o] * factor(i, o)).sum();
                    sum + bias[2 * member + o]
                })
            };
            let expected = layer(1, layer(0, x).map(|h| h.max(0.0)));
            let got = network.forward(&inputs, Pass::predicting().of_member(member));
            let got = got.into_data().try_into_vec_as::<f32>().unwrap();
            assert!(got.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-5), "{got:?} and {expected:?}");
        }
    }
}
