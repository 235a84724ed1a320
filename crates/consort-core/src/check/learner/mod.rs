//! The contracts of learners and of the models that they fit.

mod case;
mod conduct;
mod contracts;
mod edges;
mod lesson;
mod repeats;
mod saving;
mod trial;
mod weights;
#[cfg(test)]
mod wrong;

pub use case::LearnerCase;
pub use contracts::learner;
