//! One tree on binned features: histograms, the best split of a node, the partition of its rows, and the order in
//! which nodes are opened.

mod constraints;
mod gradients;
mod grower;
mod histogram;
mod params;
mod partition;
mod split;

pub(crate) use constraints::Bounds;
pub use constraints::{Constraints, Monotone};
pub use gradients::Gradients;
pub(crate) use grower::drawn;
pub use grower::{Grower, Growing, Grown, GrownLeaf};
pub use params::{Growth, TreeParams};
