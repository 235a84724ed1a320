use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::blocks::Block;
use crate::tree::{Test, Tree, contains};

/// The most rows that are scored together.
pub(super) const LANES: usize = 64;

/// A tree as bits: QuickScorer (Lucchese and others 2015), with rows side by side instead of trees.
///
/// Each leaf is a bit, the leftmost the highest. A row starts with all bits; each split that sends it right takes away
/// the leaves to its left, in any order; the highest bit that is left is its leaf. So all splits are asked, but without
/// a branch, a gather or a chain of loads. Trees of more than 32 leaves are cut into words of 32; a word asks only
/// those splits that have some of its leaves to their left.
///
/// Measured on 1,000,000 rows of 28 features, one thread with AVX-512, against LightGBM 4.7:
///
/// | trees | walk, 8 rows together | this | LightGBM |
/// |---|---|---|---|
/// | 200 of 31 leaves | 2.24 s | 0.23 s | 7.50 s |
/// | 100 of 255 leaves | 2.08 s | 0.77 s | 6.59 s |
///
/// The same loops left to the compiler to vectorise took 8.4 s: it kept the bits of 64 rows in memory.
#[derive(Debug)]
struct QuickScorer {
    words: Vec<Word>,
}

#[derive(Debug)]
struct Word {
    /// The bits of its leaves.
    full: u32,
    /// Splits whose missing values go left.
    lefts: Vec<Ask>,
    /// Splits whose missing values go right.
    rights: Vec<Ask>,
    /// Splits that ask for categories.
    sets: Vec<AskSet>,
    leaves: [f32; 32],
}

#[derive(Debug, Clone, Copy)]
struct Ask {
    feature: u32,
    threshold: f32,
    /// What is left of the word's bits for a row that goes right.
    keep: u32,
}

#[derive(Debug, Clone)]
struct AskSet {
    feature: u32,
    missing_left: bool,
    keep: u32,
    set: Vec<u64>,
}

impl QuickScorer {
    /// For blocks in which feature `f` lies at `place[f]`.
    fn new(tree: &Tree, place: &[u32]) -> Self {
        let nodes = tree.nodes();
        // Leaves before each node, and leaves in it, in the order from left to right.
        let mut count = vec![1usize; nodes.len()];
        for (i, node) in nodes.iter().enumerate().rev() {
            if let Some(split) = &node.split {
                count[i] = split.children().iter().map(|&child| count[child]).sum();
            }
        }
        let mut first = vec![0usize; nodes.len()];
        for (i, node) in nodes.iter().enumerate() {
            if let Some(split) = &node.split {
                let [left, right] = split.children();
                first[left] = first[i];
                first[right] = first[i] + count[left];
            }
        }
        let leaves = count[0];
        let mut words: Vec<Word> = (0..leaves.div_ceil(32))
            .map(|w| Word {
                full: bits(0, (leaves - 32 * w).min(32)),
                lefts: Vec::new(),
                rights: Vec::new(),
                sets: Vec::new(),
                leaves: [0.0; 32],
            })
            .collect();
        for (i, node) in nodes.iter().enumerate() {
            let Some(split) = &node.split else {
                words[first[i] / 32].leaves[first[i] % 32] = tree.value(i)[0];
                continue;
            };
            let left = split.left as usize;
            let (start, end) = (first[left], first[left] + count[left]);
            let feature = place[split.feature as usize];
            for (w, word) in words.iter_mut().enumerate().take(end.div_ceil(32)).skip(start / 32) {
                let keep = !bits(start.max(32 * w) - 32 * w, end.min(32 * w + 32) - 32 * w);
                match split.test {
                    Test::AtMost(threshold) => {
                        let ask = Ask { feature, threshold, keep };
                        if split.missing_left { word.lefts.push(ask) } else { word.rights.push(ask) }
                    }
                    Test::Among(set) => word.sets.push(AskSet {
                        feature,
                        missing_left: split.missing_left,
                        keep,
                        set: tree.sets()[set as usize].clone(),
                    }),
                }
            }
        }
        Self { words }
    }

