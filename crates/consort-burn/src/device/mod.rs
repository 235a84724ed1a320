//! Where nets are trained: devices by name.

#[allow(clippy::module_inception)]
mod device;

#[cfg(test)]
pub(crate) use device::all_there;
pub use device::{Chosen, choose};
pub(crate) use device::{is_card, read};
