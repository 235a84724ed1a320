//! Splits on data frames: the columns that a splitter reads, and folds as tables. The splitters themselves are those of
//! `consort-split`, which needs no data frame; they stand here too.
//!
//! [`RowColumns`] reads the columns of a split from a data frame, [`to_table`] and [`from_table`] save folds and read them
//! back.

mod columns;
mod table;

pub use columns::RowColumns;
pub(crate) use columns::{codes, times};
pub use consort_split::*;
pub use table::{from_table, to_table};
