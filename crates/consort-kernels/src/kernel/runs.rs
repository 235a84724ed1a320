//! Order statistics of more members than registers: the numbers of a place are sorted in runs, which several units share
//! out among themselves and keep in shared memory; then all runs are cut at a rank.

use cubecl::prelude::*;

use super::{
    order::{Of, Order, exchange, keep},
    rows::{infinity, is_missing, missing},
};
use crate::{
    Holes,
    network::{Wanted, network},
    tile::Tile,
};

/// How the numbers of a place are cut into runs, and how many places a workgroup takes at a time.
///
/// Source: the cut is a multiway selection, after Varman, Scheufler, Iyer, Ricard 1991.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(crate) struct Runs {
    members: usize,
    /// Runs of a place.
    count: usize,
    /// Numbers of a run; the last one may have fewer.
    len: usize,
    /// Places at a time.
    lanes: usize,
}

impl Runs {
    /// The most numbers of a run.
    const LEN: usize = 32;
    /// Units that share a place.
    const PARTS: usize = 4;
    /// The most members: 16 runs, whose cuts are kept in registers.
    const MOST: usize = 16 * Self::LEN;
    /// So few numbers before a rank are gone through one by one.
    const FEW: u32 = 6;
    /// Numbers before a rank at which a guess aims: from there one goes through them.
    const SHORT: f32 = 3.0;
    /// How often a cut is guessed before it is searched.
    const GUESSES: usize = 2;

    /// The runs of so many members for a workgroup of so many units; `None` for too many members.
    pub(crate) fn of(members: usize, units: usize) -> Option<Self> {
        // As many runs for each unit as for the others.
        let count = members.div_ceil(Self::LEN).next_multiple_of(Self::PARTS);
        let lanes = units / Self::PARTS;
        (members <= Self::MOST && lanes > 0).then(|| Self { members, count, len: members.div_ceil(count), lanes })
    }

    /// Numbers that each unit keeps in shared memory: its part of the runs, and of what units tell each other.
    pub(crate) fn kept(&self) -> usize {
        self.room().div_ceil(Self::PARTS * self.lanes) + 2
    }

    fn room(&self) -> usize {
        self.count * self.len * self.lanes
    }

    /// Steps of a search in a run: how many numbers each of them may pass. The steps after one may together pass as many, or
    /// one less, so that any number of the run's can be passed.
    fn strides(&self) -> Vec<usize> {
        let mut rest = self.len;
        std::iter::from_fn(|| {
            let stride = rest.div_ceil(2);
            rest -= stride;
            (stride > 0).then_some(stride)
        })
        .collect()
    }

    /// Numbers of this run.
    fn len_of(&self, run: usize) -> usize {
        (self.members - run * self.len).min(self.len)
    }

    /// How often each unit sorts a run.
    fn turns(&self) -> usize {
        self.count / Self::PARTS
    }
}

/// What a workgroup shares for the statistics of its places.
#[derive(CubeType)]
pub(crate) struct Held {
    /// The sorted runs, `[run][number][place]`.
    runs: Shared<[f32]>,
    /// What the units of a place say to each other, `[unit][place]`.
    noted: Shared<[f32]>,
    /// The two ends of each place.
    ends: Shared<[f32]>,
}

#[cube]
impl Held {
    pub(crate) fn new(#[comptime] runs: Runs) -> Held {
        Held {
            runs: Shared::<[f32]>::new_slice(comptime!(runs.room())),
            noted: Shared::<[f32]>::new_slice(comptime!(Runs::PARTS * runs.lanes)),
            ends: Shared::<[f32]>::new_slice(comptime!(2 * runs.lanes)),
        }
    }
}

