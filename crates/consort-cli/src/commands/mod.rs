//! The commands, one file each.

mod apply;
pub(crate) mod bundle;
pub(crate) mod compare;
pub(crate) mod diagnose;
pub(crate) mod evaluate;
pub(crate) mod evaluate_run;
pub(crate) mod fit;
pub(crate) mod fuse;
pub(crate) mod members;
pub(crate) mod predict;
pub(crate) mod report;
pub(crate) mod split;
pub(crate) mod watch;
