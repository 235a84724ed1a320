//! Prediction files: read, written, aligned.

mod loaded;
mod options;
mod publish;
mod read;
mod source;
mod write;

pub use loaded::{Folds, Loaded, Style};
pub use options::{ClassesMissing, Join, ReadOptions};
pub use publish::publish;
pub use read::read_members;
pub use source::{Format, Source};
pub use write::{Cells, Fused, write_fused, write_table};
