use std::{
    cmp::Ordering,
    collections::BinaryHeap,
    sync::{Mutex, PoisonError},
};

use consort_core::{Seed, Stream};

use super::{
    columns::Columns,
    cut::Limits,
    objective::Objective,
    search::{Cut, Found, NodeRows, Policy, Search},
};
use crate::{
    decision_tree::Shape,
    tree::{Node, Split, Test, Tree, single},
};

/// The rows and features that one tree sees.
#[derive(Debug, Clone, Default)]
pub(crate) struct Plan {
    /// Row numbers, ascending, each once.
    pub(crate) rows: Vec<u32>,
    /// The weight of each, above 0.
    pub(crate) weights: Vec<f64>,
    /// The features that may be asked, in an order that does not depend on that of the columns: draws and ties go by it.
    pub(crate) features: Vec<u32>,
}

/// A tree, and for each node the impurity of its rows times their weight.
#[derive(Debug)]
pub(crate) struct Grown {
    pub(crate) tree: Tree,
    pub(crate) impurities: Vec<f64>,
}

/// Grows trees on one data set and one target.
pub(crate) trait Grow: Send + Sync {
    /// The tree of a plan. Its splits draw from the seed.
    fn grow(&self, plan: &Plan, seed: Seed) -> Grown;
}

/// Top-down induction on columns of codes: memory is kept from tree to tree.
pub(crate) struct Grower<O: Objective, C: Columns> {
    objective: O,
    columns: C,
    shape: Shape,
    drawn: usize,
    random: bool,
    rooms: Mutex<Vec<Room<O, C>>>,
}

/// The memory of one thread.
struct Room<O: Objective, C: Columns> {
    /// The item of each row of the data set.
    pool: Vec<O::Item>,
    rows: Vec<u32>,
    near: Near<O, C>,
    scratch: Scratch<O, C>,
}

/// The rows of a subtree, copied to lie side by side, so that all of them stay in the nearest caches.
struct Near<O: Objective, C: Columns> {
    pool: Vec<O::Item>,
    rows: Vec<u32>,
    /// `[features][rows]`
    codes: Vec<C::Code>,
}

struct Scratch<O: Objective, C: Columns> {
    spare: Vec<u32>,
    items: Vec<O::Item>,
    sums: Vec<f64>,
    search: Search<O, C>,
}

/// A node whose rows are `start..end` of the rows in hand.
#[derive(Debug, Clone, Copy)]
struct Open {
    node: usize,
    depth: usize,
    start: usize,
    end: usize,
}

/// A subtree of at most so many bytes of codes is copied to lie side by side: a quarter of a second cache.
const NEAR_BYTES: usize = 128 << 10;

/// Where row numbers point into: the columns of the data set, or copies of a subtree's, which lie one after another.
enum Codes<'a, C: Columns> {
    Far(&'a C),
    Near { codes: &'a [C::Code], rows: usize },
}

impl<C: Columns> Clone for Codes<'_, C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C: Columns> Copy for Codes<'_, C> {}

impl<'a, C: Columns> Codes<'a, C> {
    fn column(&self, feature: usize) -> &'a [C::Code] {
        match *self {
            Codes::Far(columns) => columns.column(feature),
            Codes::Near { codes, rows } => &codes[feature * rows..(feature + 1) * rows],
        }
    }
}

impl<O: Objective, C: Columns> Grower<O, C> {
    pub(crate) fn new(objective: O, columns: C, shape: Shape, drawn: usize, random: bool) -> Self {
        Self { objective, columns, shape, drawn, random, rooms: Mutex::default() }
    }

    /// Fills in a node and gives its split, if it has one.
    fn open(
        &self,
        parts: &mut Parts,
        scratch: &mut Scratch<O, C>,
        codes: Codes<'_, C>,
        (rows, pool): (&[u32], &[O::Item]),
        open: Open,
    ) -> Option<Found> {
        let objective = &self.objective;
        scratch.items.clear();
        scratch.items.extend(rows.iter().map(|&row| pool[row as usize]));
        let centre = objective.centre(&mut scratch.items);
        scratch.sums.clear();
        scratch.sums.resize(objective.width(), 0.0);
        objective.add_all(&scratch.items, &mut scratch.sums);
        let outputs = objective.outputs();
        let value = &mut parts.values[open.node * outputs..(open.node + 1) * outputs];
        let measure = objective.measure(&scratch.items, &scratch.sums, centre, value);
        parts.nodes[open.node].cover = single(measure.weight);
        parts.impurities[open.node] = measure.impurity;
        if open.node == 0 {
            parts.weight = measure.weight;
        }
        if measure.is_pure
            || rows.len() < self.shape.min_split_rows
            || rows.len() < 2 * self.shape.min_leaf_rows
            || self.shape.depth.is_some_and(|depth| open.depth >= depth)
        {
            return None;
        }
        let limits = Limits { rows: self.shape.min_leaf_rows, weight: self.shape.min_leaf_weight * parts.weight };
        let min_level_rows = self.shape.min_level_rows;
        let policy = Policy { drawn: self.drawn, random: self.random, limits, min_level_rows };
        let node = NodeRows { rows, items: &scratch.items, sums: &scratch.sums };
        let mut found =
            scratch.search.split(objective, &self.columns, |f| codes.column(f), node, policy, &mut parts.stream)?;
        // From here on the purity is the gain. It is never below 0 but for rounding.
        found.purity = (found.purity - measure.purity).max(0.0);
        (found.purity / parts.weight + f64::EPSILON >= self.shape.min_decrease).then_some(found)
    }

