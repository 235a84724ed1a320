use consort_core::Seed;
use rayon::prelude::*;

use super::{
    Gradients, Growth, TreeParams,
    constraints::{Bounds, Constraints},
    histogram::{BINS, Histogram, NodeRows, PARALLEL, accumulate, by_group, subtract},
    partition::partition,
    split::{Candidate, Cut, Rights, Scale, Search, better},
};
use crate::{
    bins::{Binned, Group},
    tree::{Node, Split, Test, Tree, single},
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

/// What one tree is grown from.
#[derive(Debug, Clone, Copy)]
pub struct Growing<'a> {
    /// A gradient and a Hessian a row.
    pub gradients: &'a Gradients,
    /// The rows that count, ascending; `None` for all.
    pub rows: Option<&'a [u32]>,
    /// Whether each feature may be asked.
    pub features: &'a [bool],
    /// The share of these features that each split may choose among, drawn anew for each.
    pub features_per_split: f64,
    /// Where features are drawn from.
    pub seed: Seed,
    /// What the tree must not do.
    pub constraints: &'a Constraints,
    /// The shape of the tree.
    pub params: &'a TreeParams,
}

/// A tree, and the training rows of each of its leaves.
#[derive(Debug)]
pub struct Grown {
    /// The tree, its values not yet shrunk.
    pub tree: Tree,
    /// Its leaves.
    pub leaves: Vec<GrownLeaf>,
    /// For each inner node, in the order of nodes: whether each code of its feature goes right.
    routes: Vec<Option<Box<Rights>>>,
}

/// A leaf of a tree that was just grown.
#[derive(Debug, Clone)]
pub struct GrownLeaf {
    /// Its number among the nodes.
    pub node: usize,
    /// Where its rows are in [`Grower::rows`].
    pub rows: std::ops::Range<usize>,
}

impl Grown {
    /// The leaf of a row of the data set that the tree was grown on, be it among the rows that counted or not.
    pub fn leaf_of(&self, binned: &Binned, row: usize) -> usize {
        let mut at = 0;
        while let (Some(split), Some(rights)) = (&self.tree.nodes()[at].split, &self.routes[at]) {
            let code = binned.column(split.feature as usize)[row];
            at = split.left as usize + usize::from(rights[code as usize]);
        }
        at
    }
}

/// A leaf that may still be split.
struct Leaf {
    node: usize,
    depth: usize,
    start: usize,
    end: usize,
    word: i64,
    bounds: Bounds,
    /// The features asked on the way here, kept where constraints need them.
    path: Vec<u32>,
    histograms: Option<Vec<Histogram>>,
    candidate: Option<Candidate>,
}

impl Leaf {
    fn rows(&self) -> usize {
        self.end - self.start
    }
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

    /// The tree that fits the gradients.
    pub fn grow(&mut self, growing: &Growing<'_>) -> Grown {
        let Growing { gradients, params, .. } = *growing;
        self.rows.clear();
        match growing.rows {
            Some(rows) => self.rows.extend_from_slice(rows),
            None => self.rows.extend(0..self.binned.rows() as u32),
        }
        self.spare.resize(self.rows.len(), 0);
        let asked = Asked::new(self.binned.groups(), growing.features);

        let word = match growing.rows {
            None => gradients.total(),
            Some(rows) => rows.iter().fold(0i64, |sum, &row| sum.wrapping_add(gradients.words()[row as usize])),
        };
        let mut root = Leaf {
            node: 0,
            depth: 0,
            start: 0,
            end: self.rows.len(),
            word,
            bounds: Bounds::NONE,
            path: Vec::new(),
            histograms: None,
            candidate: None,
        };
        let mut parts = Parts::default();
        parts.push(gradients.unpack(word), params, Bounds::NONE);
        self.open_root(&mut root, growing, &asked);
        let mut leaves = vec![root];
        while leaves.len() < params.leaves {
            let Some(chosen) = next(&leaves, params.growth) else { break };
            let Some(found) = leaves[chosen].candidate.take() else { break };
            let right = self.split(&mut leaves[chosen], &found, &mut parts, growing);
            leaves.push(right);
            // The last split needs no histograms.
            if leaves.len() < params.leaves {
                let opened = leaves.len() - 1;
                let (before, after) = leaves.split_at_mut(opened);
                self.open(&mut before[chosen], &mut after[0], growing, &asked);
            }
        }
        for leaf in &mut leaves {
            self.release(leaf);
        }
        Grown {
            tree: Tree::grown(parts.nodes, parts.values, parts.sets),
            leaves: leaves.iter().map(|leaf| GrownLeaf { node: leaf.node, rows: leaf.start..leaf.end }).collect(),
            routes: parts.routes,
        }
    }

