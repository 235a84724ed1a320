//! A net as a learner, and the model that it becomes.

pub(crate) mod checkpoint;
mod class_weights;
mod early_stop;
mod embedding;
pub(crate) mod follower;
pub(crate) mod guarded;
mod history;
mod model;
#[allow(clippy::module_inception)]
mod net;
pub(crate) mod objective;
mod prefetch;
pub(crate) mod school;
pub(crate) mod spec;
pub(crate) mod tally;
pub(crate) mod training;
pub(crate) mod watch;

pub use class_weights::ClassWeights;
pub use early_stop::EarlyStop;
pub use embedding::{EmbeddedRows, NetEmbedding};
pub use history::{Epoch, History};
pub use model::NetModel;
pub use net::Net;
