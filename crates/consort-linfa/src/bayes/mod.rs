//! Naive Bayes: features that are independent within a class.

mod bernoulli_nb;
mod class_sums;
mod gaussian_nb;
mod log_linear;
mod multinomial_nb;

pub use bernoulli_nb::{BernoulliNb, BernoulliNbModel};
pub use gaussian_nb::{GaussianNb, GaussianNbModel};
pub use multinomial_nb::{MultinomialNb, MultinomialNbModel};
