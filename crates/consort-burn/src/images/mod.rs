//! Images as data sets: IDX files, and files of pictures (feature `vision`).

#[cfg(feature = "vision")]
mod folder;
mod idx;
mod idx_images;

#[cfg(feature = "vision")]
pub use folder::{Colour, Fit, ImageFolder};
pub use idx::{Idx, idx_dataset};
pub use idx_images::{IdxImages, idx_stored};
