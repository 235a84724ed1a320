//! Stacking: a fusion fitted on predictions of rows that the members did not see.

mod encoded_by_fold;
mod meta;
mod meta_features;
mod stacked_model;
mod stacking;

pub use meta::{LearnerFuser, LearnerFusion, MetaInputs};
pub use stacked_model::StackedModel;
pub use stacking::{MemberTimes, Meta, Passthrough, Refit, StackFit, StackOptions, Stacking};
