//! Boosting: learners fitted one after another, each on what those before it leave.
//!
//! [`Boosting`] is gradient boosting of any learner of numbers, and [`BoostedModel`] what it gives. [`AdaBoost`] re-weights
//! rows for any learner. For trees there is `consort_trees::boosting`, which is far faster and sets each leaf by itself.

mod boosted_model;
mod boosting;
mod line_search;

pub use boosted_model::BoostedModel;
pub use boosting::{Boosting, Step};
pub use consort_trees::{
    adaboost::{AdaBoost, Adaptive, Ending, R2Loss, Reweight},
    boosting::{EarlyStopping, loss},
};