/// The statistics of the places of a tile, kept as [`keep`] says.
///
/// While a unit sorts a run, the numbers of the next one are on their way.
#[cube]
pub(crate) fn from_runs<F: Float>(
    cube: &[F],
    values: &mut Shared<[f32]>,
    fused: &mut [f32],
    all: usize,
    #[comptime] tile: Tile,
    #[comptime] order: Order,
    #[comptime] runs: Runs,
) {
    let here = comptime!(tile.numbers());
    let begin = CUBE_POS * here;
    let lanes = comptime!(runs.lanes);
    let turns = comptime!(runs.turns());
    let part = UNIT_POS as usize / lanes;
    let lane = UNIT_POS as usize % lanes;
    let mut held = Held::new(runs);
    let mut ahead = Array::<f32>::new(comptime!(runs.len));
    read_run::<F>(cube, begin + lane, lane < here, all, part, &mut ahead, runs);
    for step in 0..comptime!(here.div_ceil(lanes)).runtime() {
        let within = step * lanes + lane;
        let at = begin + within;
        let there = within < here && at < all;
        let mut lost = false;
        for turn in 0..comptime!(turns).runtime() {
            let mut x = Array::<f32>::new(comptime!(runs.len));
            #[unroll]
            for k in 0..comptime!(runs.len) {
                x[k] = ahead[k];
                if comptime!(order.holes != Holes::None) {
                    lost = lost || is_missing(x[k]);
                }
            }
            let last = turn + 1 == comptime!(turns);
            let following = select(last, within + lanes, within);
            let following_run = select(last, 0, turn + 1) * comptime!(Runs::PARTS) + part;
            read_run::<F>(cube, begin + following, following < here, all, following_run, &mut ahead, runs);
            sort_run(&mut x, turn * comptime!(Runs::PARTS) + part, lane, &mut held, runs);
        }
        sync_cube();
        // Those who cut take turns, lest the same part of a multiprocessor do all of it.
        let turned = (part + step) % comptime!(Runs::PARTS);
        let x = of_place(there, lost, turned, part, lane, &mut held, order, runs);
        if turned == 0 && within < here {
            keep(x, within, at, all, values, fused, tile, order);
        }
    }
}

/// The statistic of a place whose runs are sorted, which the unit is told whose turn is 0. All units must come here; those
/// of no place are not `there`.
#[cube]
fn of_place(
    there: bool,
    lost: bool,
    turned: usize,
    part: usize,
    lane: usize,
    held: &mut Held,
    #[comptime] order: Order,
    #[comptime] runs: Runs,
) -> f32 {
    let of_two = comptime!(order.of == Of::Between && order.last < order.first + 2);
    let mut out = 0.0f32;
    if comptime!(of_two) {
        if comptime!(order.holes != Holes::None) {
            held.noted[part * comptime!(runs.lanes) + lane] = select(lost, missing(), 0.0f32);
            sync_cube();
        }
        if there && turned == 0 {
            let mut begin = Array::<u32>::new(comptime!(runs.count));
            cut(held, &mut begin, comptime!(order.first as u32).runtime(), lane, runs);
            out = next(held, &mut begin, lane, runs);
            if comptime!(order.last > order.first) {
                out = (out + next(held, &mut begin, lane, runs)) / 2.0f32;
            }
            if comptime!(order.holes != Holes::None) {
                #[unroll]
                for other in 0..comptime!(Runs::PARTS) {
                    out += held.noted[comptime!(other * runs.lanes) + lane];
                }
            }
        }
        sync_cube();
    } else {
        if there && turned < 2 {
            let low = turned == 0;
            let rank = select(low, comptime!(order.first as u32).runtime(), comptime!(order.last as u32).runtime());
            let mut begin = Array::<u32>::new(comptime!(runs.count));
            cut(held, &mut begin, rank, lane, runs);
            let end = next(held, &mut begin, lane, runs);
            held.ends[turned * comptime!(runs.lanes) + lane] = end;
        }
        sync_cube();
        let low = held.ends[lane];
        let high = held.ends[comptime!(runs.lanes) + lane];
        let mut sum = 0.0f32;
        for turn in 0..comptime!(runs.turns()).runtime() {
            let run = turn * comptime!(Runs::PARTS) + part;
            let base = run * comptime!(runs.len * runs.lanes) + lane;
            #[unroll]
            for k in 0..comptime!(runs.len) {
                let x = held.runs[base + comptime!(k * runs.lanes)].max(low).min(high) - low;
                // The last run may be shorter.
                let counts = comptime!(k < runs.len_of(runs.count - 1)).runtime() || run + 1 < comptime!(runs.count);
                sum += select(counts, x, 0.0f32);
            }
        }
        if comptime!(order.holes != Holes::None) {
            sum = select(lost, missing(), sum);
        }
        held.noted[part * comptime!(runs.lanes) + lane] = sum;
        sync_cube();
        if turned == 0 {
            let mut sum = 0.0f32;
            #[unroll]
            for other in 0..comptime!(Runs::PARTS) {
                sum += held.noted[comptime!(other * runs.lanes) + lane];
            }
            out = from_clamped(sum, low, high, order);
        }
    }
    out
}

