//! Order statistics of more members than registers: the numbers of a place are sorted in runs, which are kept in the
//! memory that units share; then all runs are cut at a rank.

use cubecl::prelude::*;

use super::{
    order::{Of, Order, exchange},
    rows::{is_missing, missing},
};
use crate::{Holes, network::network};

/// Numbers of a run.
pub(crate) const RUN: usize = 32;
/// The most runs.
pub(crate) const RUNS: usize = 16;

/// The statistic of one place. A unit keeps its numbers to itself: `held` is `[member][unit]`.
#[cube]
pub(crate) fn from_runs<F: Float>(
    cube: &[F],
    at: usize,
    all: usize,
    held: &mut Shared<[f32]>,
    #[comptime] order: Order,
    #[comptime] units: usize,
) -> f32 {
    let unit = UNIT_POS as usize;
    let members = comptime!(order.members);
    let runs = comptime!(members.div_ceil(RUN));
    let mut lost = false;
    let mut x = Array::<f32>::new(RUN);
    for run in 0..comptime!(runs).runtime() {
        #[unroll]
        for k in 0..RUN {
            let m = run * RUN + k;
            // What a run lacks is greater than all numbers, and not written.
            let mut number = f32::max_value();
            if m < members {
                number = f32::cast_from(cube[m * all + at]);
            }
            lost = lost || is_missing(number);
            x[k] = number;
        }
        let pairs = comptime!(network(RUN, |_| true));
        #[unroll]
        for i in 0..comptime!(pairs.len()) {
            exchange(&mut x, comptime!(pairs[i].0), comptime!(pairs[i].1));
        }
        #[unroll]
        for k in 0..RUN {
            let m = run * RUN + k;
            if m < members {
                held[m * units + unit] = x[k];
            }
        }
    }
    let mut begin = Array::<u32>::new(runs);
    cut(held, &mut begin, comptime!(order.first as u32).runtime(), members, units);
    let mut sum = 0.0f32;
    if comptime!(order.of == Of::Held) {
        let low = next(held, &mut begin, members, units);
        cut(held, &mut begin, comptime!(order.last as u32).runtime(), members, units);
        let high = next(held, &mut begin, members, units);
        for run in 0..comptime!(runs).runtime() {
            #[unroll]
            for k in 0..RUN {
                let m = run * RUN + k;
                if m < members {
                    sum += held[m * units + unit].max(low).min(high);
                }
            }
        }
        sum = sum / comptime!(members as f32);
    } else if comptime!(order.last < order.first + 2) {
        sum = next(held, &mut begin, members, units);
        if comptime!(order.last > order.first) {
            sum = (sum + next(held, &mut begin, members, units)) / 2.0f32;
        }
    } else {
        let mut end = Array::<u32>::new(runs);
        cut(held, &mut end, comptime!(order.last as u32 + 1).runtime(), members, units);
        #[unroll]
        for run in 0..runs {
            // All numbers are looked at, so that units of a plane stay together.
            #[unroll]
            for k in 0..comptime!((members - run * RUN).min(RUN)) {
                let x = held[comptime!(run * RUN + k) * units + unit];
                let inside = comptime!(k as u32) >= begin[run] && comptime!(k as u32) < end[run];
                sum += select(inside, x, 0.0f32);
            }
        }
        sum = sum / comptime!((order.last + 1 - order.first) as f32);
    }
    if comptime!(order.holes == Holes::None) { sum } else { select(lost, missing(), sum) }
}

/// Cuts the runs so that `rank` numbers are before the cuts, none of them greater than any after: `found` is how many of
/// each run. Of equal numbers those of an earlier run come first.
///
/// A number in the middle of the widest rest is looked up in all runs; on which side of it the cuts lie follows from how
/// many numbers come before it.
#[cube]
fn cut(
    held: &mut Shared<[f32]>,
    found: &mut Array<u32>,
    rank: u32,
    #[comptime] members: usize,
    #[comptime] units: usize,
) {
    let unit = UNIT_POS as usize;
    let runs = comptime!(members.div_ceil(RUN));
    let mut ends = Array::<u32>::new(runs);
    let mut spots = Array::<u32>::new(runs);
    #[unroll]
    for run in 0..runs {
        found[run] = 0u32;
        ends[run] = comptime!((members - run * RUN).min(RUN) as u32).runtime();
    }
    let mut going = true;
    while going {
        let mut widest = 0u32;
        let mut own = 0u32;
        let mut middle = 0u32;
        #[unroll]
        for run in 0..runs {
            let width = ends[run] - found[run];
            if width > widest {
                widest = width;
                own = comptime!(run as u32).runtime();
                middle = (found[run] + ends[run]) / 2u32;
            }
        }
        going = widest > 0u32;
        if going {
            let pivot = held[(own as usize * RUN + middle as usize) * units + unit];
            let mut before = 0u32;
            #[unroll]
            for run in 0..runs {
                let len = comptime!((members - run * RUN).min(RUN));
                let place = before_pivot(held, pivot, comptime!(run as u32) < own, comptime!(run * RUN), len, units);
                // What is known of a number already stays so.
                let place = place.max(found[run]).min(ends[run]);
                spots[run] = select(own == comptime!(run as u32), middle, place);
                before += spots[run];
            }
            let inside = before < rank;
            #[unroll]
            for run in 0..runs {
                // The number itself is before the cut too.
                let itself = u32::cast_from(own == comptime!(run as u32));
                if inside {
                    found[run] = spots[run] + itself;
                } else {
                    ends[run] = spots[run];
                }
            }
        }
    }
}

/// How many numbers of a run come before a number; those equal to it do if the run comes before that of the number.
///
/// The steps are the same for every unit, so that none waits for another.
#[cube]
fn before_pivot(
    held: &mut Shared<[f32]>,
    pivot: f32,
    earlier: bool,
    #[comptime] first: usize,
    #[comptime] len: usize,
    #[comptime] units: usize,
) -> u32 {
    let unit = UNIT_POS as usize;
    let mut place = 0u32;
    #[unroll]
    for step in 0..6usize {
        // 16, 8, 4, 2, 1, and 1 for the last of all.
        let stride = comptime!((RUN >> (step + 1)).max(1) as u32);
        let at = place + comptime!(stride - 1);
        let mut there = true.runtime();
        let mut safe = at;
        if comptime!(len < RUN) {
            there = at < comptime!(len as u32);
            safe = at.min(comptime!(len as u32 - 1).runtime());
        }
        let x = held[(comptime!(first).runtime() + safe as usize) * units + unit];
        let before = there && (x < pivot || (earlier && x == pivot));
        place += select(before, comptime!(stride).runtime(), 0u32);
    }
    place
}

/// The least number after the cuts; the cut of its run moves past it.
#[cube]
fn next(held: &mut Shared<[f32]>, begin: &mut Array<u32>, #[comptime] members: usize, #[comptime] units: usize) -> f32 {
    let unit = UNIT_POS as usize;
    let runs = comptime!(members.div_ceil(RUN));
    let mut least = f32::max_value();
    let mut own = 0u32;
    #[unroll]
    for run in 0..runs {
        let len = comptime!((members - run * RUN).min(RUN) as u32);
        if begin[run] < len {
            let x = held[(comptime!(run * RUN) + begin[run] as usize) * units + unit];
            if x < least {
                least = x;
                own = comptime!(run as u32).runtime();
            }
        }
    }
    #[unroll]
    for run in 0..runs {
        if own == comptime!(run as u32) {
            begin[run] = begin[run] + 1u32;
        }
    }
    least
}
