//! A convolution as an operation of burn's backends, with its gradients.

use burn::backend::{
    Autodiff, Backend,
    autodiff::{
        NodeId,
        checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
        grads::Gradients,
        ops::{Backward, Ops, OpsKind},
    },
    backend_extension,
    tensor::FloatTensor,
};

#[cfg(feature = "fusion")]
use super::geometry::Geometry;
use super::geometry::Steps;
#[cfg(feature = "fusion")]
use burn::tensor::Shape;

/// A convolution and its gradients, on the backends that have kernels of this crate.
#[backend_extension(
    Flex: cfg(feature = "cpu"),
    Cube: cfg(any(feature = "cuda", feature = "wgpu")),
    Fusion: cfg(feature = "fusion"),
    Autodiff
)]
pub(crate) trait ConvolutionOps: Backend {
    /// The convolution of `[images][channels][height][width]` with `[outputs][channels][kernel][kernel]`.
    #[fusion(dtype = images, shape = shape_out(images, weights, steps))]
    fn convolution(images: FloatTensor<Self>, weights: FloatTensor<Self>, steps: Steps) -> FloatTensor<Self>;

    /// The same, with a bias for each output.
    #[fusion(dtype = images, shape = shape_out(images, weights, steps))]
    fn biased_convolution(
        images: FloatTensor<Self>,
        weights: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        steps: Steps,
    ) -> FloatTensor<Self>;

    /// The gradient of the images.
    #[fusion(dtype = images, shape = images)]
    fn convolution_back_images(
        images: FloatTensor<Self>,
        weights: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        steps: Steps,
    ) -> FloatTensor<Self>;

    /// The gradient of the weights.
    #[fusion(dtype = weights, shape = weights)]
    fn convolution_back_weights(
        images: FloatTensor<Self>,
        weights: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        steps: Steps,
    ) -> FloatTensor<Self>;

    /// The gradient of the bias.
    #[fusion(dtype = gradient, shape = Shape::from(vec![gradient.dims::<4>()[1]]))]
    fn convolution_back_bias(gradient: FloatTensor<Self>) -> FloatTensor<Self>;
}

/// The shape of what comes out.
#[cfg(feature = "fusion")]
fn shape_out(images: &Shape, weights: &Shape, steps: &Steps) -> Shape {
    let geometry = Geometry::new(images.dims(), weights.dims(), *steps);
    let [rows, columns] = geometry.out();
    Shape::from(vec![geometry.images, geometry.outputs, rows, columns])
}

/// What a convolution keeps for the way back.
#[derive(Debug, Clone)]
struct Kept {
    images: NodeId,
    weights: NodeId,
    steps: Steps,
}

impl Kept {
    /// Registers the gradients of the images and of the weights, of those that want one.
    fn register<B: ConvolutionOps>(
        self,
        [images, weights]: [Option<NodeId>; 2],
        gradient: FloatTensor<B>,
        grads: &mut Gradients,
        kept: &mut Checkpointer,
    ) {
        let steps = self.steps;
        let x = kept.retrieve_node_output::<FloatTensor<B>>(self.images);
        let w = kept.retrieve_node_output::<FloatTensor<B>>(self.weights);
        if let Some(node) = images {
            let own = B::convolution_back_images(x.clone(), w.clone(), gradient.clone(), steps);
            grads.register::<B>(node, own);
        }
        if let Some(node) = weights {
            grads.register::<B>(node, B::convolution_back_weights(x, w, gradient, steps));
        }
    }
}

#[derive(Debug)]
struct Convolved;

impl<B: ConvolutionOps> Backward<B, 2> for Convolved {
    type State = Kept;

    fn backward(self, ops: Ops<Kept, 2>, grads: &mut Gradients, kept: &mut Checkpointer) {
        let [images, weights] = ops.parents;
        let gradient = grads.consume::<B>(&ops.node);
        ops.state.register::<B>([images, weights].map(|node| Some(node?.id)), gradient, grads, kept);
    }
}

#[derive(Debug)]
struct BiasedConvolved;

impl<B: ConvolutionOps> Backward<B, 3> for BiasedConvolved {
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

impl<B: ConvolutionOps, C: CheckpointStrategy> ConvolutionOps for Autodiff<B, C> {
    fn convolution(images: FloatTensor<Self>, weights: FloatTensor<Self>, steps: Steps) -> FloatTensor<Self> {
        match Convolved.prepare::<C>([images.node(), weights.node()]).compute_bound().stateful() {
            OpsKind::Tracked(mut prepared) => {
                let (of_images, of_weights) = (prepared.checkpoint(&images), prepared.checkpoint(&weights));
                let kept = Kept { images: of_images, weights: of_weights, steps };
                let (images, weights) = (images.into_primitive(), weights.into_primitive());
                prepared.finish(kept, B::convolution(images, weights, steps))
            }
            OpsKind::UnTracked(prepared) => {
                let (images, weights) = (images.into_primitive(), weights.into_primitive());
                prepared.finish(B::convolution(images, weights, steps))
            }
        }
    }

    fn biased_convolution(
        images: FloatTensor<Self>,
        weights: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        steps: Steps,
    ) -> FloatTensor<Self> {
        let nodes = [images.node(), weights.node(), bias.node()];
        match BiasedConvolved.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(mut prepared) => {
                let (of_images, of_weights) = (prepared.checkpoint(&images), prepared.checkpoint(&weights));
                let kept = Kept { images: of_images, weights: of_weights, steps };
                let (images, weights) = (images.into_primitive(), weights.into_primitive());
                let out = B::biased_convolution(images, weights, bias.into_primitive(), steps);
                prepared.finish(kept, out)
            }
            OpsKind::UnTracked(prepared) => {
                let (images, weights) = (images.into_primitive(), weights.into_primitive());
                prepared.finish(B::biased_convolution(images, weights, bias.into_primitive(), steps))
            }
        }
    }

    // Gradients of gradients are not asked for: these run on what lies within.
    fn convolution_back_images(
        images: FloatTensor<Self>,
        weights: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        steps: Steps,
    ) -> FloatTensor<Self> {
        let (images, weights) = (images.into_primitive(), weights.into_primitive());
        FloatTensor::<Self>::new(B::convolution_back_images(images, weights, gradient.into_primitive(), steps))
    }

    fn convolution_back_weights(
        images: FloatTensor<Self>,
        weights: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        steps: Steps,
    ) -> FloatTensor<Self> {
        let (images, weights) = (images.into_primitive(), weights.into_primitive());
        FloatTensor::<Self>::new(B::convolution_back_weights(images, weights, gradient.into_primitive(), steps))
    }

    fn convolution_back_bias(gradient: FloatTensor<Self>) -> FloatTensor<Self> {
        FloatTensor::<Self>::new(B::convolution_back_bias(gradient.into_primitive()))
    }
}
