//! The fitted side of all trees here: what features they know, and how rows walk through them.

mod feature;
mod tree_ensemble;
mod view;
mod walk;

pub use feature::Feature;
pub use tree_ensemble::TreeEnsemble;
