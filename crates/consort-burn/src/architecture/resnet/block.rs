use burn::{
    module::Module,
    nn::{
        BatchNorm, PaddingConfig2d,
        conv::{Conv2d, Conv2dConfig},
    },
    tensor::{Tensor, activation::relu},
};

use crate::network::{Init, Pass};

/// A convolution without bias, padded so that a stride of 1 keeps the size.
pub(super) fn conv(init: &mut Init, inputs: usize, outputs: usize, kernel: usize, stride: usize) -> Conv2d {
    let pad = kernel / 2;
    let config = Conv2dConfig::new([inputs, outputs], [kernel, kernel])
        .with_stride([stride, stride])
        .with_padding(PaddingConfig2d::Explicit(pad, pad, pad, pad))
        .with_bias(false);
    init.he_conv(&config)
}

/// What is added to a block's output where its input has another size.
#[derive(Module, Debug)]
pub(super) struct Downsample {
    conv: Conv2d,
    bn: BatchNorm,
}

/// A residual block of two convolutions 3 × 3, or of three (1 × 1, 3 × 3, 1 × 1).
#[derive(Module, Debug)]
pub(super) struct Block {
    conv1: Conv2d,
    bn1: BatchNorm,
    conv2: Conv2d,
    bn2: BatchNorm,
    conv3: Option<Conv2d>,
    bn3: Option<BatchNorm>,
    downsample: Option<Downsample>,
}

impl Block {
    /// A block from `inputs` channels to `width`, or to four times that of a bottleneck.
    pub(super) fn new(init: &mut Init, inputs: usize, width: usize, stride: usize, is_bottleneck: bool) -> Self {
        let outputs = if is_bottleneck { 4 * width } else { width };
        let downsample = (stride != 1 || inputs != outputs)
            .then(|| Downsample { conv: conv(init, inputs, outputs, 1, stride), bn: init.batch_norm(outputs) });
        if is_bottleneck {
            return Self {
                conv1: conv(init, inputs, width, 1, 1),
                bn1: init.batch_norm(width),
                conv2: conv(init, width, width, 3, stride),
                bn2: init.batch_norm(width),
                conv3: Some(conv(init, width, outputs, 1, 1)),
                bn3: Some(init.batch_norm(outputs)),
                downsample,
            };
        }
        Self {
            conv1: conv(init, inputs, width, 3, stride),
            bn1: init.batch_norm(width),
            conv2: conv(init, width, width, 3, 1),
            bn2: init.batch_norm(width),
            conv3: None,
            bn3: None,
            downsample,
        }
    }

    pub(super) fn forward(&self, x: Tensor<4>, pass: &Pass) -> Tensor<4> {
        let mut y = relu(pass.normed_convolution(&self.conv1, &self.bn1, x.clone()));
        y = pass.normed_convolution(&self.conv2, &self.bn2, y);
        if let (Some(conv3), Some(bn3)) = (&self.conv3, &self.bn3) {
            y = pass.normed_convolution(conv3, bn3, relu(y));
        }
        let x = match &self.downsample {
            None => x,
            Some(down) => pass.normed_convolution(&down.conv, &down.bn, x),
        };
        relu(x + y)
    }
}
