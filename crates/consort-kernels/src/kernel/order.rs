//! Order statistics across members: a sorting network in registers, a cut through sorted runs, or a search for the ranks.

// Launching without bounds checks is unsafe; see the guards of `at` below.
#![allow(unsafe_code)]

use cubecl::prelude::*;

use super::{
    rows::{Fold, fold_rows, is_missing, key_of, missing, place, scaled},
    runs::{Runs, from_runs},
    summary::summarise,
};
use crate::{
    Cube, Holes,
    buffer::Buffer,
    cube::by_storage,
    network::{Wanted, network},
    tile::Tile,
};

/// Which statistic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Of {
    /// The mean of the ranks from the first to the last.
    Between,
    /// The mean of all numbers, held between those of the first and the last rank.
    Held,
    /// The least number.
    Least,
    /// The greatest number.
    Greatest,
}

/// How ranks are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum By {
    /// All numbers are sorted in registers.
    Network,
    /// Runs of them are sorted in registers and kept in the memory that units share.
    Runs(Runs),
    /// Bit by bit, in many reads.
    Bits,
}

impl By {
    fn runs(self) -> Option<Runs> {
        match self {
            By::Runs(runs) => Some(runs),
            By::Network | By::Bits => None,
        }
    }
}

/// The kernel, as it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Order {
    pub(crate) of: Of,
    pub(crate) by: By,
    pub(crate) members: usize,
    /// The first and the last rank that count, from 0.
    pub(crate) first: usize,
    pub(crate) last: usize,
    /// Whether rows are scaled to a sum of 1.
    pub(crate) scale: bool,
    pub(crate) holes: Holes,
    pub(crate) summary: bool,
}

impl Order {
    /// Whether something is read off whole rows.
    fn by_rows(&self) -> bool {
        self.scale || self.summary
    }

    /// What the statistic wants of a rank.
    fn wanted(&self, rank: usize) -> Wanted {
        let is_end = rank == self.first || rank == self.last;
        match (self.first..=self.last).contains(&rank) {
            true if self.of == Of::Held && is_end => Wanted::Itself,
            true => Wanted::Together,
            false => Wanted::No,
        }
    }
}

/// Fuses; the results are as those of a pool.
pub(crate) fn launch(cube: &Cube, order: Order, tile: Tile, out: (&Buffer<f32>, &Buffer<u32>, &Buffer<f32>)) {
    by_storage!(cube.storage(), F => {
        // SAFETY: every index into `cube` is below the numbers of a member times the members, every index into
        // `fused` below rows × columns and into the summary below rows; the buffers are of these lengths.
        unsafe {
            order_kernel::launch_unchecked::<F>(
                cube.device().client(),
                tile.count(cube.rows()),
                tile.dim(),
                cube.arg(1),
                out.0.arg(),
                out.1.arg(),
                out.2.arg(),
                cube.rows() as u32,
                tile,
                order,
            );
        }
    });
}

#[cube(launch_unchecked)]
fn order_kernel<F: Float>(
    cube: &[F],
    fused: &mut [f32],
    labels: &mut [u32],
    tops: &mut [f32],
    rows: u32,
    #[comptime] tile: Tile,
    #[comptime] order: Order,
) {
    let unit = UNIT_POS as usize;
    let rows = rows as usize;
    let all = rows * comptime!(tile.columns);
    let first_row = CUBE_POS * comptime!(tile.rows);
    let begin = CUBE_POS * comptime!(tile.numbers());
    let here = comptime!(tile.numbers());
    let by_rows = comptime!(order.by_rows());
    let mut values = Shared::<[f32]>::new_slice(comptime!(if by_rows { tile.room() } else { 1 }));
    let reads = comptime!(tile.reads).runtime();
    let runs = comptime!(order.by.runs());
    if comptime!(runs.is_some()) {
        let runs = comptime!(runs.unwrap_or_default());
        from_runs::<F>(cube, &mut values, fused, all, tile, order, runs);
    } else {
        for read in 0..reads {
            let within = read * comptime!(tile.units) + unit;
            let at = begin + within;
            let mut x = 0.0f32;
            if within < here && at < all {
                if comptime!(order.of == Of::Least || order.of == Of::Greatest) {
                    x = extreme::<F>(cube, at, all, order);
                } else if comptime!(order.by == By::Network) {
                    x = sorted::<F>(cube, at, all, order);
                } else {
                    x = searched::<F>(cube, at, all, order);
                }
            }
            if within < here {
                keep(x, within, at, all, &mut values, fused, tile, order);
            }
        }
    }
    if comptime!(by_rows) {
        sync_cube();
        let mut held = Shared::<[f32]>::new_slice(comptime!(tile.units));
        if comptime!(order.scale) {
            let mut of_row = Shared::<[f32]>::new_slice(comptime!(tile.rows));
            fold_rows(&values, 0, &mut held, &mut of_row, tile, Fold::Factor);
            for read in 0..reads {
                let within = read * comptime!(tile.units) + unit;
                let at = begin + within;
                if within < here {
                    let spot = place(within, tile);
                    let factor = of_row[within / comptime!(tile.columns)];
                    let scaled = scaled(values[spot], factor, comptime!(tile.columns));
                    values[spot] = scaled;
                    if at < all {
                        fused[at] = scaled;
                    }
                }
            }
            sync_cube();
        }
        if comptime!(order.summary) {
            summarise(&values, 0, &mut held, labels, tops, first_row, rows, tile);
        }
    }
}

