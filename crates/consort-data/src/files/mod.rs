//! Prediction files: read, written, aligned.

mod align;
mod arrow;
mod cell;
mod columns;
mod delimited;
mod fill;
mod first_pass;
mod footer;
mod frame;
mod guard;
mod input;
mod layout;
mod loaded;
mod npy;
pub(crate) mod number;
mod options;
mod parquet;
mod problem;
mod publish;
mod read;
mod source;
pub(crate) mod survey;
pub(crate) mod table;
mod texts;
mod weights;
mod write;

pub(crate) use cell::Cell;
pub use columns::{TextColumn, read_columns};
pub use frame::{to_frame, write_frame};
pub use loaded::{Folds, Loaded, Style};
pub use options::{ClassesMissing, Join, ReadOptions};
pub use publish::publish;
pub use read::read_members;
pub use source::{Format, Source};
pub use weights::read_member_weights;
pub use write::{Cells, Fused, write_fused, write_table};
