//! Pictures as rows, in a program with nets.

#[allow(clippy::module_inception)]
mod pictures;
#[cfg(feature = "nets")]
mod reading;
#[cfg(not(feature = "nets"))]
mod without_nets;

pub(crate) use pictures::{CLASS, Pictures, are_pictures};
