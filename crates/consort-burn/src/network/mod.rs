//! Networks: a burn module behind one small trait, its first weights, and how it is asked.

mod forward;
mod init;
mod inputs;
#[allow(clippy::module_inception)]
mod network;
mod pass;

pub use forward::Forward;
pub use init::Init;
pub use inputs::{InputShape, Inputs};
pub use network::{Network, Trainable};
pub use pass::Pass;
pub(crate) use pass::draw_mask;
