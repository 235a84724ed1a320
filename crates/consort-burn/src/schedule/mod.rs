//! Learning-rate schedules.

#[allow(clippy::module_inception)]
mod schedule;

pub use schedule::Schedule;
