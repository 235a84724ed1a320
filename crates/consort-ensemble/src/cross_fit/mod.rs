//! Cross-fitting: each member is fitted once a fold, and predicts the rows that it did not see.

#[allow(clippy::module_inception)]
mod cross_fit;
mod cross_fitted;
mod fit;
mod queue;
mod rows;

pub(crate) use cross_fit::none_left;
pub use cross_fit::{CrossFit, OnError};
pub use cross_fitted::{CrossFitted, CrossFittedMember, OutOfFold, Skipped, Why};
pub use fit::{Fit, FitKey, Part, Store};
pub(crate) use rows::{renumbered, split};
