//! Convolutions of 32-bit images on burn's CPU backend.

use burn::backend::{Flex, TensorMetadata, flex::FlexTensor};

use super::{
    geometry::{Geometry, Steps},
    kernels,
    ops::ConvolutionOps,
};
use crate::cpu::of_shape;

fn geometry(images: &FlexTensor, weights: &FlexTensor, steps: Steps) -> Geometry {
    Geometry::new(images.shape().dims::<4>(), weights.shape().dims::<4>(), steps)
}

fn convolved(images: &FlexTensor, weights: &FlexTensor, bias: Option<&FlexTensor>, steps: Steps) -> FlexTensor {
    let (images, weights) = (images.to_contiguous(), weights.to_contiguous());
    let bias = bias.map(FlexTensor::to_contiguous);
    let g = geometry(&images, &weights, steps);
    let [rows, columns] = g.out();
    let bias = bias.as_ref().map(FlexTensor::storage::<f32>);
    of_shape(kernels::forward(&g, images.storage(), weights.storage(), bias), vec![g.images, g.outputs, rows, columns])
}

impl ConvolutionOps for Flex {
    fn convolution(images: FlexTensor, weights: FlexTensor, steps: Steps) -> FlexTensor {
        convolved(&images, &weights, None, steps)
    }

    fn biased_convolution(images: FlexTensor, weights: FlexTensor, bias: FlexTensor, steps: Steps) -> FlexTensor {
        convolved(&images, &weights, Some(&bias), steps)
    }

    fn convolution_back_images(
        images: FlexTensor,
        weights: FlexTensor,
        gradient: FlexTensor,
        steps: Steps,
    ) -> FlexTensor {
        let (weights, gradient) = (weights.to_contiguous(), gradient.to_contiguous());
        let g = geometry(&images, &weights, steps);
        let values = kernels::back_images(&g, weights.storage(), gradient.storage());
        of_shape(values, vec![g.images, g.channels, g.height, g.width])
    }

    fn convolution_back_weights(
        images: FlexTensor,
        weights: FlexTensor,
        gradient: FlexTensor,
        steps: Steps,
    ) -> FlexTensor {
        let (images, gradient) = (images.to_contiguous(), gradient.to_contiguous());
        let g = geometry(&images, &weights, steps);
        let values = kernels::back_weights(&g, images.storage(), gradient.storage());
        of_shape(values, vec![g.outputs, g.channels, g.kernel[0], g.kernel[1]])
    }

    fn convolution_back_bias(gradient: FlexTensor) -> FlexTensor {
        let gradient = gradient.to_contiguous();
        let [_, outputs, rows, columns] = gradient.shape().dims::<4>();
        of_shape(kernels::back_bias(gradient.storage(), outputs, rows * columns), vec![outputs])
    }
}
