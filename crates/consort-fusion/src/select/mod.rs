//! Selection of members: which of them take part, and how often.

mod bags;
mod best;
mod forward;
mod greedy;
mod kappa;
mod labelled;
mod margin_distance;
mod reduce_error;
mod running;
mod selection;
mod tie;
mod top;
mod weighted_members;

pub use bags::Bags;
pub use best::SelectBest;
pub use greedy::{Costs, GreedySelection, Keep};
pub use kappa::KappaPruning;
pub(crate) use labelled::{Labelled, suitable};
pub use margin_distance::MarginDistance;
pub use reduce_error::ReduceError;
pub use selection::{Run, Selection};
pub use tie::Tie;
pub use top::SelectTop;
pub use weighted_members::WeightedMembers;
