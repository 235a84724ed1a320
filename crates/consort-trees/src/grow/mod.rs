//! One tree on binned features: histograms, the best split of a node, the partition of its rows, and the order in
//! which nodes are opened.

mod gradients;
mod histogram;
mod leaf_wise;
mod params;
mod partition;
mod split;

pub use gradients::Gradients;
pub use leaf_wise::{Grower, Grown};
pub use params::{Growth, TreeParams};
