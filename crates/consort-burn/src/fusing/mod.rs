//! Predictions that are tensors, fused on the device where they are.

mod fuse;
#[cfg(any(feature = "cuda", feature = "wgpu"))]
mod on_card;

pub use fuse::fuse;