    /// Splits a node: its rows are put in order, and its children are opened.
    fn split(
        &self,
        parts: &mut Parts,
        spare: &mut Vec<u32>,
        codes: &[C::Code],
        rows: &mut [u32],
        open: Open,
        found: Found,
    ) -> [Open; 2] {
        let missing = self.columns.missing(found.feature);
        let missing_left = found.missing_left;
        spare.resize(rows.len().max(spare.len()), 0);
        let code = |row: u32| -> u32 { codes[row as usize].into() };
        let lefts = match &found.cut {
            Cut::UpTo(last) if missing_left => partition(rows, spare, |row| code(row) > *last && code(row) != missing),
            Cut::UpTo(last) => partition(rows, spare, |row| code(row) > *last),
            Cut::Among(set) => partition(rows, spare, |row| {
                let code = code(row);
                let is_left = set.get(code as usize / 64).is_some_and(|word| word >> (code % 64) & 1 == 1);
                if code == missing { !missing_left } else { !is_left }
            }),
        };
        let test = match found.cut {
            Cut::UpTo(_) => Test::AtMost(found.threshold),
            Cut::Among(set) => {
                parts.sets.push(set);
                Test::Among(parts.sets.len() as u32 - 1)
            }
        };
        let left = parts.push(self.objective.outputs());
        parts.push(self.objective.outputs());
        parts.nodes[open.node].split = Some(Split {
            feature: found.feature as u32,
            test,
            missing_left,
            left: left as u32,
            gain: single(found.purity),
        });
        let middle = open.start + lefts;
        [
            Open { node: left, depth: open.depth + 1, start: open.start, end: middle },
            Open { node: left + 1, depth: open.depth + 1, start: middle, end: open.end },
        ]
    }

    /// Grows everything below a node, depth first, left before right. `near` is where small subtrees are copied to.
    fn descend(
        &self,
        parts: &mut Parts,
        scratch: &mut Scratch<O, C>,
        codes: Codes<'_, C>,
        (rows, pool): (&mut [u32], &[O::Item]),
        root: Open,
        mut near: Option<&mut Near<O, C>>,
    ) {
        let features = scratch.search.features.len();
        let mut stack = vec![root];
        while let Some(open) = stack.pop() {
            let count = open.end - open.start;
            let is_small = count > 4 && count * features * size_of::<C::Code>() <= NEAR_BYTES;
            // A copy reads each feature once a row, the levels below read those drawn: about one level a doubling.
            let pays = 2 * self.drawn * (count.ilog2() as usize) >= features;
            if is_small
                && pays
                && let Some(near) = near.as_deref_mut()
            {
                self.descend_near(parts, scratch, codes, (&rows[open.start..open.end], pool), open, near);
                continue;
            }
            let own = &mut rows[open.start..open.end];
            if let Some(found) = self.open(parts, scratch, codes, (own, pool), open) {
                let asked = codes.column(found.feature);
                let [left, right] = self.split(parts, &mut scratch.spare, asked, own, open, found);
                stack.push(right);
                stack.push(left);
            }
        }
    }

    /// The same on a copy of the codes and items of these rows.
    fn descend_near(
        &self,
        parts: &mut Parts,
        scratch: &mut Scratch<O, C>,
        codes: Codes<'_, C>,
        (rows, pool): (&[u32], &[O::Item]),
        open: Open,
        near: &mut Near<O, C>,
    ) {
        let count = rows.len();
        near.rows.clear();
        near.rows.extend(0..count as u32);
        near.pool.clear();
        near.pool.extend(rows.iter().map(|&row| pool[row as usize]));
        for &feature in &scratch.search.features {
            let own = codes.column(feature as usize);
            let place = feature as usize * count;
            if near.codes.len() < place + count {
                near.codes.resize(place + count, C::Code::default());
            }
            near.codes[place..place + count].iter_mut().zip(rows).for_each(|(to, &row)| *to = own[row as usize]);
        }
        let codes = Codes::Near { codes: &near.codes, rows: count };
        let root = Open { start: 0, end: count, ..open };
        self.descend(parts, scratch, codes, (&mut near.rows, &near.pool), root, None);
    }

