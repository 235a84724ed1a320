//! Networks: a burn module behind one small trait, its first weights, and how it is asked.

mod forward;
mod init;
mod inputs;
mod layers;
#[allow(clippy::module_inception)]
mod network;
pub(crate) mod numbering;
mod pass;
mod precision;

pub use forward::Forward;
pub use init::Init;
pub use inputs::{InputShape, Inputs};
pub(crate) use layers::layers;
pub(crate) use network::filled;
pub use network::{Network, Trainable};
pub use pass::Pass;
pub(crate) use pass::draw_mask;
pub use precision::Precision;
