//! Meta-learners: the members are the features.

pub(crate) mod lbfgs;
mod linear;
mod logistic;
mod logistic_loss;

pub use linear::{LinearMetaModel, LinearStack};
pub use logistic::{LogisticMetaModel, LogisticStack, MetaInputs};
pub(crate) use logistic_loss::sigmoid;
