//! Losses: what training makes small.

mod cross_entropy;
pub(crate) mod gaussian;
mod huber;
#[allow(clippy::module_inception)]
mod loss;
mod quantile;

pub use loss::Loss;
