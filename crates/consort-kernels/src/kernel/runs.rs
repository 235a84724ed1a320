//! Order statistics of more members than registers: the numbers of a place are sorted in runs, which several units share
//! out among themselves and keep in shared memory; then all runs are cut at a rank.

use cubecl::prelude::*;

use super::{
    order::{Of, Order, exchange, from_clamped},
    rows::{infinity, is_missing, missing},
};
use crate::{Holes, network::network};

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
    const FEW: u32 = 3;

    /// The runs of so many members for a workgroup of so many units; `None` for too many members.
    pub(crate) fn of(members: usize, units: usize) -> Option<Self> {
        let count = members.div_ceil(Self::LEN);
        let lanes = units / Self::PARTS;
        (members <= Self::MOST && lanes > 0).then(|| Self { members, count, len: members.div_ceil(count), lanes })
    }

    /// Places at a time.
    pub(crate) fn lanes(&self) -> usize {
        self.lanes
    }

    /// Numbers that each unit keeps in shared memory: its part of the runs, and of what units tell each other.
    pub(crate) fn kept(&self) -> usize {
        self.room().div_ceil(Self::PARTS * self.lanes) + 2
    }

    fn room(&self) -> usize {
        self.count * self.slot() * self.lanes
    }

    /// Steps of a search in a run: how many numbers each of them may pass.
    fn strides(&self) -> Vec<usize> {
        let bits = self.len.ilog2();
        let mut strides: Vec<usize> = (0..=bits).rev().map(|bit| 1 << bit).collect();
        if self.len.is_power_of_two() {
            // One step would pass all of the run but for the last number.
            strides.remove(0);
            strides.push(1);
        }
        strides
    }

    /// Places of a run: as far as a search looks.
    fn slot(&self) -> usize {
        self.strides().iter().sum()
    }

    /// Numbers of this run.
    fn len_of(&self, run: usize) -> usize {
        (self.members - run * self.len).min(self.len)
    }

    /// How often each unit sorts a run.
    fn turns(&self) -> usize {
        self.count.div_ceil(Self::PARTS)
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

/// The statistic of a place, which the first of its units is told. All units must come here; those of no place are not
/// `there`.
#[cube]
pub(crate) fn from_runs<F: Float>(
    cube: &[F],
    at: usize,
    all: usize,
    there: bool,
    held: &mut Held,
    #[comptime] order: Order,
    #[comptime] runs: Runs,
) -> f32 {
    let part = UNIT_POS as usize / comptime!(runs.lanes);
    let lane = UNIT_POS as usize % comptime!(runs.lanes);
    let mut lost = false;
    for turn in 0..comptime!(runs.turns()).runtime() {
        let run = turn * comptime!(Runs::PARTS) + part;
        if there && run < comptime!(runs.count) {
            lost = lost || sort_run::<F>(cube, at, all, run, lane, held, runs);
        }
    }
    let of_two = comptime!(order.of == Of::Between && order.last < order.first + 2);
    if comptime!(of_two && order.holes != Holes::None) {
        held.noted[part * comptime!(runs.lanes) + lane] = select(lost, missing(), 0.0f32);
    }
    sync_cube();
    let mut out = 0.0f32;
    if comptime!(of_two) {
        if there && part == 0 {
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
        // The last unit has no more runs than the others, often fewer: it and the one before it look for the ends.
        if there && part >= comptime!(Runs::PARTS - 2) {
            let low = part == comptime!(Runs::PARTS - 1);
            let rank = select(low, comptime!(order.first as u32).runtime(), comptime!(order.last as u32).runtime());
            let mut begin = Array::<u32>::new(comptime!(runs.count));
            cut(held, &mut begin, rank, lane, runs);
            let end = next(held, &mut begin, lane, runs);
            held.ends[select(low, lane, comptime!(runs.lanes) + lane)] = end;
        }
        sync_cube();
        if there {
            let low = held.ends[lane];
            let high = held.ends[comptime!(runs.lanes) + lane];
            let mut sum = 0.0f32;
            for turn in 0..comptime!(runs.turns()).runtime() {
                let run = turn * comptime!(Runs::PARTS) + part;
                if run < comptime!(runs.count) {
                    let base = run * comptime!(runs.slot() * runs.lanes) + lane;
                    #[unroll]
                    for k in 0..comptime!(runs.len) {
                        let x = held.runs[base + comptime!(k * runs.lanes)].max(low).min(high) - low;
                        // The last run may be shorter.
                        let counts =
                            comptime!(k < runs.len_of(runs.count - 1)).runtime() || run + 1 < comptime!(runs.count);
                        sum += select(counts, x, 0.0f32);
                    }
                }
            }
            let lost = lost && comptime!(order.holes != Holes::None);
            held.noted[part * comptime!(runs.lanes) + lane] = select(lost, missing(), sum);
        }
        sync_cube();
        if there && part == 0 {
            let mut sum = 0.0f32;
            #[unroll]
            for other in 0..comptime!(Runs::PARTS) {
                sum += held.noted[comptime!(other * runs.lanes) + lane];
            }
            out = from_clamped(sum, held.ends[lane], held.ends[comptime!(runs.lanes) + lane], order);
        }
    }
    out
}

/// Reads and sorts a run; whether it lacks a number.
#[cube]
fn sort_run<F: Float>(
    cube: &[F],
    at: usize,
    all: usize,
    run: usize,
    lane: usize,
    held: &mut Held,
    #[comptime] runs: Runs,
) -> bool {
    let slot = comptime!(runs.slot());
    let first = run * comptime!(runs.len);
    let mut lost = false;
    let mut x = Array::<f32>::new(comptime!(slot));
    #[unroll]
    for k in 0..slot {
        // What a run lacks is as great as any number.
        let mut number = infinity();
        if comptime!(k < runs.len) {
            if comptime!(runs.count * runs.len == runs.members) {
                number = f32::cast_from(cube[(first + k) * all + at]);
            } else if first + k < comptime!(runs.members) {
                number = f32::cast_from(cube[(first + k) * all + at]);
            }
            lost = lost || is_missing(number);
        }
        x[k] = number;
    }
    let pairs = comptime!(network(runs.len, |_| true));
    #[unroll]
    for i in 0..comptime!(pairs.len()) {
        exchange(&mut x, comptime!(pairs[i].0), comptime!(pairs[i].1));
    }
    let base = run * comptime!(slot * runs.lanes) + lane;
    #[unroll]
    for k in 0..slot {
        held.runs[base + comptime!(k * runs.lanes)] = x[k];
    }
    lost
}

/// Cuts the runs so that `rank` numbers are before the cuts, none of them greater than any after: `found` is how many of
/// each run. Of equal numbers those of an earlier run come first.
///
/// A number of the widest rest is looked up in all runs; on which side of it the cuts lie follows from how many numbers
/// come before it. It is taken a little beyond where the rank should be if all rests were alike, so that the longer side of
/// them falls away.
#[cube]
fn cut(held: &mut Held, found: &mut Array<u32>, rank: u32, lane: usize, #[comptime] runs: Runs) {
    let count = comptime!(runs.count);
    let mut ends = Array::<u32>::new(count);
    let mut spots = Array::<u32>::new(count);
    #[unroll]
    for run in 0..count {
        found[run] = 0u32;
        ends[run] = comptime!(runs.len_of(run) as u32).runtime();
    }
    let mut low = 0u32;
    let mut high = comptime!(runs.members as u32).runtime();
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
        let wanted = rank - low;
        let share = f32::cast_from(wanted) / f32::cast_from(high - low);
        let near = u32::cast_from(f32::cast_from(widest) * share);
        let nearer = select(share < 0.5f32, near + 1u32, near.max(1u32) - 1u32);
        let middle = begin + nearer.min(widest - 1u32);
        let pivot = held.runs[(own as usize * comptime!(runs.slot()) + middle as usize) * comptime!(runs.lanes) + lane];
        let mut before = 0u32;
        #[unroll]
        for run in 0..count {
            let place = before_pivot(held, pivot, comptime!(run as u32) < own, run, lane, runs);
            // What is known already stays so, whatever the numbers: each round leaves one number fewer.
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
    let base = comptime!(run * runs.slot() * runs.lanes) + lane;
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
    let slot = comptime!(runs.slot());
    let mut least = infinity();
    let mut own = 0u32;
    #[unroll]
    for run in 0..count {
        let at = begin[run].min(comptime!(slot as u32 - 1).runtime());
        let x = held.runs[(comptime!(run * slot) + at as usize) * comptime!(runs.lanes) + lane];
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
    fn every_member_is_in_one_run_and_every_search_stays_in_its_slot() {
        for members in 65..=Runs::MOST {
            let runs = Runs::of(members, 128).unwrap();
            assert_eq!((0..runs.count).map(|run| runs.len_of(run)).sum::<usize>(), members);
            assert!(
                (0..runs.count).all(|run| runs.len_of(run) >= 1) && runs.slot() >= runs.len && runs.len <= Runs::LEN
            );
            // A search may pass all numbers; the last look is at the last place of the slot at most.
            let strides = runs.strides();
            assert!(strides.iter().sum::<usize>() >= runs.len && strides.last() == Some(&1));
        }
        assert!(Runs::of(Runs::MOST + 1, 128).is_none());
    }
}
