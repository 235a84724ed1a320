//! The commands, one file each.

mod apply;
pub(crate) mod compare;
pub(crate) mod evaluate;
pub(crate) mod fuse;
pub(crate) mod split;
