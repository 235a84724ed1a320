//! A grown tree: nodes in one array, a few numbers a node in another.

mod columnar;
mod node;
#[allow(clippy::module_inception)]
mod tree;

pub(crate) use node::single;
pub use node::{Node, Split, Test};
pub use tree::Tree;
pub(crate) use tree::contains;
