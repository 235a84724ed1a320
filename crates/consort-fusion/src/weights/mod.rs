//! Weights of members, fitted.

mod active_set;
mod certificate;
mod gram;
mod linear_pool;
mod nnls;
mod normal_equations;
mod per_class;
mod sample;
mod simplex;
mod simplex_log_loss;
mod simplex_squared_loss;

pub use certificate::Certificate;
pub use nnls::{NonNegativeLeastSquares, NonNegativePool};
pub use per_class::{PerClassPool, PerClassWeights};
pub use simplex::{SimplexPool, SimplexWeights, WeightLoss};
