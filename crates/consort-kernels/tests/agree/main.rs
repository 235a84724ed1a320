//! The kernels beside the rules and metrics of the CPU, on fresh random cubes.
//!
//! It runs with the feature `wgpu` (Mesa's software Vulkan will do) or `cuda`; `CONSORT_DEVICE` names the device. Results
//! are filled with a number that none of them has first, so that one that a kernel forgets shows.
#![cfg(any(feature = "wgpu", feature = "cuda"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failed unwrap is a failed test")]

mod cases;
mod descent;
mod errors;
mod fusing;
mod greedy;
mod not_finite;
mod order;
mod pools;
mod ranks;
mod repeats;
mod storage;
mod stream;
mod tally;
mod uncertainty;
mod votes;
