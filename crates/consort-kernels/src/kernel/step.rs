//! A round of greedy selection: the loss of every candidate in one read, then the choice, then the new sum.
//!
//! All of it stays on the device. Rows are cut into chunks, the same on every device; each workgroup takes a chunk for a
//! few candidates, so that the running sum is read once for all of these, and later ones find it in a cache.

// Launching without bounds checks is unsafe; each loop guards its own places.
#![allow(unsafe_code)]

use cubecl::prelude::*;

use super::rows::{Fold, fold_each, fold_within};
use crate::{Cube, buffer::Buffer, cube::by_storage};

/// Candidates of a workgroup.
pub(crate) const TOGETHER: usize = 4;
/// Chunks that numbers are cut into, at most.
pub(crate) const CHUNKS: usize = 512;

/// Chunks for so many steps of all units of a workgroup. Some steps a chunk, so that adding up what units found is a
/// small part of the work, but not fewer chunks than keep a device busy; the device itself has no say in it.
pub(crate) fn chunks(steps: usize) -> usize {
    const BUSY: usize = 64;
    const EACH: usize = 8;
    steps.min((steps / EACH).clamp(BUSY, CHUNKS))
}

/// The loss of a sum that is no question of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Term {
    /// −ln max((s + x)·share, floor), of the numbers of the true classes.
    Log,
    /// (s + x − y)², where s is the sum of the errors so far.
    Square,
}

/// What all rounds of a selection work on.
#[derive(Debug)]
pub(crate) struct Rounds {
    /// The numbers that are added: those of the true classes for the log loss.
    pub(crate) cube: Cube,
    /// The sum of the members picked so far; that of their errors for squares.
    pub(crate) sum: Buffer<f32>,
    /// What squares are errors of, as many numbers as a member has.
    pub(crate) y: Buffer<f32>,
    /// The true class of each row.
    pub(crate) codes: Buffer<u32>,
    /// What each candidate would make of each chunk of rows: `[candidate][chunk]`.
    pub(crate) parts: Buffer<f32>,
    pub(crate) chunks: usize,
    /// Numbers that a unit reads at a time.
    pub(crate) width: usize,
    /// Units of a workgroup.
    pub(crate) units: usize,
}

impl Rounds {
    /// A workgroup for each chunk and a few candidates.
    pub(crate) fn count(&self) -> CubeCount {
        CubeCount::Static(self.members().div_ceil(TOGETHER) as u32, self.chunks as u32, 1)
    }

    pub(crate) fn members(&self) -> usize {
        self.cube.members()
    }

    fn dim(&self) -> CubeDim {
        CubeDim::new_1d(self.units as u32)
    }

    /// Vectors of a member.
    fn vectors(&self) -> usize {
        self.cube.rows() * self.cube.columns() / self.width
    }
}

/// Makes the sum that of no members: zeros.
pub(crate) fn clear(on: &Rounds) {
    // SAFETY: each unit below the numbers writes its own.
    unsafe {
        clear_kernel::launch_unchecked(
            on.cube.device().client(),
            crate::tile::count(on.sum.len().div_ceil(on.units)),
            on.dim(),
            on.sum.arg(),
        );
    }
}

#[cube(launch_unchecked)]
fn clear_kernel(out: &mut [f32]) {
    let at = ABSOLUTE_POS;
    if at < out.len() {
        out[at] = 0.0f32;
    }
}

/// Sums the terms of each candidate over each chunk to the parts; `y` is not read for a logarithm, `share` and `floor` are for
/// nothing else.
pub(crate) fn terms(on: &Rounds, term: Term, share: f32, floor: f32) {
    by_storage!(on.cube.storage(), F => {
        // SAFETY: numbers are read below those of a member, for candidates below the members; one part is written for
        // each candidate and chunk, and workgroups beyond the last candidate write none.
        unsafe {
            terms_kernel::launch_unchecked::<F>(
                on.cube.device().client(),
                on.count(),
                on.dim(),
                on.width,
                on.cube.arg(on.width),
                on.sum.wide(on.width),
                on.y.wide(on.width),
                on.parts.arg(),
                on.vectors() as u32,
                on.members() as u32,
                on.chunks as u32,
                share,
                floor,
                on.units,
                term,
            );
        }
    });
}

