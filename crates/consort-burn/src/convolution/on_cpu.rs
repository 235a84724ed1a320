//! The kernels as operations of burn's CPU backend, with their gradients.

use burn::{
    backend::{
        Autodiff, Backend, Flex, TensorMetadata,
        autodiff::{
            NodeId,
            checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
            grads::Gradients,
            ops::{Backward, Ops, OpsKind},
        },
        backend_extension,
        flex::{FlexTensor, Layout},
        tensor::FloatTensor,
    },
    tensor::{Bytes, DType, Shape},
};

use super::{geometry::Geometry, halving, kernels};

/// Convolution and pooling of 32-bit images, row after row in memory.
#[backend_extension(Flex, Autodiff)]
pub(crate) trait ImageOps: Backend {
    /// The convolution of `[images][channels][height][width]` with `[outputs][channels][kernel][kernel]`.
    fn convolution(
        images: FloatTensor<Self>,
        weights: FloatTensor<Self>,
        stride: [usize; 2],
        padding: [usize; 2],
    ) -> FloatTensor<Self>;

    /// The same, with a bias for each output.
    fn biased_convolution(
        images: FloatTensor<Self>,
        weights: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        stride: [usize; 2],
        padding: [usize; 2],
    ) -> FloatTensor<Self>;

    /// The gradient of the images.
    fn convolution_back_images(
        images: FloatTensor<Self>,
        weights: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        stride: [usize; 2],
        padding: [usize; 2],
    ) -> FloatTensor<Self>;

    /// The gradient of the weights.
    fn convolution_back_weights(
        images: FloatTensor<Self>,
        weights: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        stride: [usize; 2],
        padding: [usize; 2],
    ) -> FloatTensor<Self>;

    /// The gradient of the bias.
    fn convolution_back_bias(gradient: FloatTensor<Self>) -> FloatTensor<Self>;

    /// The greatest of 2 × 2 numbers, or 0.
    fn halving(images: FloatTensor<Self>) -> FloatTensor<Self>;

    /// Its gradient.
    fn halving_back(images: FloatTensor<Self>, gradient: FloatTensor<Self>) -> FloatTensor<Self>;
}

fn of_shape(values: Vec<f32>, shape: Vec<usize>) -> FlexTensor {
    FlexTensor::new(Bytes::from_elems(values), Layout::contiguous(Shape::from(shape)), DType::F32)
}

fn geometry(images: &FlexTensor, weights: &FlexTensor, stride: [usize; 2], padding: [usize; 2]) -> Geometry {
    Geometry::new(images.shape().dims::<4>(), weights.shape().dims::<4>(), stride, padding)
}

fn convolved(
    images: &FlexTensor,
    weights: &FlexTensor,
    bias: Option<&FlexTensor>,
    stride: [usize; 2],
    padding: [usize; 2],
) -> FlexTensor {
    let (images, weights) = (images.to_contiguous(), weights.to_contiguous());
    let bias = bias.map(FlexTensor::to_contiguous);
    let g = geometry(&images, &weights, stride, padding);
    let [rows, columns] = g.out();
    let bias = bias.as_ref().map(FlexTensor::storage::<f32>);
    of_shape(kernels::forward(&g, images.storage(), weights.storage(), bias), vec![g.images, g.outputs, rows, columns])
}

impl ImageOps for Flex {
    fn convolution(images: FlexTensor, weights: FlexTensor, stride: [usize; 2], padding: [usize; 2]) -> FlexTensor {
        convolved(&images, &weights, None, stride, padding)
    }

    fn biased_convolution(
        images: FlexTensor,
        weights: FlexTensor,
        bias: FlexTensor,
        stride: [usize; 2],
        padding: [usize; 2],
    ) -> FlexTensor {
        convolved(&images, &weights, Some(&bias), stride, padding)
    }

    fn convolution_back_images(
        images: FlexTensor,
        weights: FlexTensor,
        gradient: FlexTensor,
        stride: [usize; 2],
        padding: [usize; 2],
    ) -> FlexTensor {
        let (weights, gradient) = (weights.to_contiguous(), gradient.to_contiguous());
        let g = geometry(&images, &weights, stride, padding);
        let values = kernels::back_images(&g, weights.storage(), gradient.storage());
        of_shape(values, vec![g.images, g.channels, g.height, g.width])
    }

    fn convolution_back_weights(
        images: FlexTensor,
        weights: FlexTensor,
        gradient: FlexTensor,
        stride: [usize; 2],
        padding: [usize; 2],
    ) -> FlexTensor {
        let (images, gradient) = (images.to_contiguous(), gradient.to_contiguous());
        let g = geometry(&images, &weights, stride, padding);
        let values = kernels::back_weights(&g, images.storage(), gradient.storage());
        of_shape(values, vec![g.outputs, g.channels, g.kernel[0], g.kernel[1]])
    }