/// A mean, from the sum of all numbers above the one of the first rank, each held between those of the first and the last.
///
/// Those that do not count are then as great as one of these two, so that the sum tells of the others.
#[cube]
fn from_clamped(sum: f32, low: f32, high: f32, #[comptime] order: Order) -> f32 {
    if comptime!(order.of == Of::Held) {
        low + sum / comptime!(order.members as f32)
    } else {
        let above = comptime!((order.members - 1 - order.last) as f32);
        low + (sum - above * (high - low)) / comptime!((order.last + 1 - order.first) as f32)
    }
}

/// Reads the numbers of a run of one place, if it is one: `inside` says that the tile has it.
#[cube]
fn read_run<F: Float>(
    cube: &[F],
    at: usize,
    inside: bool,
    all: usize,
    run: usize,
    x: &mut Array<f32>,
    #[comptime] runs: Runs,
) {
    if inside && at < all {
        let first = run * comptime!(runs.len);
        #[unroll]
        for k in 0..comptime!(runs.len) {
            if comptime!(runs.count * runs.len == runs.members) {
                x[k] = f32::cast_from(cube[(first + k) * all + at]);
            } else {
                // What the last run lacks is as great as any number.
                let m = (first + k).min(comptime!(runs.members - 1).runtime());
                let number = f32::cast_from(cube[m * all + at]);
                x[k] = select(first + k < comptime!(runs.members), number, infinity());
            }
        }
    }
}

/// Sorts a run, and keeps it.
#[cube]
fn sort_run(x: &mut Array<f32>, run: usize, lane: usize, held: &mut Held, #[comptime] runs: Runs) {
    let pairs = comptime!(network(runs.len, |_| Wanted::Itself));
    #[unroll]
    for i in 0..comptime!(pairs.len()) {
        exchange(x, comptime!(pairs[i].0), comptime!(pairs[i].1));
    }
    let base = run * comptime!(runs.len * runs.lanes) + lane;
    #[unroll]
    for k in 0..comptime!(runs.len) {
        held.runs[base + comptime!(k * runs.lanes)] = x[k];
    }
}

/// Cuts the runs so that `rank` numbers are before the cuts, none of them greater than any after: `found` is how many of
/// each run. Of equal numbers those of an earlier run come first.
///
/// Where runs are alike, the mean over them of what stands at the rank's share of a run is near to what is wanted, and how
/// fast they rise there says by how much to mend it: two such guesses leave few numbers to go through. Where they do not,
/// a number of the widest rest is looked up in all runs; on which side of it the cuts lie follows from how many numbers come
/// before it.
#[cube]
fn cut(held: &mut Held, found: &mut Array<u32>, rank: u32, lane: usize, #[comptime] runs: Runs) {
    let count = comptime!(runs.count);
    let lanes = comptime!(runs.lanes);
    let mut ends = Array::<u32>::new(count);
    let mut spots = Array::<u32>::new(count);
    #[unroll]
    for run in 0..count {
        found[run] = 0u32;
        ends[run] = comptime!(runs.len_of(run) as u32).runtime();
    }
    let mut low = 0u32;
    let mut high = comptime!(runs.members as u32).runtime();

    let share = (f32::cast_from(rank) + 0.5f32) * comptime!(runs.len as f32 / runs.members as f32) - 0.5f32;
    let share = share.max(0.0f32).min(comptime!(runs.len_of(count - 1) as f32 - 2.0).runtime());
    let below = u32::cast_from(share);
    let mut here = 0.0f32;
    let mut after = 0.0f32;
    #[unroll]
    for run in 0..count {
        let at = (comptime!(run * runs.len) + below as usize) * lanes + lane;
        here += held.runs[at];
        after += held.runs[at + lanes];
    }
    let rise = (after - here) * comptime!(1.0 / (count * count) as f32);
    let part = share - f32::cast_from(below);
    let mut guess = (here + part * (after - here)) * comptime!(1.0 / count as f32) - comptime!(Runs::SHORT) * rise;
    for _ in 0..comptime!(Runs::GUESSES).runtime() {
        let mut before = 0u32;
        #[unroll]
        for run in 0..count {
            // What is known already stays so, whatever the numbers.
            let place = before_pivot(held, guess, false, run, lane, runs).max(found[run]).min(ends[run]);
            spots[run] = place;
            before += place;
        }
        let inside = before <= rank;
        #[unroll]
        for run in 0..count {
            found[run] = select(inside, spots[run], found[run]);
            ends[run] = select(inside, ends[run], spots[run]);
        }
        low = select(inside, before, low);
        high = select(inside, high, before);
        guess += (f32::cast_from(rank) - comptime!(Runs::SHORT) - f32::cast_from(before)) * rise;
    }

    while rank - low > comptime!(Runs::FEW) {
        let mut widest = 0u32;
        let mut own = 0u32;
        let mut begin = 0u32;
        #[unroll]
        for run in 0..count {
            let width = ends[run] - found[run];
            let wider = width > widest;
            widest = select(wider, width, widest);
            own = select(wider, comptime!(run as u32).runtime(), own);
            begin = select(wider, found[run], begin);
        }
        let share = f32::cast_from(rank - low) / f32::cast_from(high - low);
        let near = u32::cast_from(f32::cast_from(widest) * share);
        let middle = begin + near.min(widest - 1u32);
        let pivot = held.runs[(own as usize * comptime!(runs.len) + middle as usize) * lanes + lane];
        let mut before = 0u32;
        #[unroll]
        for run in 0..count {
            let place = before_pivot(held, pivot, comptime!(run as u32) < own, run, lane, runs);
            // Each round leaves one number fewer.
            let place = place.max(found[run]).min(ends[run]);
            spots[run] = select(own == comptime!(run as u32), middle, place);
            before += spots[run];
        }
        let inside = before < rank;
        #[unroll]
        for run in 0..count {
            // The number itself is before the cut too.
            let itself = u32::cast_from(own == comptime!(run as u32));
            found[run] = select(inside, spots[run] + itself, found[run]);
            ends[run] = select(inside, ends[run], spots[run]);
        }
        low = select(inside, before + 1u32, low);
        high = select(inside, high, before);
    }
    for _ in low..rank {
        next(held, found, lane, runs);
    }
}

