//! Predictions that are tensors, fused on the device where they are.

mod fuse;

pub use fuse::fuse;
