//! Burn nets as learners, and the ways of training ensembles that only nets allow.
//!
//! | room | what it holds |
//! |---|---|
//! | [`net`] | [`Net`](net::Net), a learner like any other, and the model that it becomes |
//! | [`architecture`] | recipes of networks: MLP, tabular ResNet, LeNet-5, ResNet |
//! | [`network`] | a user's own burn module behind one small trait |
//! | [`loss`], [`optimizer`], [`schedule`] | what is made small, by which steps, at which rate |
//! | [`ensemble`] | deep ensembles, bagging, joint training, snapshots, averages of weights, boosting, … |
//! | [`device`] | CPU and cards by name |
//! | `fusing` | with the feature `kernels`: predictions that are tensors, fused on the device where they are |
//! | [`images`] | IDX files and folders of pictures as data sets |
//! | `onnx` | with the feature `onnx`: models in ONNX files as ready members |
//! | [`weights`] | weights as data: saved, averaged, read from PyTorch |

pub mod architecture;
mod convolution;
#[cfg(feature = "cpu")]
mod cpu;
mod dense;
pub mod device;
pub mod ensemble;
#[cfg(feature = "kernels")]
pub mod fusing;
pub mod images;
mod input;
pub mod loss;
pub mod net;
pub mod network;
#[cfg(feature = "onnx")]
pub mod onnx;
pub mod optimizer;
mod packed;
pub mod schedule;
mod threads;
pub mod weights;

pub use input::{Augment, Scale};

// The code of the book runs with the doc tests.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/guide/deep.md")]
struct NetsPage;
