//! What turns gradients into steps.

mod clip;
#[allow(clippy::module_inception)]
mod optimizer;

pub(crate) use clip::{clip, unscale};
pub use optimizer::Optimizer;
