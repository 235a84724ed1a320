//! The charts and the report as a reader of the crate meets them.

#[cfg(test)]
mod charts;
#[cfg(test)]
mod gallery;
#[cfg(test)]
mod golden;
#[cfg(all(test, feature = "png"))]
mod pictures;
#[cfg(test)]
mod report;
