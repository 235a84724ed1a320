//! Members by name, with parameters that suit the size of the data.

mod boosted;
mod names;

pub use names::{Entry, NAMES, auto, by_name};
