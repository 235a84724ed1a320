//! What nets and their ensembles promise beyond the common suite.

// Helpers of tests are outside of `#[test]`, where clippy does not see that they are tests.
#![allow(clippy::unwrap_used)]

#[cfg(any(feature = "cuda", feature = "wgpu"))]
mod card;
mod embedding;
mod ensembles;
#[cfg(feature = "onnx")]
mod onnx;
mod resume;
mod stored;
mod tables;
mod torch;
mod training;
