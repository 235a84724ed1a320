//! Tables and files, on polars: prediction files in CSV, Parquet and NPY, and splits of rows.

pub mod files;
pub mod split;