    fn histograms(&mut self) -> Vec<Histogram> {
        self.free.pop().unwrap_or_else(|| vec![[0; BINS]; self.binned.features().len()])
    }

    fn release(&mut self, leaf: &mut Leaf) {
        self.free.extend(leaf.histograms.take());
    }

    /// Turns a leaf into a node with two leaves: the leaf becomes the left one, the right one is given back.
    fn split(&mut self, leaf: &mut Leaf, found: &Candidate, parts: &mut Parts, growing: &Growing<'_>) -> Leaf {
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
            gain: single(found.gain),
        });
        let rights = found.rights(bins);
        let column = self.binned.column(found.feature);
        let lefts = partition(&mut self.rows[leaf.start..leaf.end], &mut self.spare, column, &rights);
        if growing.rows.is_some() {
            parts.routes[leaf.node] = Some(Box::new(rights));
        }
        let right_word = leaf.word.wrapping_sub(found.left);
        let sums = [found.left, right_word].map(|word| growing.gradients.unpack(word));
        let [left_value, right_value] = sums.map(|(g, h)| leaf.bounds.clamp(growing.params.value(g, h)));
        let monotone = growing.constraints.of(found.feature);
        let [of_left, of_right] = leaf.bounds.split(monotone, left_value, right_value);
        parts.push(sums[0], growing.params, of_left);
        parts.push(sums[1], growing.params, of_right);
        if !growing.constraints.interactions.is_empty() && !leaf.path.contains(&(found.feature as u32)) {
            leaf.path.push(found.feature as u32);
        }
        let right = Leaf {
            node: parts.nodes.len() - 1,
            depth: leaf.depth + 1,
            start: leaf.start + lefts,
            end: leaf.end,
            word: right_word,
            bounds: of_right,
            path: leaf.path.clone(),
            histograms: None,
            candidate: None,
        };
        leaf.node = parts.nodes.len() - 2;
        leaf.depth += 1;
        leaf.end = leaf.start + lefts;
        leaf.word = found.left;
        leaf.bounds = of_left;
        right
    }

    fn open_root(&mut self, root: &mut Leaf, growing: &Growing<'_>, asked: &Asked) {
        let mut sums = self.histograms();
        let rows = if growing.rows.is_some() { NodeRows::Some(&self.rows) } else { NodeRows::All(self.rows.len()) };
        let looking = Looking::new(root, growing, self.binned);
        let work = |(number, (group, sums)): (usize, (&Group, &mut [Histogram]))| {
            accumulate(group, asked.of(number), growing.gradients.words(), rows, asked.row_parts, sums);
            looking.as_ref().and_then(|looking| looking.best(group, sums))
        };
        root.candidate = over_groups(by_group(self.binned, &mut sums), rows.len() * asked.count, work)
            .into_iter()
            .fold(None, |a, b| better(self.binned.places(), a, b));
        root.histograms = Some(sums);
    }

    /// Sums up the rows of two new leaves and looks for the best split of each, group of features by group, so that
    /// what was summed is still in the cache when it is looked at.
    fn open(&mut self, left: &mut Leaf, right: &mut Leaf, growing: &Growing<'_>, asked: &Asked) {
        let looking = [Looking::new(left, growing, self.binned), Looking::new(right, growing, self.binned)];
        let Some(mut parent) = left.histograms.take() else { return };
        if looking.iter().all(Option::is_none) {
            self.free.push(parent);
            return;
        }
        // The smaller child is summed; the other is what is left of the parent.
        let mut small = self.histograms();
        let left_is_small = left.rows() <= right.rows();
        let smaller = if left_is_small { &*left } else { &*right };
        let rows = NodeRows::Some(&self.rows[smaller.start..smaller.end]);
        let [of_small, of_large] = if left_is_small { [&looking[0], &looking[1]] } else { [&looking[1], &looking[0]] };
        let work = |(number, ((group, small), (_, large))): (usize, Pair<'_>)| {
            accumulate(group, asked.of(number), growing.gradients.words(), rows, asked.row_parts, small);
            subtract(large, small);
            [(of_small, &*small), (of_large, &*large)]
                .map(|(looking, sums)| looking.as_ref().and_then(|looking| looking.best(group, sums)))
        };
        let pairs = by_group(self.binned, &mut small).into_iter().zip(by_group(self.binned, &mut parent)).collect();
        let found = over_groups(pairs, (rows.len() + 2 * BINS) * asked.count, work);
        let places = self.binned.places();
        let [for_small, for_large] =
            found.into_iter().fold([None, None], |[a, b], [c, d]| [better(places, a, c), better(places, b, d)]);
        let (small_leaf, large_leaf) = if left_is_small { (left, right) } else { (right, left) };
        (small_leaf.candidate, large_leaf.candidate) = (for_small, for_large);
        (small_leaf.histograms, large_leaf.histograms) = (Some(small), Some(parent));
        for leaf in [small_leaf, large_leaf] {
            if leaf.candidate.is_none() {
                self.release(leaf);
            }
        }
    }
}

