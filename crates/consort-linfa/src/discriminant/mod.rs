//! Discriminant analysis: each class a normal cloud.

mod linear_discriminant;
mod quadratic_discriminant;
mod quadratic_discriminant_model;

use consort_core::{Error, Result};

pub use linear_discriminant::LinearDiscriminant;
pub use quadratic_discriminant::QuadraticDiscriminant;
pub use quadratic_discriminant_model::QuadraticDiscriminantModel;

fn from_0_to_1(shrinkage: f64) -> Result<()> {
    if (0.0..=1.0).contains(&shrinkage) {
        return Ok(());
    }
    Err(Error::parameter("shrinkage", shrinkage, "from 0 to 1"))
}
