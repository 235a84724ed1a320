//! Images as data sets: IDX files, and folders of picture files (feature `vision`).

#[cfg(feature = "vision")]
mod folder;
mod idx;

#[cfg(feature = "vision")]
pub use folder::{Colour, ImageFolder};
pub use idx::{Idx, idx_dataset};