type Pair<'a> = ((&'a Group, &'a mut [Histogram]), (&'a Group, &'a mut [Histogram]));

/// Does the work of each group of features, on several threads if there is enough; results in the order of groups.
fn over_groups<T: Send, R: Send>(
    groups: Vec<T>,
    additions: usize,
    work: impl Fn((usize, T)) -> R + Send + Sync,
) -> Vec<R> {
    if additions < PARALLEL || groups.len() == 1 || rayon::current_num_threads() == 1 {
        groups.into_iter().enumerate().map(work).collect()
    } else {
        groups.into_par_iter().enumerate().map(work).collect()
    }
}

/// Which features a tree asks, group by group.
struct Asked {
    /// The features of each group that matter; `None` for all of them.
    groups: Vec<Option<Vec<usize>>>,
    count: usize,
    /// In how many parts the rows are summed, where there are fewer groups than threads.
    row_parts: usize,
}

impl Asked {
    fn new(groups: &[Group], features: &[bool]) -> Self {
        let threads = rayon::current_num_threads();
        let of = |group: &Group| {
            let own = &features[group.start..group.start + group.width];
            if own.iter().all(|is| *is) { None } else { Some((0..group.width).filter(|&f| own[f]).collect()) }
        };
        Self {
            groups: groups.iter().map(of).collect(),
            count: features.iter().filter(|is| **is).count(),
            row_parts: if groups.len() >= threads { 1 } else { threads.div_ceil(groups.len().max(1)) },
        }
    }

    fn of(&self, group: usize) -> Option<&[usize]> {
        self.groups[group].as_deref()
    }
}

/// The search for the best split of one leaf: `None` where there is nothing to look for.
struct Looking<'a> {
    search: Search<'a>,
    features: std::borrow::Cow<'a, [bool]>,
    binned: &'a Binned,
    constraints: &'a Constraints,
}

impl<'a> Looking<'a> {
    fn new(leaf: &Leaf, growing: &Growing<'a>, binned: &'a Binned) -> Option<Self> {
        let Growing { gradients, params, constraints, .. } = *growing;
        let is_closed = params.depth.is_some_and(|depth| leaf.depth >= depth);
        if is_closed || leaf.rows() < 2 || (leaf.rows() as f64) < 2.0 * params.min_rows {
            return None;
        }
        let scale = Scale { gradient: gradients.gradient_step, hessian: gradients.hessian_step };
        let mut features = std::borrow::Cow::Borrowed(growing.features);
        if !constraints.interactions.is_empty() {
            features = constraints.allowed(&leaf.path, &features).into();
        }
        if growing.features_per_split < 1.0 {
            let seed = growing.seed.nth("split", leaf.node as u64);
            features = drawn(binned.by_name(), &features, growing.features_per_split, seed).into();
        }
        let search = Search::new(leaf.word, leaf.rows(), scale, leaf.bounds, params);
        Some(Self { search, features, binned, constraints })
    }

    /// The best split on the features of a group; `sums` are their histograms.
    fn best(&self, group: &Group, sums: &[Histogram]) -> Option<Candidate> {
        let mut best = None;
        for (f, sums) in (group.start..).zip(sums) {
            if self.features[f] {
                let found = self.search.best(f, &self.binned.features()[f], sums, self.constraints.of(f));
                best = better(self.binned.places(), best, found);
            }
        }
        best
    }
}

/// A random part of the features, at least one of them; `order` has all features in the order of the draw.
pub(crate) fn drawn(order: &[u32], features: &[bool], share: f64, seed: Seed) -> Vec<bool> {
    let mut open: Vec<usize> = order.iter().map(|&f| f as usize).filter(|&f| features[f]).collect();
    let count = ((open.len() as f64 * share).ceil() as usize).clamp(1.min(open.len()), open.len());
    let mut stream = seed.stream();
    let mut out = vec![false; features.len()];
    for i in 0..count {
        let other = i + stream.below((open.len() - i) as u64) as usize;
        open.swap(i, other);
        out[open[i]] = true;
    }
    out
}

/// A tree in the making.
#[derive(Default)]
struct Parts {
    nodes: Vec<Node>,
    values: Vec<f32>,
    sets: Vec<Vec<u64>>,
    routes: Vec<Option<Box<Rights>>>,
}

impl Parts {
    fn push(&mut self, (g, h): (f64, f64), params: &TreeParams, bounds: Bounds) {
        self.nodes.push(Node::leaf(h));
        let value = bounds.clamp(params.value(g, h));
        self.values.push(single(value));
        self.routes.push(None);
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
