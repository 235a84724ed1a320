//! Meta-learners: the members are the features.

mod lbfgs;
mod linear;
mod logistic;
mod logistic_loss;

pub use linear::{LinearMetaModel, LinearStack};
pub use logistic::{LogisticMetaModel, LogisticStack, MetaInputs};
