//! Voting and averaging: members fitted on all rows, fused by a rule that learns nothing.

mod voting;

pub(crate) use voting::together;
pub use voting::{VotedModel, Voting};