/// How many numbers of a run come before a number; those equal to it do if the run comes before that of the number.
///
/// The steps are the same for every unit, so that none waits for another.
#[cube]
fn before_pivot(
    held: &mut Held,
    pivot: f32,
    earlier: bool,
    #[comptime] run: usize,
    lane: usize,
    #[comptime] runs: Runs,
) -> u32 {
    let strides = comptime!(runs.strides());
    let base = comptime!(run * runs.len * runs.lanes) + lane;
    // Counted in places of shared memory.
    let mut place = 0u32;
    #[unroll]
    for step in 0..comptime!(strides.len()) {
        let stride = comptime!(strides[step]);
        let x = held.runs[base + place as usize + comptime!((stride - 1) * runs.lanes)];
        let before = x < pivot || (earlier && x == pivot);
        place += select(before, comptime!((stride * runs.lanes) as u32).runtime(), 0u32);
    }
    place / comptime!(runs.lanes as u32)
}

/// The least number after the cuts; the cut of its run moves past it.
#[cube]
fn next(held: &mut Held, begin: &mut Array<u32>, lane: usize, #[comptime] runs: Runs) -> f32 {
    let count = comptime!(runs.count);
    let len = comptime!(runs.len);
    let mut least = infinity();
    let mut own = 0u32;
    #[unroll]
    for run in 0..count {
        let at = begin[run].min(comptime!(len as u32 - 1).runtime());
        let x = held.runs[(comptime!(run * len) + at as usize) * comptime!(runs.lanes) + lane];
        let lesser = begin[run] < comptime!(runs.len_of(run) as u32) && x < least;
        least = select(lesser, x, least);
        own = select(lesser, comptime!(run as u32).runtime(), own);
    }
    #[unroll]
    for run in 0..count {
        begin[run] = begin[run] + u32::cast_from(own == comptime!(run as u32));
    }
    least
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_member_is_in_one_run_and_every_search_finds_its_place() {
        for members in 65..=Runs::MOST {
            let runs = Runs::of(members, 128).unwrap();
            assert_eq!((0..runs.count).map(|run| runs.len_of(run)).sum::<usize>(), members);
            assert!((0..runs.count).all(|run| runs.len_of(run) >= 1) && runs.len <= Runs::LEN);
            for passed in 0..=runs.len {
                let place = runs.strides().iter().fold(0, |place, stride| {
                    let at = place + stride - 1;
                    assert!(at < runs.len);
                    if at < passed { place + stride } else { place }
                });
                assert_eq!(place, passed);
            }
        }
        assert!(Runs::of(Runs::MOST + 1, 128).is_none());
    }
}