#[cube(launch_unchecked)]
fn terms_kernel<F: Float, V: Size>(
    cube: &[Vector<F, V>],
    sum: &[Vector<f32, V>],
    y: &[Vector<f32, V>],
    parts: &mut [f32],
    all: u32,
    members: u32,
    chunks: u32,
    share: f32,
    floor: f32,
    #[comptime] units: usize,
    #[comptime] term: Term,
) {
    let all = all as usize;
    let members = members as usize;
    let chunks = chunks as usize;
    let first = CUBE_POS_X as usize * TOGETHER;
    let chunk = CUBE_POS_Y as usize;
    let (begin, end) = of_chunk(all, chunk, chunks);
    let mut totals = Array::<f32>::new(TOGETHER);
    #[unroll]
    for g in 0..TOGETHER {
        totals[g] = 0.0f32;
    }
    let mut at = begin + UNIT_POS as usize;
    while at < end {
        let mut base = sum[at];
        if comptime!(term == Term::Square) {
            base = base - y[at];
        }
        #[unroll]
        for g in 0..TOGETHER {
            let m = candidate(first + g, members);
            let x = base + Vector::<f32, V>::cast_from(cube[m * all + at]);
            let mut of_vector = 0.0f32;
            #[unroll]
            for k in 0..V::value() {
                let x = x.extract(k);
                if comptime!(term == Term::Square) {
                    of_vector += x * x;
                } else {
                    of_vector -= (x * share).max(floor).ln();
                }
            }
            totals[g] = totals[g] + of_vector;
        }
        at += units;
    }
    write_parts(&totals, parts, first, members, chunk, chunks, units);
}

/// The first of so many things of a chunk, and the first beyond it.
#[cube]
pub(crate) fn of_chunk(all: usize, chunk: usize, chunks: usize) -> (usize, usize) {
    let each = all.div_ceil(chunks);
    let begin = chunk * each;
    (begin, (begin + each).min(all))
}

/// The member that a candidate is. Beyond the last one it is read again, and what it would make is not written.
#[cube]
pub(crate) fn candidate(m: usize, members: usize) -> usize {
    m.min(members - 1)
}

/// Adds what all units found of a few candidates in a chunk, from `first` on, and writes it to the parts. All units must
/// come here.
#[cube]
pub(crate) fn write_parts(
    totals: &Array<f32>,
    parts: &mut [f32],
    first: usize,
    members: usize,
    chunk: usize,
    chunks: usize,
    #[comptime] units: usize,
) {
    let unit = UNIT_POS as usize;
    let mut held = Shared::<[f32]>::new_slice(comptime!(TOGETHER * units));
    #[unroll]
    for g in 0..TOGETHER {
        held[comptime!(g * units) + unit] = totals[g];
    }
    fold_each::<f32>(&mut held, units, TOGETHER);
    let mut g = unit;
    while g < TOGETHER {
        if first + g < members {
            parts[(first + g) * chunks + chunk] = held[g * units];
        }
        g += units;
    }
}

/// Adds the parts of each candidate to its loss of this round; a workgroup for each.
pub(crate) fn total(on: &Rounds, round: usize, losses: &Buffer<f32>) {
    // SAFETY: parts are read below chunks × members, and each workgroup writes one loss of the round; workgroups beyond
    // the last candidate write none.
    unsafe {
        total_kernel::launch_unchecked(
            on.cube.device().client(),
            crate::tile::count(on.members()),
            on.dim(),
            on.parts.arg(),
            losses.arg(),
            on.members() as u32,
            on.chunks as u32,
            round as u32,
            on.units,
        );
    }
}