/// Keeps the statistic of a place of the tile for what is read off rows, and writes it unless rows are scaled first.
#[cube]
pub(crate) fn keep(
    x: f32,
    within: usize,
    at: usize,
    all: usize,
    values: &mut Shared<[f32]>,
    fused: &mut [f32],
    #[comptime] tile: Tile,
    #[comptime] order: Order,
) {
    if comptime!(order.by_rows()) {
        values[place(within, tile)] = x;
    }
    if comptime!(!order.scale) {
        if at < all {
            fused[at] = x;
        }
    }
}

/// The least or the greatest number of one place.
#[cube]
fn extreme<F: Float>(cube: &[F], at: usize, all: usize, #[comptime] order: Order) -> f32 {
    let mut out = f32::cast_from(cube[at]);
    let mut lost = is_missing(out);
    for m in 1..comptime!(order.members) {
        let x = f32::cast_from(cube[m * all + at]);
        let there = !is_missing(x);
        let better = if comptime!(order.of == Of::Least) { x < out } else { x > out };
        // In a row that others have, a number takes the place of one that is missing.
        if there && (better || is_missing(out)) {
            out = x;
        }
        lost = lost || !there;
    }
    if comptime!(order.holes == Holes::Spread) { select(lost, missing(), out) } else { out }
}

/// The statistic of one place by a sorting network, all numbers in registers.
#[cube]
fn sorted<F: Float>(cube: &[F], at: usize, all: usize, #[comptime] order: Order) -> f32 {
    let members = comptime!(order.members);
    let mut x = Array::<f32>::new(members);
    let mut lost = false;
    #[unroll]
    for m in 0..members {
        x[m] = f32::cast_from(cube[m * all + at]);
        if comptime!(order.holes != Holes::None) {
            lost = lost || is_missing(x[m]);
        }
    }
    let pairs = comptime!(network(members, |rank| order.wanted(rank)));
    #[unroll]
    for i in 0..comptime!(pairs.len()) {
        exchange(&mut x, comptime!(pairs[i].0), comptime!(pairs[i].1));
    }
    let mut sum = 0.0f32;
    #[unroll]
    for i in comptime!(order.first)..comptime!(order.last + 1) {
        sum += x[i];
    }
    let counted = comptime!(if order.of == Of::Held { members as f32 } else { (order.last + 1 - order.first) as f32 });
    if comptime!(order.of == Of::Held) {
        // Those before the first rank are raised to it, those after the last lowered.
        sum += comptime!(order.first as f32) * x[comptime!(order.first)];
        sum += comptime!((members - 1 - order.last) as f32) * x[comptime!(order.last)];
    }
    select(lost, missing(), sum / counted)
}

/// Puts the lesser of two numbers first.
#[cube]
pub(crate) fn exchange(x: &mut Array<f32>, #[comptime] a: usize, #[comptime] b: usize) {
    let low = x[a].min(x[b]);
    let high = x[a].max(x[b]);
    x[a] = low;
    x[b] = high;
}

/// The number of a key.
#[cube]
fn of_key(key: u32) -> f32 {
    f32::from_bits(select(key >> 31u32 == 1u32, key & 0x7fff_ffffu32, !key))
}

/// The statistic of one place, for more members than units can keep: the two ranks are found bit by bit, each bit by
/// counting the numbers below.
#[cube]
fn searched<F: Float>(cube: &[F], at: usize, all: usize, #[comptime] order: Order) -> f32 {
    let members = comptime!(order.members);
    let first = comptime!(order.first as u32).runtime();
    let last = comptime!(order.last as u32).runtime();
    let mut low = 0u32;
    let mut high = 0u32;
    let mut lost = false;
    for step in 0..32u32 {
        let bit = 0x8000_0000u32 >> step;
        let low_try = low | bit;
        let high_try = high | bit;
        let mut below_low = 0u32;
        let mut below_high = 0u32;
        for m in 0..members {
            let x = f32::cast_from(cube[m * all + at]);
            lost = lost || is_missing(x);
            let k = key_of(x.to_bits());
            below_low += u32::cast_from(k < low_try);
            below_high += u32::cast_from(k < high_try);
        }
        // As many numbers as the rank or fewer are below: the number of this rank has the bit.
        if below_low <= first {
            low = low_try;
        }
        if below_high <= last {
            high = high_try;
        }
    }
    let mut sum = 0.0f32;
    let least = of_key(low);
    let most = of_key(high);
    if comptime!(order.of == Of::Held) {
        for m in 0..members {
            let x = f32::cast_from(cube[m * all + at]);
            sum += x.max(least).min(most);
        }
        sum = sum / comptime!(members as f32);
    } else {
        let mut inside = 0u32;
        let mut below = 0u32;
        let mut rest = 0.0f32;
        for m in 0..members {
            let x = f32::cast_from(cube[m * all + at]);
            let k = key_of(x.to_bits());
            let is_inside = k > low && k < high;
            rest += select(is_inside, x, 0.0f32);
            inside += u32::cast_from(is_inside);
            below += u32::cast_from(k <= low);
        }
        // Of the numbers equal to the two ends, so many have a rank that counts.
        let count = comptime!((order.last + 1 - order.first) as u32).runtime();
        let mut at_low = below - first;
        if at_low > count {
            at_low = count;
        }
        let at_high = count - at_low - select(low == high, 0u32, inside);
        sum = rest + f32::cast_from(at_low) * least + f32::cast_from(at_high) * most;
        sum = sum / f32::cast_from(count);
    }
    if comptime!(order.holes == Holes::None) { sum } else { select(lost, missing(), sum) }
}
