use burn::{module::Module, tensor::Tensor};

use super::{Inputs, Pass};

/// What makes a burn [`Module`] a network of consort: how rows become outputs.
///
/// ```
/// use burn::{module::Module, nn::Linear, tensor::{Tensor, activation::tanh}};
/// use consort_burn::network::{Forward, Inputs, Pass};
///
/// #[derive(Module, Debug)]
/// struct Small { first: Linear, last: Linear }
///
/// impl Forward for Small {
///     fn forward(&self, inputs: &Inputs, pass: &mut Pass) -> Tensor<2> {
///         let hidden = tanh(self.first.forward(inputs.numbers.clone()));
///         self.last.forward(pass.dropout(hidden, 0.1))
///     }
/// }
/// ```
pub trait Forward: Module + Sync + 'static {
    /// The outputs of some rows: logits of classes or labels, or numbers, `[rows][outputs]`. Of a pass that
    /// [is for embedding](Pass::is_embedding), what the last layer would read: `[rows][units]`.
    fn forward(&self, inputs: &Inputs, pass: &mut Pass) -> Tensor<2>;

    /// How many members share the module; [`Pass::member`] says which one is asked.
    fn members(&self) -> usize {
        1
    }
}
