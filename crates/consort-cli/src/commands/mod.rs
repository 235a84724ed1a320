//! The commands, one file each.

pub(crate) mod compare;
pub(crate) mod evaluate;
pub(crate) mod fuse;
pub(crate) mod split;