    /// Adds the leaves of a block's rows to their sums. `pick` finds the leaf of the highest bit.
    #[inline(always)]
    fn add<S: Simd>(&self, simd: S, pick: impl Fn(S::u32s, &[f32; 32]) -> S::f32s, block: Block<'_>, sums: &mut [f64]) {
        let step = REGISTERS * S::F32_LANES;
        for (part, sums) in sums.chunks_exact_mut(step).enumerate() {
            let mut found = [simd.splat_f32s(0.0); REGISTERS];
            for word in self.words.iter().rev() {
                let mut left = [simd.splat_u32s(word.full); REGISTERS];
                let values = |feature: u32| -> [S::f32s; REGISTERS] {
                    let from = feature as usize * block.stride + part * step;
                    let values = S::as_simd_f32s(&block.values[from..from + step]).0;
                    std::array::from_fn(|i| values[i])
                };
                for ask in &word.lefts {
                    let (threshold, keep) = (simd.splat_f32s(ask.threshold), simd.splat_u32s(ask.keep));
                    for (left, x) in left.iter_mut().zip(values(ask.feature)) {
                        let goes_right = simd.greater_than_f32s(x, threshold);
                        *left = simd.select_u32s(goes_right, simd.and_u32s(*left, keep), *left);
                    }
                }
                for ask in &word.rights {
                    let (threshold, keep) = (simd.splat_f32s(ask.threshold), simd.splat_u32s(ask.keep));
                    for (left, x) in left.iter_mut().zip(values(ask.feature)) {
                        let goes_left = simd.less_than_or_equal_f32s(x, threshold);
                        *left = simd.select_u32s(goes_left, *left, simd.and_u32s(*left, keep));
                    }
                }
                for ask in &word.sets {
                    let from = ask.feature as usize * block.stride + part * step;
                    let mut keep = [u32::MAX; LANES];
                    for (keep, &x) in keep.iter_mut().zip(&block.values[from..from + step]) {
                        let goes_left = if x.is_nan() { ask.missing_left } else { contains(&ask.set, x) };
                        if !goes_left {
                            *keep = ask.keep;
                        }
                    }
                    for (left, &keep) in left.iter_mut().zip(S::as_simd_u32s(&keep).0) {
                        *left = simd.and_u32s(*left, keep);
                    }
                }
                for (found, &left) in found.iter_mut().zip(&left) {
                    let is_here = simd.greater_than_u32s(left, simd.splat_u32s(0));
                    *found = simd.select_f32s(is_here, pick(left, &word.leaves), *found);
                }
            }
            for (sums, found) in sums.chunks_exact_mut(S::F32_LANES).zip(&found) {
                let found: &[f32] = pulp::bytemuck::cast_slice(std::slice::from_ref(found));
                sums.iter_mut().zip(found).for_each(|(sum, &leaf)| *sum += f64::from(leaf));
            }
        }
    }
}

/// Scorers of some trees, all of one number a leaf.
#[derive(Debug)]
pub(super) struct QuickScorers {
    trees: Vec<QuickScorer>,
    arch: Arch,
}

impl QuickScorers {
    /// The scorers of these trees, unless some tree is better walked through, or the machine has no wide registers.
    pub(super) fn new(trees: &[Tree], place: &[u32]) -> Option<Self> {
        Self::on(Arch::new(), trees, place)
    }

    fn on(arch: Arch, trees: &[Tree], place: &[u32]) -> Option<Self> {
        // The work grows with the leaves, that of a walk with their logarithm.
        let lanes = arch.dispatch(Width);
        let most = if lanes < 4 { 0 } else { 16 * lanes };
        let suits = trees.iter().all(|tree| tree.width() == 1 && tree.nodes().len() < 2 * most);
        suits.then(|| Self { trees: trees.par_iter().map(|tree| QuickScorer::new(tree, place)).collect(), arch })
    }

    /// Adds the leaves of a block's rows to their sums, `[outputs][stride]`; the first tree adds to output `first`, and
    /// so on round and round.
    pub(super) fn add(&self, block: Block<'_>, first: usize, sums: &mut [f64]) {
        let pass = Pass { trees: &self.trees, block, first, sums };
        #[cfg(target_arch = "x86_64")]
        if let Arch::V4(simd) = self.arch {
            simd.vectorize(
                #[inline(always)]
                || pass.run(simd, |left, leaves| pick_wide(simd, left, leaves)),
            );
            return;
        }
        self.arch.dispatch(pass);
    }
}

struct Width;

impl WithSimd for Width {
    type Output = usize;

    fn with_simd<S: Simd>(self, _: S) -> usize {
        S::F32_LANES
    }
}

struct Pass<'a> {
    trees: &'a [QuickScorer],
    block: Block<'a>,
    first: usize,
    sums: &'a mut [f64],
}

