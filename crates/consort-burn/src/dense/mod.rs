//! Layers of perceptrons: a product, a bias and a rectifier in one go, of one net or of several side by side.

#[cfg(feature = "cpu")]
mod kernels;
mod layer;
#[cfg(feature = "cpu")]
mod ops;

pub(crate) use layer::{Then, dense, linear};
