use std::cmp::Ordering;

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::blocks::Block;
use crate::tree::{Test, Tree};

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
    /// Splits that ask for one of few categories, or of many.
    few: Vec<AskSet<[u32; 32]>>,
    many: Vec<AskSet<Vec<u32>>>,
    leaves: [f32; 32],
}

#[derive(Debug, Clone, Copy)]
struct Ask {
    feature: u32,
    threshold: f32,
    /// What is left of the word's bits for a row that goes right.
    keep: u32,
}

/// A split of categories, as what is left of the word's bits for a row of each code.
#[derive(Debug, Clone)]
struct AskSet<T> {
    /// Which column of codes it asks.
    column: u32,
    keep: T,
}

impl QuickScorer {
    /// For blocks in which feature `f` lies at `place[f]`.
    fn new(tree: &Tree, place: &[u32], categories: &Categories) -> Self {
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
                few: Vec::new(),
                many: Vec::new(),
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
                    Test::Among(set) => {
                        let (column, limit) = categories.column(feature);
                        let goes_left =
                            |code| categories.goes_left(limit, code, &tree.sets()[set as usize], split.missing_left);
                        let of = |code| if goes_left(code) { u32::MAX } else { keep };
                        if limit + 2 <= 32 {
                            word.few.push(AskSet { column, keep: std::array::from_fn(|code| of(code as u32)) });
                        } else {
                            word.many.push(AskSet { column, keep: (0..limit + 2).map(of).collect() });
                        }
                    }
                }
            }
        }
        Self { words }
    }

    /// Adds the leaves of a block's rows to their sums; `codes` are those of its categories.
    #[inline(always)]
    fn add<S: Simd>(&self, simd: S, look: impl Look<S>, block: Block<'_>, codes: &[u32], sums: &mut [f64]) {
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
                for ask in &word.few {
                    let from = ask.column as usize * block.stride + part * step;
                    for (left, &code) in left.iter_mut().zip(S::as_simd_u32s(&codes[from..from + step]).0) {
                        *left = simd.and_u32s(*left, look.entry(simd, code, &ask.keep));
                    }
                }
                for ask in &word.many {
                    let from = ask.column as usize * block.stride + part * step;
                    let mut keep = [u32::MAX; LANES];
                    for (keep, &code) in keep.iter_mut().zip(&codes[from..from + step]) {
                        *keep = ask.keep[code as usize];
                    }
                    for (left, &keep) in left.iter_mut().zip(S::as_simd_u32s(&keep).0) {
                        *left = simd.and_u32s(*left, keep);
                    }
                }
                for (found, &left) in found.iter_mut().zip(&left) {
                    let is_here = simd.greater_than_u32s(left, simd.splat_u32s(0));
                    *found = simd.select_f32s(is_here, look.leaf(simd, left, &word.leaves), *found);
                }
            }
            for (sums, found) in sums.chunks_exact_mut(S::F32_LANES).zip(&found) {
                let found: &[f32] = pulp::bytemuck::cast_slice(std::slice::from_ref(found));
                sums.iter_mut().zip(found).for_each(|(sum, &leaf)| *sum += f64::from(leaf));
            }
        }
    }
}

/// The features that some tree asks for categories: where each lies in a block, and its limit, which is above all
/// codes in sets. Codes from the limit on are all one code, the limit, and a missing value is the code after it.
#[derive(Debug, Default)]
struct Categories {
    columns: Vec<(u32, u32)>,
}

impl Categories {
    fn new(trees: &[Tree], place: &[u32]) -> Self {
        let mut columns: Vec<(u32, u32)> = Vec::new();
        for tree in trees {
            for split in tree.nodes().iter().filter_map(|node| node.split) {
                let Test::Among(set) = split.test else { continue };
                let highest = tree.sets()[set as usize].iter().rposition(|word| *word != 0);
                let limit = highest.map_or(0, |w| 64 * (w + 1) - tree.sets()[set as usize][w].leading_zeros() as usize);
                let (feature, limit) = (place[split.feature as usize], limit as u32);
                match columns.iter_mut().find(|known| known.0 == feature) {
                    Some(known) => known.1 = known.1.max(limit),
                    None => columns.push((feature, limit)),
                }
            }
        }
        Self { columns }
    }

    /// The column of codes of a feature, and its limit.
    fn column(&self, feature: u32) -> (u32, u32) {
        let column = self.columns.iter().position(|known| known.0 == feature).unwrap_or(0);
        (column as u32, self.columns[column].1)
    }

    fn goes_left(&self, limit: u32, code: u32, set: &[u64], missing_left: bool) -> bool {
        match code.cmp(&limit) {
            Ordering::Less => set.get(code as usize / 64).is_some_and(|word| word >> (code % 64) & 1 == 1),
            Ordering::Equal => false,
            Ordering::Greater => missing_left,
        }
    }

    /// The codes of a block: `[columns][stride]`.
    fn codes(&self, block: Block<'_>) -> Vec<u32> {
        let mut codes = vec![0u32; self.columns.len() * block.stride];
        for (&(feature, limit), codes) in self.columns.iter().zip(codes.chunks_exact_mut(block.stride)) {
            let values = &block.values[feature as usize * block.stride..][..block.rows];
            for (code, &x) in codes.iter_mut().zip(values) {
                // A number below 0 becomes 0 by the cast: it must not be taken for category 0.
                let known = if x >= 0.0 { (x as u32).min(limit) } else { limit };
                *code = if x.is_nan() { limit + 1 } else { known };
            }
        }
        codes
    }
}

