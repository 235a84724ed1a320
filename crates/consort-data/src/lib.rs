//! Tables and files, on polars: prediction files in CSV, Parquet, IPC and NPY, and splits of rows.

mod error;
pub mod files;
pub mod split;

pub use error::{Error, Result};
