//! Resampling × learners × fusion: how a table becomes an ensemble.
//!
//! | room | what it holds |
//! |---|---|
//! | [`NamedLearner`] | a learner under the name that its predictions bear |
//! | [`bag`] | bagging, pasting, random subspaces and patches of any learner, with out-of-bag estimates |
//! | [`boost`] | gradient boosting of any learner of numbers, adaptive boosting of any learner |
//! | [`cross_fit`] | members fitted on every fold, and their predictions of rows that they did not see |
//! | [`encode`] | features made fit for a learner, inside each fit |
//! | [`estimate`] | what an estimate is worth: nested cross-validation, a probe for leaks, a diagnosis of data and folds |
//! | [`portfolio`] | members by name, with parameters that suit the size of the data |
//! | [`run`] | runs on disk, which go on where they were stopped, and bundles, which predict |
//! | [`stack`] | stacking, blending, super learner, greedy ensembles: a fusion fitted on such predictions |
//! | [`vote`] | voting and averaging of members fitted on all rows |

pub mod bag;
pub mod boost;
pub mod cross_fit;
pub mod encode;
pub mod estimate;
mod fitted_member;
mod gather;
mod named_learner;
pub mod portfolio;
mod portion;
pub mod run;
mod side_by_side;
pub mod stack;
pub mod vote;

pub use fitted_member::FittedMember;
pub use named_learner::NamedLearner;

// The code of the book runs with the doc tests.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/guide/ensembles-in-rust.md")]
struct EnsemblesPage;
