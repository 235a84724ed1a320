//! The charts and the report as a reader of the crate meets them.

mod charts;
mod gallery;
mod report;
