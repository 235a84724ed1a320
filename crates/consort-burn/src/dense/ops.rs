//! A layer as an operation of burn's CPU backend, with its gradients.

use burn::backend::{
    Autodiff, Backend, Flex, TensorMetadata,
    autodiff::{
        NodeId,
        checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
        grads::Gradients,
        ops::{Backward, Ops, OpsKind},
    },
    backend_extension,
    flex::FlexTensor,
    tensor::FloatTensor,
};

use super::{
    Then,
    kernels::{self, Layer},
};
use crate::cpu::of_shape;

/// Layers of 32-bit numbers, of one net or of several side by side.
#[backend_extension(Flex, Autodiff)]
pub(crate) trait DenseOps: Backend {
    /// `x · weights + bias`, perhaps rectified; shapes are those of [`dense`](super::dense).
    fn dense(
        x: FloatTensor<Self>,
        weights: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        then: Then,
    ) -> FloatTensor<Self>;

    /// The gradients of the weights, of the bias and of `x`, from what came out and its gradient; that of `x` has no numbers
    /// unless it is wanted.
    fn dense_back(
        x: FloatTensor<Self>,
        weights: FloatTensor<Self>,
        out: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        then: Then,
        wants_x: bool,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);
}

/// The sizes of a layer, from the shapes of `x` and the weights.
fn layer(x: &FlexTensor, weights: &FlexTensor, then: Then) -> Layer {
    let (x, weights) = (x.shape(), weights.shape());
    let axes = weights.num_dims();
    let members = if axes == 3 { weights[0] } else { 1 };
    Layer { members, rows: x[axes - 2], inputs: weights[axes - 2], outputs: weights[axes - 1], then }
}

/// A shape with another last axis.
fn with_last(shape: &FlexTensor, last: usize) -> Vec<usize> {
    let mut shape = shape.shape().to_vec();
    if let Some(axis) = shape.last_mut() {
        *axis = last;
    }
    shape
}

/// The shape of a bias beside these weights.
fn bias_shape(weights: &FlexTensor) -> Vec<usize> {
    match weights.shape().to_vec()[..] {
        [members, _, outputs] => vec![members, 1, outputs],
        [.., outputs] => vec![outputs],
        [] => Vec::new(),
    }
}

impl DenseOps for Flex {
    fn dense(x: FlexTensor, weights: FlexTensor, bias: FlexTensor, then: Then) -> FlexTensor {
        let (x, weights, bias) = (x.to_contiguous(), weights.to_contiguous(), bias.to_contiguous());
        let layer = layer(&x, &weights, then);
        of_shape(kernels::forward(&layer, x.storage(), weights.storage(), bias.storage()), with_last(&x, layer.outputs))
    }

    fn dense_back(
        x: FlexTensor,
        weights: FlexTensor,
        out: FlexTensor,
        gradient: FlexTensor,
        then: Then,
        wants_x: bool,
    ) -> (FlexTensor, FlexTensor, FlexTensor) {
        let (x, weights) = (x.to_contiguous(), weights.to_contiguous());
        let (out, gradient) = (out.to_contiguous(), gradient.to_contiguous());
        let layer = layer(&x, &weights, then);
        let own = kernels::backward(&layer, x.storage(), weights.storage(), out.storage(), gradient.storage(), wants_x);
        (
            of_shape(own.weights, weights.shape().to_vec()),
            of_shape(own.bias, bias_shape(&weights)),
            of_shape(own.x, if wants_x { x.shape().to_vec() } else { vec![0] }),
        )
    }
}

/// What a layer keeps for the way back.
#[derive(Debug, Clone)]
struct Kept<T> {
    x: NodeId,
    weights: NodeId,
    out: T,
    then: Then,
}

#[derive(Debug)]
struct Passed;

impl<B: DenseOps> Backward<B, 3> for Passed {
    type State = Kept<FloatTensor<B>>;

    fn backward(self, ops: Ops<Self::State, 3>, grads: &mut Gradients, kept: &mut Checkpointer) {
        let Kept { x, weights, out, then } = ops.state;
        let gradient = grads.consume::<B>(&ops.node);
        let x = kept.retrieve_node_output::<FloatTensor<B>>(x);
        let weights = kept.retrieve_node_output::<FloatTensor<B>>(weights);
        let [of_x, of_weights, of_bias] = ops.parents.map(|node| Some(node?.id));
        let (weights, bias, x) = B::dense_back(x, weights, out, gradient, then, of_x.is_some());
        if let Some(node) = of_x {
            grads.register::<B>(node, x);
        }
        if let Some(node) = of_weights {
            grads.register::<B>(node, weights);
        }
        if let Some(node) = of_bias {
            grads.register::<B>(node, bias);
        }
    }
}

impl<B: DenseOps, C: CheckpointStrategy> DenseOps for Autodiff<B, C> {
    fn dense(
        x: FloatTensor<Self>,
        weights: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        then: Then,
    ) -> FloatTensor<Self> {
        match Passed.prepare::<C>([x.node(), weights.node(), bias.node()]).compute_bound().stateful() {
            OpsKind::Tracked(mut prepared) => {
                let (of_x, of_weights) = (prepared.checkpoint(&x), prepared.checkpoint(&weights));
                let out = B::dense(x.into_primitive(), weights.into_primitive(), bias.into_primitive(), then);
                prepared.finish(Kept { x: of_x, weights: of_weights, out: out.clone(), then }, out)
            }
            OpsKind::UnTracked(prepared) => {
                prepared.finish(B::dense(x.into_primitive(), weights.into_primitive(), bias.into_primitive(), then))
            }
        }
    }

    // Gradients of gradients are not asked for: this runs on what lies within.
    fn dense_back(
        x: FloatTensor<Self>,
        weights: FloatTensor<Self>,
        out: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        then: Then,
        wants_x: bool,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let (x, weights) = (x.into_primitive(), weights.into_primitive());
        let (out, gradient) = (out.into_primitive(), gradient.into_primitive());
        let (weights, bias, x) = B::dense_back(x, weights, out, gradient, then, wants_x);
        (FloatTensor::<Self>::new(weights), FloatTensor::<Self>::new(bias), FloatTensor::<Self>::new(x))
    }
}
