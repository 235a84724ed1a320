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
///
/// ```
/// use consort_core::check::Broken;
/// let broken = Broken { subject: "mine".into(), contract: "probabilities sum to 1", detail: "row 3: 1.2".into() };
/// assert_eq!(broken.to_string(), r#"`mine` breaks the contract "probabilities sum to 1": row 3: 1.2"#);
/// ```
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