impl Pass<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S, pick: impl Fn(S::u32s, &[f32; 32]) -> S::f32s) {
        let rows = self.block.rows.next_multiple_of(LANES);
        let outputs = self.sums.len() / self.block.stride;
        for (t, tree) in self.trees.iter().enumerate() {
            let start = (self.first + t) % outputs * self.block.stride;
            tree.add(simd, &pick, self.block, &mut self.sums[start..start + rows]);
        }
    }
}

impl WithSimd for Pass<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        self.run(simd, |left, leaves| {
            let mut found = simd.splat_f32s(0.0);
            let values: &mut [f32] = pulp::bytemuck::cast_slice_mut(std::slice::from_mut(&mut found));
            let bits: &[u32] = pulp::bytemuck::cast_slice(std::slice::from_ref(&left));
            for (value, bits) in values.iter_mut().zip(bits) {
                *value = leaves[bits.leading_zeros() as usize & 31];
            }
            found
        });
    }
}

/// The leaf of the highest bit, of 16 rows at once: all 32 leaves lie in two registers.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn pick_wide(simd: pulp::x86::V4, left: pulp::u32x16, leaves: &[f32; 32]) -> pulp::f32x16 {
    let [low, high]: [[f32; 16]; 2] = pulp::cast(*leaves);
    let place = simd.avx512cd._mm512_lzcnt_epi32(pulp::cast(left));
    pulp::cast(simd.avx512f._mm512_permutex2var_ps(pulp::cast(low), place, pulp::cast(high)))
}

/// Registers of rows that pass together: their instructions do not wait for one another.
const REGISTERS: usize = 4;

/// The bits of leaves `start..end` of a word; leaf 0 has the highest.
fn bits(start: usize, end: usize) -> u32 {
    let from = |leaf: usize| if leaf < 32 { u32::MAX >> leaf } else { 0 };
    from(start) & !from(end)
}

#[cfg(test)]
mod tests {
    use consort_core::{Seed, Stream};

    use super::*;
    use crate::tree::{Node, Split};

    /// A tree of random splits over four features, the last of which has categories.
    fn tree(leaves: usize, stream: &mut Stream) -> Tree {
        let mut nodes = vec![Node::leaf(1.0)];
        let mut sets = Vec::new();
        while nodes.len() < 2 * leaves - 1 {
            let i = stream.below(nodes.len() as u64) as usize;
            if nodes[i].split.is_some() {
                continue;
            }
            let feature = stream.below(4) as u32;
            let test = if feature == 3 {
                sets.push(vec![stream.next_u64(); 1 + stream.below(2) as usize]);
                Test::Among(sets.len() as u32 - 1)
            } else {
                Test::AtMost(stream.below(20) as f32)
            };
            let left = nodes.len() as u32;
            nodes[i].split = Some(Split { feature, test, missing_left: stream.below(2) == 0, left, gain: 1.0 });
            nodes.extend([Node::leaf(1.0); 2]);
        }
        let values = nodes.iter().map(|_| stream.normal() as f32).collect();
        Tree::new(nodes, values, sets).unwrap()
    }

    #[test]
    fn every_row_gets_the_leaf_that_it_walks_to_on_every_kind_of_machine() {
        let mut stream = Seed::new(8).stream();
        let (stride, rows) = (128, 77);
        let mut values: Vec<f32> = (0..4 * stride).map(|_| stream.below(20) as f32).collect();
        values.iter_mut().step_by(5).for_each(|x| *x = f32::NAN);
        values[3 * stride + 1] = 1e9;
        values[3 * stride + 2] = -1.0;
        let trees: Vec<Tree> =
            [1, 2, 31, 32, 33, 64, 100, 127].iter().map(|&leaves| tree(leaves, &mut stream)).collect();
        let mut want = vec![0.5f64; 2 * stride];
        for (t, tree) in trees.iter().enumerate() {
            for i in 0..rows {
                let leaf = tree.leaf_of(|f| values[f * stride + i]);
                want[(t + 1) % 2 * stride + i] += f64::from(tree.value(leaf)[0]);
            }
        }
        let block = Block { values: &values, stride, rows };
        let mut machines = vec![Arch::new()];
        #[cfg(target_arch = "x86_64")]
        machines.extend(pulp::x86::V3::try_new().map(Arch::V3));
        for arch in machines {
            let Some(scorers) = QuickScorers::on(arch, &trees, &[0, 1, 2, 3]) else { continue };
            let mut sums = vec![0.5; 2 * stride];
            scorers.add(block, 1, &mut sums);
            for output in 0..2 {
                let own = output * stride..output * stride + rows;
                assert_eq!(sums[own.clone()], want[own], "{arch:?}");
            }
        }
    }
}
