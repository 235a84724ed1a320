//! Discriminant analysis: each class a normal cloud.

mod linear_discriminant;
mod quadratic_discriminant;
mod quadratic_discriminant_model;

pub use linear_discriminant::LinearDiscriminant;
pub use quadratic_discriminant::QuadraticDiscriminant;
pub use quadratic_discriminant_model::QuadraticDiscriminantModel;
