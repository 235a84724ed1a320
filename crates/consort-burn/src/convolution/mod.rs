//! Convolutions by columns and matrix products, of the CPU and of cards, and poolings of the CPU.

// The CPU's.
#[cfg(feature = "cpu")]
mod columns;
#[cfg(feature = "cpu")]
mod halving;
#[cfg(feature = "cpu")]
mod halving_ops;
#[cfg(feature = "cpu")]
mod kernels;
#[cfg(feature = "cpu")]
mod on_cpu;

// A card's.
#[cfg(any(feature = "cuda", feature = "wgpu"))]
mod on_card;
#[cfg(any(feature = "cuda", feature = "wgpu"))]
mod windows;

// Of both.
#[cfg(any(feature = "cpu", feature = "cuda", feature = "wgpu"))]
mod geometry;
mod layer;
#[cfg(any(feature = "cpu", feature = "cuda", feature = "wgpu"))]
mod ops;

pub(crate) use layer::{convolve, halve};
