//! Fusion, selection and metrics as CubeCL kernels: one source for CUDA, Vulkan, Metal and WebGPU.
//!
//! A [`Cube`] is predictions in the memory of a [`Device`]. What reads it does so once, and leaves its result on the
//! device until it is asked for. The results are those of `consort-fusion`, in single precision: each kernel states by
//! how much it may differ, and the test `agree` checks it.
//!
//! The crate compiles with no feature and then finds no device. The feature `cuda` is for NVIDIA cards, `wgpu` for
//! Vulkan, Metal and DirectX 12.

mod bootstrap;
mod borda;
mod buffer;
mod cube;
mod descent;
mod device;
mod error;
mod fused;
mod fusing;
mod greedy;
mod kernel;
mod log_pool;
mod measure;
mod named;
mod network;
mod not_finite;
mod order;
mod philox;
mod pooled;
mod power_mean;
mod rank_average;
mod running_sum;
mod stream;
mod tally;
mod tile;
mod uncertainty;
mod vote;
mod weighing;
mod weighted_mean;

pub use bootstrap::{Bootstrap, Resamples};
pub use borda::Borda;
pub use cube::{Cube, Holes, Storage};
pub use descent::{Slope, WeightSearch};
pub use device::{Device, Place};
pub use error::{Error, Result};
pub use fused::{Fused, Surety};
pub use greedy::{GreedySelection, Loss, Path, Truth};
pub use log_pool::LogPool;
pub use named::device_rule;
pub use not_finite::NotFinite;
pub use order::OrderStatistic;
pub use power_mean::PowerMean;
pub use rank_average::RankAverage;
pub use stream::{DeviceRule, stream, stream_in};
pub use tally::{BinnedAuc, Calibration, Confusion, binned_auc};
pub use uncertainty::{Measures, Uncertainty};
pub use vote::Vote;
pub use weighted_mean::WeightedMean;

// The code of the book runs with the doc tests.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/guide/gpu.md")]
struct KernelsPage;
