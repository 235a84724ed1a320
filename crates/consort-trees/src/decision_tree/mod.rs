//! One classification or regression tree, and what all randomised trees share.
//!
//! [`DecisionTree`] is the learner, [`FittedTree`] what it gives; [`Criterion`], [`Shape`], [`SplitFeatures`],
//! [`ClassWeights`] and [`Resolution`] are its parameters, and those of forests; [`PruningPath`] makes it smaller.

mod class_weights;
mod criterion;
#[allow(clippy::module_inception)]
mod decision_tree;
pub(crate) mod importances;
pub(crate) mod induction;
mod model;
mod pruning;
mod ranks;
mod resolution;
mod shape;
mod split_features;
mod target;

pub use class_weights::ClassWeights;
pub use criterion::Criterion;
pub use decision_tree::DecisionTree;
pub use model::FittedTree;
pub use pruning::PruningPath;
pub use ranks::Ranks;
pub use resolution::Resolution;
pub use shape::Shape;
pub use split_features::SplitFeatures;
pub(crate) use target::target_of;