#[cube(launch_unchecked)]
fn total_kernel(parts: &[f32], losses: &mut [f32], members: u32, chunks: u32, round: u32, #[comptime] units: usize) {
    let unit = UNIT_POS as usize;
    let members = members as usize;
    let chunks = chunks as usize;
    let m = CUBE_POS;
    let mut held = Shared::<[f32]>::new_slice(units);
    let mut sum = 0.0f32;
    if m < members {
        let mut chunk = unit;
        while chunk < chunks {
            sum += parts[m * chunks + chunk];
            chunk += units;
        }
    }
    held[unit] = sum;
    fold_within::<f32>(&mut held, units, Fold::Sum);
    if unit == 0 && m < members {
        losses[round as usize * members + m] = held[0];
    }
}

/// Notes the first of the candidates whose loss is least as the choice of this round.
pub(crate) fn choose(on: &Rounds, round: usize, losses: &Buffer<f32>, picks: &Buffer<u32>) {
    // SAFETY: losses are read below members × (round + 1) and one pick is written; the buffers have a place for each round.
    unsafe {
        choose_kernel::launch_unchecked(
            on.cube.device().client(),
            CubeCount::Static(1, 1, 1),
            on.dim(),
            losses.arg(),
            picks.arg(),
            on.members() as u32,
            round as u32,
            on.units,
        );
    }
}

#[cube(launch_unchecked)]
fn choose_kernel(losses: &[f32], picks: &mut [u32], members: u32, round: u32, #[comptime] units: usize) {
    let unit = UNIT_POS as usize;
    let mut held = Shared::<[f32]>::new_slice(units);
    let mut found = Shared::<[u32]>::new_slice(units);
    let mut least = f32::max_value();
    let mut pick = 0xffff_ffffu32;
    let mut m = unit;
    while m < members as usize {
        let loss = losses[round as usize * members as usize + m];
        if loss < least {
            least = loss;
            pick = m as u32;
        }
        m += units;
    }
    held[unit] = least;
    found[unit] = pick;
    let steps = comptime!(units.ilog2());
    #[unroll]
    for s in 0..steps {
        let stride = comptime!(units >> (s + 1));
        sync_cube();
        if unit < stride {
            let its = held[unit + stride];
            let its_pick = found[unit + stride];
            if its < held[unit] || (its == held[unit] && its_pick < found[unit]) {
                held[unit] = its;
                found[unit] = its_pick;
            }
        }
    }
    sync_cube();
    if unit == 0 {
        let pick = found[0];
        picks[round as usize] = select(pick < members, pick, 0u32);
    }
}

/// Adds the member that was chosen in this round to the sum; its error where `errors`.
pub(crate) fn add(on: &Rounds, round: usize, errors: bool, picks: &Buffer<u32>) {
    by_storage!(on.cube.storage(), F => {
        // SAFETY: each unit changes one vector below those of a member, and picks are below the members.
        unsafe {
            add_kernel::launch_unchecked::<F>(
                on.cube.device().client(),
                crate::tile::count(on.vectors().div_ceil(on.units)),
                on.dim(),
                on.width,
                on.cube.arg(on.width),
                picks.arg(),
                on.y.wide(on.width),
                on.sum.wide(on.width),
                on.vectors() as u32,
                round as u32,
                errors,
            );
        }
    });
}

#[cube(launch_unchecked)]
fn add_kernel<F: Float, V: Size>(
    cube: &[Vector<F, V>],
    picks: &[u32],
    y: &[Vector<f32, V>],
    sum: &mut [Vector<f32, V>],
    all: u32,
    round: u32,
    #[comptime] errors: bool,
) {
    let at = ABSOLUTE_POS;
    let all = all as usize;
    if at < all {
        let mut next = sum[at] + Vector::<f32, V>::cast_from(cube[picks[round as usize] as usize * all + at]);
        if comptime!(errors) {
            next = next - y[at];
        }
        sum[at] = next;
    }
}
