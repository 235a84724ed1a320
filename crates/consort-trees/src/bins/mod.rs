//! Features in bins: each value becomes a code of one byte, once for a whole data set.

mod binned;
mod edges;
mod encoder;
mod feature;

pub use binned::{Binned, Group};
pub use edges::BinParams;
pub use feature::FeatureBins;
