//! Members by name, with parameters that suit the size of the data.

mod boosted;
mod member_recipe;
mod names;
#[cfg(feature = "nets")]
mod nets;

pub use member_recipe::MemberRecipe;
pub use names::{Entry, NAMES, auto, by_name, in_order};
