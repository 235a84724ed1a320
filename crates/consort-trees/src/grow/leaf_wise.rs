use rayon::prelude::*;

use super::{
    Gradients, Growth, TreeParams,
    histogram::{Histogram, NodeRows, build, subtract},
    partition::partition,
    split::{Candidate, Cut, Scale, Sums, best},
};
use crate::{
    bins::Binned,
    tree::{Node, Split, Test, Tree},
};

/// Grows trees on one binned data set; keeps its memory from tree to tree.
#[derive(Debug)]
pub struct Grower<'a> {
    binned: &'a Binned,
    /// The rows of each leaf, one after another, each ascending.
    rows: Vec<u32>,
    spare: Vec<u32>,
    /// Histograms that no leaf holds at the moment.
    free: Vec<Vec<Histogram>>,
}

/// A tree, and the training rows of each of its leaves.
#[derive(Debug)]
pub struct Grown {
    /// The tree, its values not yet shrunk.
    pub tree: Tree,
    /// The node number of each leaf, and where its rows are in [`Grower::rows`].
    pub leaves: Vec<(u32, std::ops::Range<usize>)>,
}

/// A leaf that may still be split.
struct Leaf {
    node: usize,
    depth: usize,
    start: usize,
    end: usize,
    word: i64,
    histograms: Option<Vec<Histogram>>,
    candidate: Option<Candidate>,
}

impl<'a> Grower<'a> {
    /// A grower for this data set.
    pub fn new(binned: &'a Binned) -> Self {
        Self { binned, rows: Vec::new(), spare: Vec::new(), free: Vec::new() }
    }

    /// The rows of all leaves, one leaf after another.
    pub fn rows(&self) -> &[u32] {
        &self.rows
    }

    /// The tree that fits the gradients of the given rows (all, if `None`). `features[f]` says whether feature `f`
    /// may be asked.
    pub fn grow(
        &mut self,
        gradients: &Gradients,
        rows: Option<&[u32]>,
        features: &[bool],
        params: &TreeParams,
    ) -> Grown {
        self.rows.clear();
        match rows {
            Some(rows) => self.rows.extend_from_slice(rows),
            None => self.rows.extend(0..self.binned.rows() as u32),
        }
        self.spare.resize(self.rows.len(), 0);
        let scale = Scale { gradient: gradients.gradient_step, hessian: gradients.hessian_step };
        let words = gradients.words();

        let mut root = self.histograms();
        let node_rows = if rows.is_some() { NodeRows::Some(&self.rows) } else { NodeRows::All(self.rows.len()) };
        build(self.binned, words, node_rows, &mut root);
        let word = root.first().map_or(0, |first| first.iter().fold(0i64, |sum, &bin| sum.wrapping_add(bin)));

        let mut parts = Parts::default();
        parts.push(gradients, params, word);
        let mut first =
            Leaf { node: 0, depth: 0, start: 0, end: self.rows.len(), word, histograms: Some(root), candidate: None };
        self.search(&mut first, features, scale, params);
        let mut leaves = vec![first];

        while leaves.len() < params.leaves {
            let Some(chosen) = next(&leaves, params.growth) else { break };
            let is_last = leaves.len() + 1 == params.leaves;
            let Some(found) = leaves[chosen].candidate.take() else { break };
            let right = self.split(&mut leaves[chosen], &found, &mut parts, gradients, params);
            let opened = leaves.len();
            leaves.push(right);
            let (before, after) = leaves.split_at_mut(opened);
            let (left, right) = (&mut before[chosen], &mut after[0]);
            let too_deep = params.depth.is_some_and(|depth| left.depth >= depth);
            if is_last || too_deep {
                self.release(left);
                continue;
            }
            // The smaller child is summed; the other is what is left of the parent.
            let Some(mut parent) = left.histograms.take() else { continue };
            let mut small = self.histograms();
            let left_is_small = left.end - left.start <= right.end - right.start;
            let smaller = if left_is_small { &*left } else { &*right };
            build(self.binned, words, NodeRows::Some(&self.rows[smaller.start..smaller.end]), &mut small);
            subtract(&mut parent, &small);
            let (of_left, of_right) = if left_is_small { (small, parent) } else { (parent, small) };
            left.histograms = Some(of_left);
            right.histograms = Some(of_right);
            let this = &*self;
            rayon::join(|| this.search(left, features, scale, params), || this.search(right, features, scale, params));
            for leaf in [left, right] {
                if leaf.candidate.is_none() {
                    self.release(leaf);
                }
            }
        }
        for leaf in &mut leaves {
            self.release(leaf);
        }
        let tree = Tree::grown(parts.nodes, parts.values, parts.sets);
        Grown { tree, leaves: leaves.iter().map(|leaf| (leaf.node as u32, leaf.start..leaf.end)).collect() }
    }

