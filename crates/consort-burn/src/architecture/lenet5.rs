use burn::{
    module::Module,
    nn::{
        Linear, PaddingConfig2d,
        conv::{Conv2d, Conv2dConfig},
    },
    tensor::Tensor,
};
use consort_core::Result;
use serde::{Deserialize, Serialize};

use super::{Architecture, architecture::expect_images};
use crate::{
    convolution::{convolve, halve},
    dense::{Then, linear},
    network::{Forward, Init, InputShape, Inputs, Network, Pass, Trainable},
};

/// LeNet-5 for small images (LeCun and others 1998), with rectifiers and max pooling as it is built today: convolutions
/// of 6 and 16 channels with 5 × 5 kernels, the first padded by 2, then 120, 84 and the outputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LeNet5 {}

/// The module of a [`LeNet5`].
#[derive(Module, Debug)]
struct LeNet5Net {
    conv1: Conv2d,
    conv2: Conv2d,
    fc1: Linear,
    fc2: Linear,
    fc3: Linear,
}

#[typetag::serde(name = "lenet5")]
impl Architecture for LeNet5 {
    fn name(&self) -> String {
        "lenet".into()
    }

    fn build(&self, shape: &InputShape, outputs: usize, init: &mut Init) -> Result<Box<dyn Network>> {
        expect_images("LeNet-5", shape, 12)?;
        let [channels, height, width] = shape.row;
        let after = |side: usize| (side / 2 - 4) / 2;
        let padded = Conv2dConfig::new([channels, 6], [5, 5]).with_padding(PaddingConfig2d::Explicit(2, 2, 2, 2));
        Ok(Trainable::boxed(LeNet5Net {
            conv1: init.conv(&padded),
            conv2: init.conv(&Conv2dConfig::new([6, 16], [5, 5])),
            fc1: init.linear(16 * after(height) * after(width), 120),
            fc2: init.linear(120, 84),
            fc3: init.linear(84, outputs),
        }))
    }
}

impl Forward for LeNet5Net {
    fn forward(&self, inputs: &Inputs, pass: &mut Pass) -> Tensor<2> {
        let x = halve(convolve(&self.conv1, inputs.images()));
        let x = halve(convolve(&self.conv2, x));
        let x = linear(&self.fc1, x.flatten(1, 3), Then::Rectified);
        let last = linear(&self.fc2, x, Then::Rectified);
        if pass.is_embedding() { last } else { linear(&self.fc3, last, Then::Linear) }
    }
}
