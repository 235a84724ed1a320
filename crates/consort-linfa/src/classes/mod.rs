//! Probabilities over the classes of a problem, of which the training rows may have some only.

mod log_softmax;
mod present;

pub(crate) use log_softmax::log_softmax;
pub(crate) use present::Present;