    fn histograms(&mut self) -> Vec<Histogram> {
        self.free.pop().unwrap_or_else(|| vec![[0; 256]; self.binned.features().len()])
    }

    fn release(&mut self, leaf: &mut Leaf) {
        self.free.extend(leaf.histograms.take());
    }

    /// Turns a leaf into a node with two leaves: the leaf becomes the left one, the right one is given back.
    fn split(
        &mut self,
        leaf: &mut Leaf,
        found: &Candidate,
        parts: &mut Parts,
        gradients: &Gradients,
        params: &TreeParams,
    ) -> Leaf {
        let bins = &self.binned.features()[found.feature];
        let test = match found.cut {
            Cut::UpTo(code) => Test::AtMost(bins.upper_edge(code)),
            Cut::Among(set) => {
                parts.sets.push(set.to_vec());
                Test::Among(parts.sets.len() as u32 - 1)
            }
        };
        parts.nodes[leaf.node].split = Some(Split {
            feature: found.feature as u32,
            test,
            missing_left: found.missing_left,
            left: parts.nodes.len() as u32,
            gain: found.gain as f32,
        });
        let rights = found.rights(bins);
        let lefts = partition(
            &mut self.rows[leaf.start..leaf.end],
            &mut self.spare,
            self.binned.column(found.feature),
            &rights,
        );
        let right_word = leaf.word.wrapping_sub(found.left);
        parts.push(gradients, params, found.left);
        parts.push(gradients, params, right_word);
        let right = Leaf {
            node: parts.nodes.len() - 1,
            depth: leaf.depth + 1,
            start: leaf.start + lefts,
            end: leaf.end,
            word: right_word,
            histograms: None,
            candidate: None,
        };
        leaf.node = parts.nodes.len() - 2;
        leaf.depth += 1;
        leaf.end = leaf.start + lefts;
        leaf.word = found.left;
        right
    }

    /// The best split of a leaf; of equal gain, that of the first feature.
    fn search(&self, leaf: &mut Leaf, features: &[bool], scale: Scale, params: &TreeParams) {
        let Some(histograms) = &leaf.histograms else { return };
        let node = Sums { word: leaf.word, rows: leaf.end - leaf.start };
        if (node.rows as f64) < 2.0 * params.min_rows {
            return;
        }
        let of = |feature: usize| {
            if !features[feature] {
                return None;
            }
            best(feature, &self.binned.features()[feature], &histograms[feature], node, scale, params)
        };
        let better = |a: Option<Candidate>, b: Option<Candidate>| match (a, b) {
            (Some(a), Some(b)) => Some(if b.gain > a.gain { b } else { a }),
            (a, b) => a.or(b),
        };
        leaf.candidate = if histograms.len() < 64 {
            (0..histograms.len()).map(of).fold(None, better)
        } else {
            (0..histograms.len()).into_par_iter().map(of).collect::<Vec<_>>().into_iter().fold(None, better)
        };
    }
}

/// A tree in the making.
#[derive(Default)]
struct Parts {
    nodes: Vec<Node>,
    values: Vec<f32>,
    sets: Vec<Vec<u64>>,
}

impl Parts {
    fn push(&mut self, gradients: &Gradients, params: &TreeParams, word: i64) {
        let (g, h) = gradients.unpack(word);
        self.nodes.push(Node::leaf(h));
        self.values.push(params.value(g, h) as f32);
    }
}

/// The place of the leaf to be split next; of equals, the first.
fn next(leaves: &[Leaf], growth: Growth) -> Option<usize> {
    let mut chosen: Option<(usize, f64, usize)> = None;
    for (i, leaf) in leaves.iter().enumerate() {
        let Some(candidate) = &leaf.candidate else { continue };
        let is_better = chosen.is_none_or(|(_, gain, depth)| match growth {
            Growth::LeafWise => candidate.gain > gain,
            Growth::DepthWise => leaf.depth < depth || (leaf.depth == depth && candidate.gain > gain),
        });
        if is_better {
            chosen = Some((i, candidate.gain, leaf.depth));
        }
    }
    chosen.map(|(i, ..)| i)
}
