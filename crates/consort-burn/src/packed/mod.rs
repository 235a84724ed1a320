//! Nets of equal architecture, trained as one program of batched matrix products.

mod choice;
mod module;
mod training;

pub(crate) use choice::refusal;
pub(crate) use training::train;
