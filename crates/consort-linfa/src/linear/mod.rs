//! Models of values that are linear in the features.

mod linear_model;
mod linear_regression;
mod ridge;
mod spectrum;

pub use linear_model::LinearModel;
pub use linear_regression::LinearRegression;
pub use ridge::Ridge;
