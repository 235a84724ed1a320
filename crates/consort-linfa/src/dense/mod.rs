//! The numbers of samples as dense matrices: chosen, checked and gathered once.

mod few_enough;
mod linear_scores;
mod moments;
mod ordered_sum;
mod products;
mod schema;
mod table;
mod tiles;
mod training;
mod whole;

pub(crate) use few_enough::few_enough;
pub(crate) use linear_scores::linear_scores;
pub(crate) use moments::Standard;
pub(crate) use ordered_sum::ordered_sum;
pub(crate) use products::{products, rows_of};
pub(crate) use schema::Schema;
pub(crate) use table::{CHUNK, Table, chunks};
pub(crate) use tiles::Tiles;
pub(crate) use training::{ClassTarget, Training, ValueTarget};
pub(crate) use whole::whole;
