use std::{cmp::Ordering, collections::BinaryHeap};

/// Rows that may be among the nearest of one query, by bounds on their distances.
///
/// Rows are needed until their weights sum to `need`. What is surely too far is let go.
#[derive(Debug)]
pub(super) struct Candidates {
    need: f64,
    /// The nearest upper bounds whose weights just reach `need`, the farthest on top.
    bounds: BinaryHeap<Bound>,
    reached: f64,
    /// Lower bound and row.
    rows: Vec<(f32, u32)>,
    pruned: usize,
}

#[derive(Debug, Clone, Copy)]
struct Bound {
    upper: f32,
    weight: f64,
}

impl Ord for Bound {
    fn cmp(&self, other: &Self) -> Ordering {
        self.upper.total_cmp(&other.upper)
    }
}

impl PartialOrd for Bound {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Bound {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Bound {}

/// So many rows are kept before the first look at which of them are too far by now.
const PRUNE: usize = 256;

impl Candidates {
    pub(super) fn new(need: f64) -> Self {
        Self { need, bounds: BinaryHeap::new(), reached: 0.0, rows: Vec::new(), pruned: PRUNE }
    }

    /// What a lower bound must not exceed.
    pub(super) fn limit(&self) -> f32 {
        match self.bounds.peek() {
            Some(top) if self.reached >= self.need => top.upper,
            _ => f32::INFINITY,
        }
    }

    pub(super) fn push(&mut self, row: u32, lower: f32, upper: f32, weight: f64) {
        if self.reached < self.need || upper < self.limit() {
            self.bounds.push(Bound { upper, weight });
            self.reached += weight;
            while let Some(top) = self.bounds.peek()
                && self.reached - top.weight >= self.need
            {
                self.reached -= top.weight;
                self.bounds.pop();
            }
        }
        self.rows.push((lower, row));
        if self.rows.len() >= self.pruned {
            self.prune();
            self.pruned = PRUNE.max(2 * self.rows.len());
        }
    }

    fn prune(&mut self) {
        let limit = self.limit();
        self.rows.retain(|&(lower, _)| lower <= limit);
    }

    /// The rows that may be among the nearest.
    pub(super) fn into_rows(mut self) -> Vec<u32> {
        self.prune();
        self.rows.into_iter().map(|(_, row)| row).collect()
    }
}
