//! Weights of networks as data: saved, averaged, and read from PyTorch.

mod pretrained;
pub(crate) mod torch;
#[allow(clippy::module_inception)]
mod weights;

pub use pretrained::Pretrained;
pub use torch::Loaded;
pub use weights::{Layer, Weights};
