use consort_core::{Error, Result};

use crate::tree::{Node, Split, Tree};

/// A node of another program's tree, whose children may be anywhere.
#[derive(Debug, Clone, Copy)]
pub(super) struct Foreign {
    /// Its question, whose `left` is not set yet, and the numbers of its children.
    pub(super) split: Option<(Split, [usize; 2])>,
    pub(super) value: f32,
    pub(super) cover: f32,
}

/// The tree that hangs on node 0, its children put side by side after their parent.
///
/// Nodes that nobody leads to are left out. A node with two parents, such as in a circle, is refused, so the work is
/// bounded by the number of nodes.
pub(super) fn replant(place: &str, foreign: &[Foreign], sets: Vec<Vec<u64>>) -> Result<Tree> {
    let damaged = |problem: String| Error::Damaged { place: place.into(), problem };
    let mut is_placed = vec![false; foreign.len()];
    let mut place_of = |node: usize| match is_placed.get_mut(node).map(|placed| std::mem::replace(placed, true)) {
        Some(false) => Ok(node),
        Some(true) => Err(damaged(format!("node {node} has two parents"))),
        None => Err(damaged(format!("there is no node {node} among {}", foreign.len()))),
    };
    let mut order = vec![place_of(0)?];
    let mut nodes = Vec::with_capacity(foreign.len());
    let mut values = Vec::with_capacity(foreign.len());
    while let Some(&next) = order.get(nodes.len()) {
        let node = &foreign[next];
        let split = match node.split {
            Some((split, [left, right])) => {
                let split = Split { left: order.len() as u32, ..split };
                order.push(place_of(left)?);
                order.push(place_of(right)?);
                Some(split)
            }
            None => None,
        };
        nodes.push(Node { split, cover: node.cover });
        values.push(node.value);
    }
    Tree::new(nodes, values, sets).map_err(|error| match error {
        Error::Damaged { problem, .. } => damaged(problem),
        other => other,
    })
}