    /// Opens the node whose split gains most, until there are leaves enough; of equal gain, the oldest.
    fn best_first(
        &self,
        parts: &mut Parts,
        scratch: &mut Scratch<O, C>,
        rows: &mut [u32],
        pool: &[O::Item],
        most: usize,
    ) {
        let codes = Codes::Far(&self.columns);
        let root = Open { node: 0, depth: 0, start: 0, end: rows.len() };
        let first = self.open(parts, scratch, codes, (rows, pool), root);
        let mut frontier: BinaryHeap<Candidate> =
            first.map(|found| Candidate { found, open: root }).into_iter().collect();
        let mut leaves = 1;
        while leaves < most
            && let Some(Candidate { found, open }) = frontier.pop()
        {
            let asked = codes.column(found.feature);
            let children = self.split(parts, &mut scratch.spare, asked, &mut rows[open.start..open.end], open, found);
            leaves += 1;
            for open in children {
                let found = self.open(parts, scratch, codes, (&rows[open.start..open.end], pool), open);
                frontier.extend(found.map(|found| Candidate { found, open }));
            }
        }
    }
}

/// A node that may be split, in the order of the gain of its split.
struct Candidate {
    found: Found,
    open: Open,
}

impl Ord for Candidate {
    fn cmp(&self, other: &Self) -> Ordering {
        self.found.purity.total_cmp(&other.found.purity).then(other.open.node.cmp(&self.open.node))
    }
}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Candidate {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Candidate {}

/// A tree in the making.
struct Parts {
    nodes: Vec<Node>,
    values: Vec<f32>,
    sets: Vec<Vec<u64>>,
    impurities: Vec<f64>,
    /// The weight of all rows.
    weight: f64,
    stream: Stream,
}

impl Parts {
    /// Makes room for a node and gives its number.
    fn push(&mut self, outputs: usize) -> usize {
        self.nodes.push(Node::leaf(0.0));
        self.impurities.push(0.0);
        self.values.resize(self.nodes.len() * outputs, 0.0);
        self.nodes.len() - 1
    }
}

impl<O: Objective, C: Columns> Grow for Grower<O, C> {
    fn grow(&self, plan: &Plan, seed: Seed) -> Grown {
        let mut room = self.rooms.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default();
        let Room { pool, rows, near, scratch } = &mut room;
        rows.clone_from(&plan.rows);
        scratch.search.features.clone_from(&plan.features);
        let last = plan.rows.last().map_or(0, |&row| row as usize + 1);
        pool.resize(pool.len().max(last), O::Item::default());
        for (&row, &weight) in plan.rows.iter().zip(&plan.weights) {
            pool[row as usize] = self.objective.item(row as usize, weight);
        }
        let mut parts = Parts {
            nodes: Vec::new(),
            values: Vec::new(),
            sets: Vec::new(),
            impurities: Vec::new(),
            weight: 0.0,
            stream: seed.stream(),
        };
        parts.push(self.objective.outputs());
        match self.shape.leaves {
            Some(most) => self.best_first(&mut parts, scratch, rows, pool, most),
            None => {
                let root = Open { node: 0, depth: 0, start: 0, end: rows.len() };
                let codes = Codes::Far(&self.columns);
                self.descend(&mut parts, scratch, codes, (rows, pool), root, Some(near));
            }
        }
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner).push(room);
        parts.nodes.shrink_to_fit();
        parts.values.shrink_to_fit();
        Grown { tree: Tree::grown(parts.nodes, parts.values, parts.sets), impurities: parts.impurities }
    }
}

impl<O: Objective, C: Columns> Default for Room<O, C> {
    fn default() -> Self {
        let near = Near { pool: Vec::new(), rows: Vec::new(), codes: Vec::new() };
        let scratch = Scratch { spare: Vec::new(), items: Vec::new(), sums: Vec::new(), search: Search::default() };
        Self { pool: Vec::new(), rows: Vec::new(), near, scratch }
    }
}

/// Puts the rows that go left before those that go right, each in their order, and gives how many go left.
fn partition(rows: &mut [u32], spare: &mut [u32], goes_right: impl Fn(u32) -> bool) -> usize {
    let (mut left, mut gone) = (0, 0);
    // Both places are written and one counter moves: no branch to mispredict.
    for i in 0..rows.len() {
        let row = rows[i];
        let right = usize::from(goes_right(row));
        rows[left] = row;
        spare[gone] = row;
        left += 1 - right;
        gone += right;
    }
    rows[left..].copy_from_slice(&spare[..gone]);
    left
}
