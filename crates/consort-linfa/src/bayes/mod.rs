//! Naive Bayes: features that are independent within a class.

mod gaussian_nb;

pub use gaussian_nb::{GaussianNb, GaussianNbModel};
