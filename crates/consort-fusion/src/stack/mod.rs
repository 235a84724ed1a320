//! Meta-learners: the members are the features; and fusers that choose between fusers, or mix them.

pub(crate) mod lbfgs;
mod linear;
mod logistic;
mod logistic_loss;
pub(crate) mod newton;
mod super_learner;

pub use linear::{LinearMetaModel, LinearStack};
pub use logistic::{LogisticMetaModel, LogisticStack, MetaInputs};
pub(crate) use logistic_loss::sigmoid;
pub use super_learner::{FusionMixture, SuperLearner};
