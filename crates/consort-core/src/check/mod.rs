//! The common suite: the contracts of consort, run over any implementation of its traits, ours or yours.
//!
//! Each function runs every contract of one trait and gives the first that is broken, by name and with the case
//! that broke it. Call it in a test and unwrap.

mod fuser;
mod learner;
mod members;
mod metric;
mod rows;
mod splitter;

pub use fuser::{FusionCase, fuser, fusion};
pub use learner::{LearnerCase, learner};
pub use metric::{MetricCase, metric};
pub use splitter::{Promises, splitter};

/// A contract that an implementation does not keep.
#[derive(Debug, thiserror::Error)]
#[error("`{subject}` breaks the contract \"{contract}\": {detail}")]
pub struct Broken {
    /// The implementation, by its name.
    pub subject: String,
    /// The contract, as a sentence.
    pub contract: &'static str,
    /// The case that broke it.
    pub detail: String,
}
