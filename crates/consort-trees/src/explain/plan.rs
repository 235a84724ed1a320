use std::collections::HashMap;

use super::quadrature;
use crate::tree::{Split, Test, Tree};

/// A tree made ready for contributions: all that does not depend on the row.
///
/// The game of a leaf of value `v` is a product: a set `S` of features is worth `v · Π_{j ∈ S} o_j · Π_{j ∉ S} z_j`, where
/// `o_j` says whether the row takes all splits of feature `j` on the way to the leaf, and `z_j` is the share of training
/// rows that does. By Owen's multilinear extension (1972) the Shapley value of `i` in it is
/// `v (o_i − z_i) ∫₀¹ Π_{j ≠ i} (z_j + t (o_j − z_j)) dt`, an integral of a polynomial of a degree below the number of
/// features on the way. Half as many points of Gauss and Legendre give it exactly. At a point every factor is positive,
/// so the product without `i` is the product divided by a factor, and leaves below a split share their products, as in
/// Linear TreeSHAP (Yu and others 2022): the work is nodes × points, not leaves × depth².
#[derive(Debug)]
pub(super) struct Plan<'a> {
    pub(super) tree: &'a Tree,
    /// How many points of `t` there are.
    pub(super) points: usize,
    /// All nodes but the root, each before its children and left before right.
    pub(super) steps: Vec<Step>,
    /// `[steps][points]`.
    pub(super) tables: Vec<Factors>,
    /// The most splits between root and leaf.
    pub(super) depth: usize,
}

/// The way from a node to one of its children.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    /// The child.
    pub(super) node: u32,
    /// How many splits are above the child.
    pub(super) depth: u32,
    /// The depth of the child below the last split by the same feature further up; 0 if there is none.
    pub(super) before: u32,
    pub(super) feature: u32,
    pub(super) test: Test,
    pub(super) missing_left: bool,
    /// Whether the child is the left one.
    pub(super) is_left: bool,
    pub(super) is_leaf: bool,
    /// What products change by where the row had left the way at the split before.
    pub(super) off: f64,
}

/// What a step does at one point `t`, by whether the row is on the way so far as this feature asks.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Factors {
    /// What products change by: the row is still on the way.
    pub(super) stays: f64,
    /// The same for a row that leaves the way here.
    pub(super) leaves: f64,
    /// The weight of a product below in the contribution of the feature, beyond what the split before gave it.
    pub(super) stays_weight: f64,
    /// The same for a row that leaves the way here. One that had left has none: its weight does not change any more.
    pub(super) leaves_weight: f64,
}

impl<'a> Plan<'a> {
    pub(super) fn new(tree: &'a Tree) -> Self {
        let mut steps: Vec<Step> = Vec::with_capacity(tree.nodes().len() - 1);
        // The share of training rows that take the feature's splits so far: before the step and after it.
        let mut shares: Vec<[f64; 2]> = Vec::with_capacity(steps.capacity());
        // Of each feature, the depth and share of its last splits on the way.
        let mut asked: HashMap<u32, Vec<(u32, f64)>> = HashMap::new();
        let (mut distinct, mut most) = (0usize, 0usize);
        let mut todo: Vec<Todo> = Vec::new();
        push(tree, 0, 1, &mut todo);
        while let Some(next) = todo.pop() {
            let Todo::Enter { split, node, depth, is_left } = next else {
                if let Todo::Leave { feature } = next
                    && let Some(own) = asked.get_mut(&feature)
                {
                    own.pop();
                    distinct -= usize::from(own.is_empty());
                }
                continue;
            };
            let share = tree.shares(&split)[usize::from(!is_left)];
            let own = asked.entry(split.feature).or_default();
            distinct += usize::from(own.is_empty());
            most = most.max(distinct);
            let (before, old) = own.last().copied().unwrap_or((0, 1.0));
            own.push((depth, old * share));
            shares.push([old, old * share]);
            steps.push(Step {
                node: node as u32,
                depth,
                before,
                feature: split.feature,
                test: split.test,
                missing_left: split.missing_left,
                is_left,
                is_leaf: tree.nodes()[node].split.is_none(),
                off: if old > 0.0 { share } else { 0.0 },
            });
            todo.push(Todo::Leave { feature: split.feature });
            push(tree, node, depth + 1, &mut todo);
        }

        let points = quadrature::points(most.div_ceil(2));
        let factors = |[old, new]: [f64; 2]| {
            points.iter().map(move |point| {
                let on = |z: f64| z + point.t * (1.0 - z);
                let weight = |z: f64| (1.0 - z) / on(z);
                Factors {
                    stays: on(new) / on(old),
                    leaves: new * (1.0 - point.t) / on(old),
                    stays_weight: point.weight * (weight(new) - weight(old)),
                    leaves_weight: point.weight * (-1.0 / (1.0 - point.t) - weight(old)),
                }
            })
        };
        let tables = shares.into_iter().flat_map(factors).collect();
        Self { tree, points: points.len(), steps, tables, depth: tree.depth() }
    }
}

enum Todo {
    Enter { split: Split, node: usize, depth: u32, is_left: bool },
    Leave { feature: u32 },
}

/// Both children of a node, the left on top.
fn push(tree: &Tree, node: usize, depth: u32, todo: &mut Vec<Todo>) {
    if let Some(split) = tree.nodes()[node].split {
        let [left, right] = split.children();
        todo.push(Todo::Enter { split, node: right, depth, is_left: false });
        todo.push(Todo::Enter { split, node: left, depth, is_left: true });
    }
}
