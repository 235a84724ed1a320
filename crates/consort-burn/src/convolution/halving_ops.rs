//! The halving as an operation of burn's CPU backend, with its gradient.

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

use super::halving;
use crate::cpu::of_shape;

/// Pooling of 32-bit images, row after row in memory.
#[backend_extension(Flex, Autodiff)]
pub(crate) trait HalvingOps: Backend {
    /// The greatest of 2 × 2 numbers, or 0.
    fn halving(images: FloatTensor<Self>) -> FloatTensor<Self>;

    /// Its gradient.
    fn halving_back(images: FloatTensor<Self>, gradient: FloatTensor<Self>) -> FloatTensor<Self>;
}

impl HalvingOps for Flex {
    fn halving(images: FlexTensor) -> FlexTensor {
        let images = images.to_contiguous();
        let [count, channels, height, width] = images.shape().dims::<4>();
        let values = halving::forward(images.storage(), [height, width]);
        of_shape(values, vec![count, channels, height / 2, width / 2])
    }

    fn halving_back(images: FlexTensor, gradient: FlexTensor) -> FlexTensor {
        let (images, gradient) = (images.to_contiguous(), gradient.to_contiguous());
        let [count, channels, height, width] = images.shape().dims::<4>();
        let values = halving::backward(images.storage(), [height, width], gradient.storage());
        of_shape(values, vec![count, channels, height, width])
    }
}

#[derive(Debug)]
struct Halved;

impl<B: HalvingOps> Backward<B, 1> for Halved {
    type State = NodeId;

    fn backward(self, ops: Ops<NodeId, 1>, grads: &mut Gradients, kept: &mut Checkpointer) {
        let [images] = ops.parents;
        let gradient = grads.consume::<B>(&ops.node);
        let x = kept.retrieve_node_output::<B::FloatTensorPrimitive>(ops.state);
        if let Some(node) = images {
            grads.register::<B>(node.id, B::halving_back(x, gradient));
        }
    }
}

impl<B: HalvingOps, C: CheckpointStrategy> HalvingOps for Autodiff<B, C> {
    fn halving(images: FloatTensor<Self>) -> FloatTensor<Self> {
        match Halved.prepare::<C>([images.node()]).compute_bound().stateful() {
            OpsKind::Tracked(mut prepared) => {
                let kept = prepared.checkpoint(&images);
                prepared.finish(kept, B::halving(images.into_primitive()))
            }
            OpsKind::UnTracked(prepared) => prepared.finish(B::halving(images.into_primitive())),
        }
    }

    fn halving_back(images: FloatTensor<Self>, gradient: FloatTensor<Self>) -> FloatTensor<Self> {
        FloatTensor::<Self>::new(B::halving_back(images.into_primitive(), gradient.into_primitive()))
    }
}
