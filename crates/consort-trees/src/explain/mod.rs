//! Why trees predict what they do: what each feature adds to a prediction, and how much each is used.

mod contributions;
mod importance;
mod plan;
mod quadrature;
mod rows;

pub use contributions::Contributions;
pub use importance::Importance;
