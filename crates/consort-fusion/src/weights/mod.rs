//! Weights of members, fitted.

pub(crate) mod active_set;
mod by_score;
mod certificate;
pub(crate) mod gram;
pub(crate) mod linear_pool;
mod nnls;
pub(crate) mod normal_equations;
pub(crate) mod ordered_sum;
mod per_class;
pub(crate) mod sample;
mod simplex;
mod simplex_log_loss;
mod simplex_squared_loss;

pub use by_score::{ByScore, Scheme};
pub use certificate::Certificate;
pub use nnls::{NonNegativeLeastSquares, NonNegativePool};
pub use per_class::{PerClassPool, PerClassWeights};
pub use simplex::{SimplexPool, SimplexWeights, WeightLoss};
