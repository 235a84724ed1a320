use burn::{
    module::Module,
    nn::{BatchNorm, Linear, conv::Conv2d},
    tensor::{Tensor, activation::relu, module::max_pool2d},
};
use consort_core::{Error, Result};
use serde::{Deserialize, Serialize};

use super::block::{Block, conv};
use crate::{
    architecture::{Architecture, architecture::expect_images},
    network::{Forward, Init, InputShape, Inputs, Network, Pass, Trainable},
};

/// How deep a [`ResNet`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Depth {
    /// 2, 2, 2, 2 blocks of two convolutions.
    #[default]
    D18,
    /// 3, 4, 6, 3 blocks of two convolutions.
    D34,
    /// 3, 4, 6, 3 blocks of three convolutions.
    D50,
}

/// What a [`ResNet`] does with the pixels before its first block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stem {
    /// A convolution 7 × 7 of stride 2 and a pooling of stride 2, for large images (torchvision's).
    #[default]
    Large,
    /// A convolution 3 × 3 of stride 1, for images of 32 × 32 pixels and such (CIFAR).
    Small,
}

/// A residual net for images (He and others 2016), layer by layer and name by name that of torchvision, so that its
/// weights can be read: [`Pretrained`](crate::weights::Pretrained).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ResNet {
    /// How deep.
    pub depth: Depth,
    /// What comes before the blocks.
    pub stem: Stem,
    /// The channels of the first blocks; later ones have 2, 4 and 8 times as many. torchvision has 64.
    pub width: usize,
}

impl Default for ResNet {
    fn default() -> Self {
        Self { depth: Depth::D18, stem: Stem::Large, width: 64 }
    }
}

/// The module of a [`ResNet`].
#[derive(Module, Debug)]
struct ResNetNet {
    conv1: Conv2d,
    bn1: BatchNorm,
    layer1: Vec<Block>,
    layer2: Vec<Block>,
    layer3: Vec<Block>,
    layer4: Vec<Block>,
    fc: Linear,
    #[module(skip)]
    pools: bool,
}

#[typetag::serde(name = "resnet")]
impl Architecture for ResNet {
    fn name(&self) -> String {
        match self.depth {
            Depth::D18 => "resnet18",
            Depth::D34 => "resnet34",
            Depth::D50 => "resnet50",
        }
        .into()
    }

    fn build(&self, shape: &InputShape, outputs: usize, init: &mut Init) -> Result<Box<dyn Network>> {
        expect_images("a ResNet", shape, 8)?;
        if self.width == 0 {
            return Err(Error::parameter("width", 0, "at least 1"));
        }
        let (counts, is_bottleneck) = match self.depth {
            Depth::D18 => ([2, 2, 2, 2], false),
            Depth::D34 => ([3, 4, 6, 3], false),
            Depth::D50 => ([3, 4, 6, 3], true),
        };
        let expansion = if is_bottleneck { 4 } else { 1 };
        let (kernel, stride) = if self.stem == Stem::Large { (7, 2) } else { (3, 1) };
        let conv1 = conv(init, shape.row[0], self.width, kernel, stride);
        let bn1 = init.batch_norm(self.width);
        let mut inputs = self.width;
        let mut layer = |init: &mut Init, k: usize| -> Vec<Block> {
            let width = self.width << k;
            let first = if k == 0 { 1 } else { 2 };
            (0..counts[k])
                .map(|i| {
                    let block = Block::new(init, inputs, width, if i == 0 { first } else { 1 }, is_bottleneck);
                    inputs = width * expansion;
                    block
                })
                .collect()
        };
        let [layer1, layer2, layer3, layer4] = [0, 1, 2, 3].map(|k| layer(init, k));
        let fc = init.linear(8 * self.width * expansion, outputs);
        let pools = self.stem == Stem::Large;
        Ok(Trainable::boxed(ResNetNet { conv1, bn1, layer1, layer2, layer3, layer4, fc, pools }))
    }

    fn torch_names(&self) -> &'static [(&'static str, &'static str)] {
        &[(r"\.downsample\.0\.", ".downsample.conv."), (r"\.downsample\.1\.", ".downsample.bn.")]
    }
}

impl Forward for ResNetNet {
    fn forward(&self, inputs: &Inputs, pass: &mut Pass) -> Tensor<2> {
        let mut x = relu(pass.normed_convolution(&self.conv1, &self.bn1, inputs.images()));
        if self.pools {
            let mut options = burn::tensor::ops::MaxPoolOptions::new([3, 3]);
            options.stride = [2, 2];
            options.padding = [(1, 1); 2];
            x = max_pool2d(x, options);
        }
        for block in self.layer1.iter().chain(&self.layer2).chain(&self.layer3).chain(&self.layer4) {
            x = block.forward(x, pass);
        }
        let [rows, channels, height, width] = x.dims();
        let means = x.reshape([rows, channels, height * width]).mean_dim(2).reshape([rows, channels]);
        if pass.is_embedding() { means } else { self.fc.forward(means) }
    }
}
