//! Convolutions and poolings of the CPU, by columns and matrix products; other devices take burn's own.

#[cfg(feature = "cpu")]
mod columns;
#[cfg(feature = "cpu")]
mod geometry;
#[cfg(feature = "cpu")]
mod halving;
#[cfg(feature = "cpu")]
mod kernels;
mod layer;
#[cfg(feature = "cpu")]
mod on_cpu;
#[cfg(feature = "cpu")]
mod product;

pub(crate) use layer::{convolve, halve};
