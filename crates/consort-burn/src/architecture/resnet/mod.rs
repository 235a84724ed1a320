mod block;
#[allow(clippy::module_inception)]
mod resnet;

pub use resnet::{Depth, ResNet, Stem};
