//! Adaptive boosting: each member is fitted with more weight on the rows that those before it got wrong.
//!
//! [`AdaBoost`] is the learner, over any learner (with weights, or by draws where it takes none), and [`Adaptive`] what it gives. Classes are boosted by
//! SAMME, numbers by R2 with an [`R2Loss`].

#[allow(clippy::module_inception)]
mod adaboost;
mod model;
mod r2;
mod round;
mod samme;

pub use adaboost::{AdaBoost, Reweight};
pub use model::Adaptive;
pub use r2::R2Loss;
pub use round::Ending;
