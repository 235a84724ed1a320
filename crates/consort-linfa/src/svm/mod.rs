//! Support vector machines.

mod decision;
mod kernel;
mod platt;
mod smo;
mod support_vector;
mod support_vector_model;

pub use kernel::{Gamma, Kernel};
pub use support_vector::SupportVector;
pub use support_vector_model::SupportVectorModel;
