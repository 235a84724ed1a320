use super::blocks::Block;
use crate::tree::{Test, Tree, contains};

/// Rows that walk through a tree together: their loads overlap.
pub(super) const LANES: usize = 8;

/// A tree made for walking: 12 bytes a node, and a leaf that points at itself, so that rows that arrive early can
/// wait for the others without a branch.
#[derive(Debug)]
pub(super) struct Walk<'a> {
    steps: Vec<Step>,
    tree: &'a Tree,
    has_sets: bool,
    depth: usize,
}

#[derive(Debug, Clone, Copy)]
struct Step {
    /// The threshold, or the bits of the number of a set.
    test: f32,
    /// Where the values of the feature start, and two flags above it.
    feature: u32,
    left: u32,
}

/// NaN goes right.
const MISSING_RIGHT: u32 = 1 << 31;
/// The step asks for a category.
const AMONG: u32 = 1 << 30;
const FEATURE: u32 = AMONG - 1;

impl<'a> Walk<'a> {
    /// For blocks in which feature `f` lies at `place[f]`, each feature taking `stride` values.
    pub(super) fn new(tree: &'a Tree, place: &[u32], stride: usize) -> Self {
        let stride = stride as u32;
        let mut has_sets = false;
        let steps = tree
            .nodes()
            .iter()
            .enumerate()
            .map(|(i, node)| match &node.split {
                Some(split) => {
                    let (test, among) = match split.test {
                        Test::AtMost(threshold) => (threshold, 0),
                        Test::Among(set) => (f32::from_bits(set), AMONG),
                    };
                    has_sets |= among != 0;
                    let missing = if split.missing_left { 0 } else { MISSING_RIGHT };
                    Step { test, feature: (place[split.feature as usize] * stride) | among | missing, left: split.left }
                }
                // Every number is at most infinity, and NaN stays too: the leaf is its own left child.
                None => Step { test: f32::INFINITY, feature: 0, left: i as u32 },
            })
            .collect();
        Self { steps, tree, has_sets, depth: tree.depth() }
    }

    #[inline(always)]
    fn next<const SETS: bool>(&self, at: u32, values: &[f32], lane: usize) -> u32 {
        let step = self.steps[at as usize];
        let x = values[(step.feature & FEATURE) as usize + lane];
        if SETS && step.feature & AMONG != 0 && !x.is_nan() {
            return step.left + u32::from(!contains(&self.tree.sets()[step.test.to_bits() as usize], x));
        }
        // NaN is not above anything, so only its own direction decides.
        step.left + u32::from((x > step.test) | (x.is_nan() & (step.feature & MISSING_RIGHT != 0)))
    }

    /// Takes the rows of a block through the tree; `arrive` gets the number of each row and its leaf.
    pub(super) fn rows(&self, block: &Block<'_>, arrive: impl FnMut(usize, usize)) {
        if self.has_sets {
            self.rows_with::<true>(block, arrive);
        } else {
            self.rows_with::<false>(block, arrive);
        }
    }

    #[inline(always)]
    fn rows_with<const SETS: bool>(&self, block: &Block<'_>, mut arrive: impl FnMut(usize, usize)) {
        let &Block { values, rows, .. } = block;
        // Steps before the first look at whether all have arrived, and between looks: a tree of 31 leaves takes no
        // look; in a deep one most rows arrive long before the deepest could.
        const FIRST: usize = 12;
        const NEXT: usize = 4;
        for start in (0..rows).step_by(LANES) {
            let values = &values[start..];
            let mut at = [0u32; LANES];
            let (mut left, mut steps) = (self.depth, FIRST);
            while left > 0 {
                let before = at;
                for _ in 0..left.min(steps) {
                    for (lane, at) in at.iter_mut().enumerate() {
                        *at = self.next::<SETS>(*at, values, lane);
                    }
                }
                left -= left.min(steps);
                steps = NEXT;
                if left > 0 && at == before {
                    break;
                }
            }
            for (lane, &leaf) in at.iter().enumerate().take(rows - start) {
                arrive(start + lane, leaf as usize);
            }
        }
    }

    pub(super) fn tree(&self) -> &Tree {
        self.tree
    }
}
