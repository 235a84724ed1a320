//! Discriminant analysis: each class a normal cloud.

mod linear_discriminant;

pub use linear_discriminant::LinearDiscriminant;