    fn convolution_back_bias(gradient: FlexTensor) -> FlexTensor {
        let gradient = gradient.to_contiguous();
        let [_, outputs, rows, columns] = gradient.shape().dims::<4>();
        of_shape(kernels::back_bias(gradient.storage(), outputs, rows * columns), vec![outputs])
    }

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

/// What a convolution keeps for the way back.
#[derive(Debug, Clone)]
struct Kept {
    images: NodeId,
    weights: NodeId,
    stride: [usize; 2],
    padding: [usize; 2],
}

impl Kept {
    /// Registers the gradients of the images and of the weights, of those that want one.
    fn register<B: ImageOps>(
        self,
        [images, weights]: [Option<NodeId>; 2],
        gradient: FloatTensor<B>,
        grads: &mut Gradients,
        kept: &mut Checkpointer,
    ) {
        let Self { stride, padding, .. } = self;
        let x = kept.retrieve_node_output::<FloatTensor<B>>(self.images);
        let w = kept.retrieve_node_output::<FloatTensor<B>>(self.weights);
        if let Some(node) = images {
            let own = B::convolution_back_images(x.clone(), w.clone(), gradient.clone(), stride, padding);
            grads.register::<B>(node, own);
        }
        if let Some(node) = weights {
            grads.register::<B>(node, B::convolution_back_weights(x, w, gradient, stride, padding));
        }
    }
}

#[derive(Debug)]
struct Convolved;

impl<B: ImageOps> Backward<B, 2> for Convolved {
    type State = Kept;

    fn backward(self, ops: Ops<Kept, 2>, grads: &mut Gradients, kept: &mut Checkpointer) {
        let [images, weights] = ops.parents;
        let gradient = grads.consume::<B>(&ops.node);
        ops.state.register::<B>([images, weights].map(|node| Some(node?.id)), gradient, grads, kept);
    }
}

#[derive(Debug)]
struct BiasedConvolved;

impl<B: ImageOps> Backward<B, 3> for BiasedConvolved {
    type State = Kept;

    fn backward(self, ops: Ops<Kept, 3>, grads: &mut Gradients, kept: &mut Checkpointer) {
        let [images, weights, bias] = ops.parents;
        let gradient = grads.consume::<B>(&ops.node);
        ops.state.register::<B>([images, weights].map(|node| Some(node?.id)), gradient.clone(), grads, kept);
        if let Some(node) = bias {
            grads.register::<B>(node.id, B::convolution_back_bias(gradient));
        }
    }
}

#[derive(Debug)]
struct Halved;

impl<B: ImageOps> Backward<B, 1> for Halved {
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

impl<B: ImageOps, C: CheckpointStrategy> ImageOps for Autodiff<B, C> {
    fn convolution(
        images: FloatTensor<Self>,
        weights: FloatTensor<Self>,
        stride: [usize; 2],
        padding: [usize; 2],
    ) -> FloatTensor<Self> {
        match Convolved.prepare::<C>([images.node(), weights.node()]).compute_bound().stateful() {
            OpsKind::Tracked(mut prepared) => {
                let (of_images, of_weights) = (prepared.checkpoint(&images), prepared.checkpoint(&weights));
                let kept = Kept { images: of_images, weights: of_weights, stride, padding };
                let (images, weights) = (images.into_primitive(), weights.into_primitive());
                prepared.finish(kept, B::convolution(images, weights, stride, padding))
            }
            OpsKind::UnTracked(prepared) => {
                let (images, weights) = (images.into_primitive(), weights.into_primitive());
                prepared.finish(B::convolution(images, weights, stride, padding))
            }
        }
    }

    fn biased_convolution(
        images: FloatTensor<Self>,
        weights: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        stride: [usize; 2],
        padding: [usize; 2],
    ) -> FloatTensor<Self> {
        let nodes = [images.node(), weights.node(), bias.node()];
        match BiasedConvolved.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(mut prepared) => {
                let (of_images, of_weights) = (prepared.checkpoint(&images), prepared.checkpoint(&weights));
                let kept = Kept { images: of_images, weights: of_weights, stride, padding };
                let (images, weights) = (images.into_primitive(), weights.into_primitive());
                let out = B::biased_convolution(images, weights, bias.into_primitive(), stride, padding);
                prepared.finish(kept, out)
            }
            OpsKind::UnTracked(prepared) => {
                let (images, weights) = (images.into_primitive(), weights.into_primitive());
                prepared.finish(B::biased_convolution(images, weights, bias.into_primitive(), stride, padding))
            }
        }
    }

    // Gradients of gradients are not asked for: these run on what lies within.
    fn convolution_back_images(
        images: FloatTensor<Self>,
        weights: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        stride: [usize; 2],
        padding: [usize; 2],
    ) -> FloatTensor<Self> {
        let (images, weights) = (images.into_primitive(), weights.into_primitive());
        FloatTensor::<Self>::new(B::convolution_back_images(
            images,
            weights,
            gradient.into_primitive(),
            stride,
            padding,
        ))
    }

    fn convolution_back_weights(
        images: FloatTensor<Self>,
        weights: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        stride: [usize; 2],
        padding: [usize; 2],
    ) -> FloatTensor<Self> {
        let (images, weights) = (images.into_primitive(), weights.into_primitive());
        FloatTensor::<Self>::new(B::convolution_back_weights(
            images,
            weights,
            gradient.into_primitive(),
            stride,
            padding,
        ))
    }

    fn convolution_back_bias(gradient: FloatTensor<Self>) -> FloatTensor<Self> {
        FloatTensor::<Self>::new(B::convolution_back_bias(gradient.into_primitive()))
    }

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