/// Looks up, for several rows at once, one of 32 numbers.
trait Look<S: Simd>: Copy {
    /// The leaf of the highest bit.
    fn leaf(self, simd: S, left: S::u32s, leaves: &[f32; 32]) -> S::f32s;

    /// The entry of each index, which is below 32.
    fn entry(self, simd: S, index: S::u32s, table: &[u32; 32]) -> S::u32s;
}

/// One row after another: on any machine.
#[derive(Clone, Copy)]
struct OneByOne;

impl<S: Simd> Look<S> for OneByOne {
    #[inline(always)]
    fn leaf(self, simd: S, left: S::u32s, leaves: &[f32; 32]) -> S::f32s {
        let mut found = simd.splat_f32s(0.0);
        let values: &mut [f32] = pulp::bytemuck::cast_slice_mut(std::slice::from_mut(&mut found));
        let bits: &[u32] = pulp::bytemuck::cast_slice(std::slice::from_ref(&left));
        for (value, bits) in values.iter_mut().zip(bits) {
            *value = leaves[bits.leading_zeros() as usize & 31];
        }
        found
    }

    #[inline(always)]
    fn entry(self, simd: S, index: S::u32s, table: &[u32; 32]) -> S::u32s {
        let mut found = simd.splat_u32s(0);
        let values: &mut [u32] = pulp::bytemuck::cast_slice_mut(std::slice::from_mut(&mut found));
        let index: &[u32] = pulp::bytemuck::cast_slice(std::slice::from_ref(&index));
        for (value, &index) in values.iter_mut().zip(index) {
            *value = table[index as usize & 31];
        }
        found
    }
}

/// 16 rows at once: all 32 numbers lie in two registers.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
struct Wide;

#[cfg(target_arch = "x86_64")]
impl Look<pulp::x86::V4> for Wide {
    #[inline(always)]
    fn leaf(self, simd: pulp::x86::V4, left: pulp::u32x16, leaves: &[f32; 32]) -> pulp::f32x16 {
        let [low, high]: [[f32; 16]; 2] = pulp::cast(*leaves);
        let place = simd.avx512cd._mm512_lzcnt_epi32(pulp::cast(left));
        pulp::cast(simd.avx512f._mm512_permutex2var_ps(pulp::cast(low), place, pulp::cast(high)))
    }

    #[inline(always)]
    fn entry(self, simd: pulp::x86::V4, index: pulp::u32x16, table: &[u32; 32]) -> pulp::u32x16 {
        let [low, high]: [[u32; 16]; 2] = pulp::cast(*table);
        pulp::cast(simd.avx512f._mm512_permutex2var_epi32(pulp::cast(low), pulp::cast(index), pulp::cast(high)))
    }
}

/// Scorers of some trees, all of one number a leaf.
#[derive(Debug)]
pub(super) struct QuickScorers {
    trees: Vec<QuickScorer>,
    categories: Categories,
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
        suits.then(|| {
            let categories = Categories::new(trees, place);
            let trees = trees.par_iter().map(|tree| QuickScorer::new(tree, place, &categories)).collect();
            Self { trees, categories, arch }
        })
    }

    /// Adds the leaves of a block's rows to their sums, `[outputs][stride]`; the first tree adds to output `first`, and
    /// so on round and round.
    pub(super) fn add(&self, block: Block<'_>, first: usize, sums: &mut [f64]) {
        let pass = Pass { trees: &self.trees, block, codes: &self.categories.codes(block), first, sums };
        #[cfg(target_arch = "x86_64")]
        if let Arch::V4(simd) = self.arch {
            simd.vectorize(
                #[inline(always)]
                || pass.run(simd, Wide),
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
    codes: &'a [u32],
    first: usize,
    sums: &'a mut [f64],
}

impl Pass<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S, look: impl Look<S>) {
        let rows = self.block.rows.next_multiple_of(LANES);
        let outputs = self.sums.len() / self.block.stride;
        for (t, tree) in self.trees.iter().enumerate() {
            let start = (self.first + t) % outputs * self.block.stride;
            tree.add(simd, look, self.block, self.codes, &mut self.sums[start..start + rows]);
        }
    }
}

impl WithSimd for Pass<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        self.run(simd, OneByOne);
    }
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

    /// A tree of random splits over five features; the fourth has many categories, the last has few.
    fn tree(leaves: usize, stream: &mut Stream) -> Tree {
        let mut nodes = vec![Node::leaf(1.0)];
        let mut sets = Vec::new();
        while nodes.len() < 2 * leaves - 1 {
            let i = stream.below(nodes.len() as u64) as usize;
            if nodes[i].split.is_some() {
                continue;
            }
            let feature = stream.below(5) as u32;
            let test = if feature >= 3 {
                let few = vec![stream.next_u64() & 0xf_ffff, 0];
                sets.push(if feature == 4 { few } else { vec![stream.next_u64(); 1 + stream.below(2) as usize] });
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
        let mut values: Vec<f32> = (0..5 * stride).map(|_| stream.below(20) as f32).collect();
        values.iter_mut().step_by(5).for_each(|x| *x = f32::NAN);
        for feature in [3, 4] {
            values[feature * stride + 1] = 1e9;
            values[feature * stride + 2] = -1.0;
            values[feature * stride + 3] = 20.0;
            values[feature * stride + 4] = 1e30;
        }
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
            let Some(scorers) = QuickScorers::on(arch, &trees, &[0, 1, 2, 3, 4]) else { continue };
            let mut sums = vec![0.5; 2 * stride];
            scorers.add(block, 1, &mut sums);
            for output in 0..2 {
                let own = output * stride..output * stride + rows;
                assert_eq!(sums[own.clone()], want[own], "{arch:?}");
            }
        }
    }
}
