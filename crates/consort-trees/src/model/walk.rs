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
    /// The feature, and two flags above it.
    feature: u32,
    left: u32,
}

/// NaN goes right.
const MISSING_RIGHT: u32 = 1 << 31;
/// The step asks for a category.
const AMONG: u32 = 1 << 30;
const FEATURE: u32 = AMONG - 1;

impl<'a> Walk<'a> {
    /// `place[f]` is where feature `f` lies among the values of a row.
    pub(super) fn new(tree: &'a Tree, place: &[u32]) -> Self {
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
                    Step { test, feature: place[split.feature as usize] | among | missing, left: split.left }
                }
                // Every number is at most infinity, and NaN stays too: the leaf is its own left child.
                None => Step { test: f32::INFINITY, feature: 0, left: i as u32 },
            })
            .collect();
        Self { steps, tree, has_sets, depth: tree.depth() }
    }

    #[inline(always)]
    fn next<const SETS: bool>(&self, at: u32, row: &[f32]) -> u32 {
        let step = self.steps[at as usize];
        let x = row[(step.feature & FEATURE) as usize];
        if SETS && step.feature & AMONG != 0 && !x.is_nan() {
            return step.left + u32::from(!contains(&self.tree.sets()[step.test.to_bits() as usize], x));
        }
        // NaN is not above anything, so only its own direction decides.
        step.left + u32::from((x > step.test) | (x.is_nan() & (step.feature & MISSING_RIGHT != 0)))
    }

    /// Takes rows of `width` values through the tree; `arrive` gets the number of each row and its leaf.
    pub(super) fn rows(&self, values: &[f32], width: usize, arrive: impl FnMut(usize, usize)) {
        if self.has_sets {
            self.rows_with::<true>(values, width, arrive);
        } else {
            self.rows_with::<false>(values, width, arrive);
        }
    }

    #[inline(always)]
    fn rows_with<const SETS: bool>(&self, values: &[f32], width: usize, mut arrive: impl FnMut(usize, usize)) {
        // Steps between looks at whether all have arrived: a tree of 31 leaves takes no look, a deep one few.
        const STRIDE: usize = 12;
        for (block, values) in values.chunks(LANES * width).enumerate() {
            let mut at = [0u32; LANES];
            let mut left = self.depth;
            while left > 0 {
                let before = at;
                for _ in 0..left.min(STRIDE) {
                    for (at, row) in at.iter_mut().zip(values.chunks_exact(width)) {
                        *at = self.next::<SETS>(*at, row);
                    }
                }
                left -= left.min(STRIDE);
                if left > 0 && at == before {
                    break;
                }
            }
            for (i, &leaf) in at.iter().enumerate().take(values.len() / width) {
                arrive(block * LANES + i, leaf as usize);
            }
        }
    }

    pub(super) fn tree(&self) -> &Tree {
        self.tree
    }
}
