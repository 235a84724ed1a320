//! Smooth penalised likelihoods and the search for their minimum.

mod lbfgs;
mod penalised;

pub(crate) use penalised::{Likelihood, Penalised, sigmoid};
