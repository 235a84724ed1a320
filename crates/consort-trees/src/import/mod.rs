//! Models of other programs, read from their files.
//!
//! Categories are numbers there, unless the file holds their levels: the features of an imported model are numeric
//! columns that hold the number of the category, as they were when the model was fitted.

mod foreign;
mod lightgbm;
mod threshold;
mod xgboost;
mod xgboost_file;

pub use lightgbm::lightgbm;
pub use xgboost::{xgboost, xgboost_best};
