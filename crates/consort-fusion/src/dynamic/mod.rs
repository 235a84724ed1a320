//! Dynamic selection: which members to ask is chosen for each row, by how they did on rows near it.
//!
//! | type | method |
//! |---|---|
//! | [`LocalAccuracy`] | OLA, LCA, MLA, a priori, a posteriori: the most accurate near the row |
//! | [`Behaviour`] | MCB: the most accurate on near rows that the members saw alike |
//! | [`KnoraEliminate`], [`KnoraUnion`] | those right on all near rows; a vote for each near row that they got right |
//! | [`DesPerformance`], [`DesKnn`] | those better than chance; the most diverse of the most accurate |
//! | [`OutputProfiles`] | KNOP: a vote for each row of like outputs that they got right |
//! | [`MetaDes`] | a classifier of members says who is right |
//! | [`RandomisedReference`] | RRC: better than a classifier that guesses with the member's own supports |
//! | [`LocalError`] | for values: the least local error, or weights by it |
//!
//! A competence of your own is one `impl` of [`Competence`] and one of [`Judge`].

mod behaviour;
mod case;
mod competence;
mod des_knn;
mod des_performance;
mod dynamic_selection;
mod fitted_dynamic;
mod knora;
mod known;
mod local_accuracy;
mod local_error;
mod meta_des;
mod names;
mod neighbours;
mod output_profiles;
mod randomised_reference;
mod training;

pub use behaviour::Behaviour;
pub use case::Case;
pub use competence::{Competence, Judge};
pub use des_knn::DesKnn;
pub use des_performance::DesPerformance;
pub use dynamic_selection::{DynamicSelection, Voting};
pub use fitted_dynamic::{FittedDynamic, Region};
pub use knora::{KnoraEliminate, KnoraUnion};
pub use known::Known;
pub use local_accuracy::LocalAccuracy;
pub use local_error::{Integration, LocalError};
pub use meta_des::MetaDes;
pub use names::{NAMES, by_name};
pub use neighbours::Neighbours;
pub use output_profiles::OutputProfiles;
pub use randomised_reference::RandomisedReference;
pub use training::Training;
