//! Bagging: one learner fitted on many draws of the rows, of the features, or of both; its out-of-bag estimate is free.
//!
//! [`Bagging`] is the learner and [`BaggedModel`] what it gives. Which rows a member sees is a [`Draw`]; how the members
//! become one is any rule of consort-fusion.

mod bagged_model;
mod bagging;
mod out_of_bag;
mod subspace;

pub use bagged_model::BaggedModel;
pub use bagging::Bagging;
pub use consort_split::Draw;
pub use consort_trees::forest::OutOfBag;
