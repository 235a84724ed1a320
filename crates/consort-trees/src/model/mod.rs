//! The fitted side of all trees here: what features they know, and how rows walk through them.

mod blocks;
mod feature;
mod quick_scorer;
mod tree_ensemble;
mod view;
mod walk;

pub(crate) use blocks::{Blocks, Moved};
pub use feature::Feature;
pub(crate) use feature::by_name;
pub use tree_ensemble::TreeEnsemble;
