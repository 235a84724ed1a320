//! Forests of randomised trees: random forest, extra trees, random patches.
//!
//! [`RandomForest`] is the learner and [`Forest`] what it gives; [`Draw`] says which rows a tree sees, [`Cuts`] where
//! features are cut; [`OutOfBag`] and [`PermutationImportance`] judge a forest on the rows that its trees did not see.

mod cuts;
mod model;
mod out_of_bag;
mod permutation;
mod random_forest;

pub use consort_split::Draw;
pub use cuts::Cuts;
pub use model::Forest;
pub use out_of_bag::OutOfBag;
pub use permutation::PermutationImportance;
pub use random_forest::RandomForest;
