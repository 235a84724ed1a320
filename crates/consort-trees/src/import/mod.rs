//! Models of other programs, read from their files.
//!
//! Categories are numbers there: the features of an imported model are numeric columns that hold the number of the
//! category, as they were when the model was fitted.

mod foreign;
mod lightgbm;
mod threshold;

pub use lightgbm::lightgbm;
