//! Architectures: recipes of networks.

#[allow(clippy::module_inception)]
mod architecture;
mod embeddings;
mod lenet5;
mod mlp;
mod rank_one_mlp;
mod resnet;
mod tabular_resnet;

pub use architecture::Architecture;
pub use embeddings::Embeddings;
pub use lenet5::LeNet5;
pub use mlp::Mlp;
pub use rank_one_mlp::RankOneMlp;
pub use resnet::{Depth, ResNet, Stem};
pub use tabular_resnet::TabularResNet;
