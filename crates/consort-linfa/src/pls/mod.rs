//! Partial least squares.

mod pls_regression;

pub use pls_regression::Pls;
