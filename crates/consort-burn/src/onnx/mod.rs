//! Models in ONNX files as ready members, by tract (feature `onnx`).

mod member;
mod model;
mod session;

pub use member::{Onnx, Says};
pub use model::OnnxModel;
