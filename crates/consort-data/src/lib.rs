//! Tables and files, on polars: prediction files in CSV, Parquet, IPC and NPY, and splits of rows.

mod date;
mod error;
pub mod files;
pub mod split;
pub mod table;

pub use error::{Error, Result};
