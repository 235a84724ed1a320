use consort_core::Result;

use super::induction::Grown;
use crate::tree::{Node, Split, Test, Tree};

/// Minimal cost-complexity pruning (Breiman and others 1984, chapter 3): which branch falls at which cost of a leaf.
///
/// With `R` the impurity of a node weighted by its share of the rows, a node is worth its branch as long as
/// `alpha < (R(node) − Σ R(leaves below)) / (leaves below − 1)`. The weakest branch falls first, then all is
/// reckoned anew. O(nodes × depth) for each branch that falls.
#[derive(Debug, Clone, PartialEq)]
pub struct PruningPath {
    /// The costs, ascending from 0: step `i` is the tree that is left at `alphas[i]`.
    pub alphas: Vec<f64>,
    /// The impurity of the leaves of each step.
    pub impurities: Vec<f64>,
    /// The nodes that lose their branches, one a step after the first.
    fallen: Vec<usize>,
}

impl PruningPath {
    pub(crate) fn of(grown: &Grown) -> Self {
        let nodes = grown.tree.nodes();
        let weight = f64::from(nodes[0].cover);
        let risk: Vec<f64> = grown.impurities.iter().map(|impurity| impurity / weight).collect();
        let order = preorder(nodes);
        let mut parent = vec![usize::MAX; nodes.len()];
        for (i, node) in nodes.iter().enumerate() {
            node.split.iter().flat_map(Split::children).for_each(|child| parent[child] = i);
        }
        // The leaves of each branch: how many, and their risk. Children come after their parents.
        let mut leaves = vec![1usize; nodes.len()];
        let mut below = risk.clone();
        let mut gone = vec![false; nodes.len()];
        for (i, node) in nodes.iter().enumerate().rev() {
            if let Some(split) = &node.split {
                let [left, right] = split.children();
                (leaves[i], below[i]) = (leaves[left] + leaves[right], below[left] + below[right]);
            }
        }
        let mut path = Self { alphas: vec![0.0], impurities: vec![below[0]], fallen: Vec::new() };
        while leaves[0] > 1 {
            let mut weakest: Option<(f64, usize)> = None;
            for &i in order.iter().filter(|&&i| leaves[i] > 1 && !gone[i]) {
                let alpha = (risk[i] - below[i]) / (leaves[i] - 1) as f64;
                if weakest.is_none_or(|(least, _)| alpha < least) {
                    weakest = Some((alpha, i));
                }
            }
            let Some((alpha, fallen)) = weakest else { break };
            let mut under: Vec<usize> = nodes[fallen].split.iter().flat_map(Split::children).collect();
            while let Some(i) = under.pop() {
                gone[i] = true;
                under.extend(nodes[i].split.iter().flat_map(Split::children));
            }
            let (lost, more) = (leaves[fallen] - 1, risk[fallen] - below[fallen]);
            let mut at = fallen;
            while at != usize::MAX {
                leaves[at] -= lost;
                below[at] += more;
                at = parent[at];
            }
            path.alphas.push(alpha);
            path.impurities.push(below[0]);
            path.fallen.push(fallen);
        }
        path
    }

    /// The tree that is left at this cost of a leaf.
    pub(crate) fn prune(&self, tree: &Tree, alpha: f64) -> Result<Tree> {
        let mut is_leaf = vec![false; tree.nodes().len()];
        for (&fallen, &cost) in self.fallen.iter().zip(&self.alphas[1..]) {
            if cost > alpha {
                break;
            }
            is_leaf[fallen] = true;
        }
        let mut nodes: Vec<Node> = vec![tree.nodes()[0]];
        let mut from = vec![0usize];
        let mut sets = Vec::new();
        let mut at = 0;
        while at < nodes.len() {
            if is_leaf[from[at]] {
                nodes[at].split = None;
            }
            if let Some(mut split) = nodes[at].split {
                for child in split.children() {
                    nodes.push(tree.nodes()[child]);
                    from.push(child);
                }
                split.left = nodes.len() as u32 - 2;
                if let Test::Among(set) = split.test {
                    sets.push(tree.sets()[set as usize].clone());
                    split.test = Test::Among(sets.len() as u32 - 1);
                }
                nodes[at].split = Some(split);
            }
            at += 1;
        }
        let values = from.iter().flat_map(|&node| tree.value(node)).copied().collect();
        Tree::new(nodes, values, sets)
    }
}

/// The nodes, each before those below it, left before right.
fn preorder(nodes: &[Node]) -> Vec<usize> {
    let mut order = Vec::with_capacity(nodes.len());
    let mut stack = vec![0];
    while let Some(i) = stack.pop() {
        order.push(i);
        stack.extend(nodes[i].split.iter().flat_map(Split::children).rev());
    }
    order
}
