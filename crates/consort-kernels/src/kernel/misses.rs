//! Zero-one loss of a round of greedy selection: the rows that each candidate would label wrong, in one read of the cube.

// Launching without bounds checks is unsafe; each loop guards its own places.
#![allow(unsafe_code)]

use cubecl::prelude::*;

use super::{
    lone::{label_of, read_row},
    rows::{fold_each, number_at, place, row_labels},
    step::TOGETHER,
};
use crate::{
    Cube, Device,
    buffer::Buffer,
    cube::by_storage,
    tile::{Lone, Tile},
};

/// The most candidates whose marks a workgroup keeps: 16 kilobytes of them.
pub(crate) const MEMBERS: usize = 1024;
/// Candidates whose marks are the bits of a word.
const BITS: usize = 32;

/// Counts the rows of each chunk whose label would be wrong, for each candidate, to `parts[candidate][chunk]`.
#[allow(clippy::too_many_arguments)]
pub(crate) fn count(
    cube: &Cube,
    tile: Tile,
    chunks: usize,
    last: bool,
    sum: &Buffer<f32>,
    codes: &Buffer<u32>,
    parts: &Buffer<f32>,
) {
    by_storage!(cube.storage(), F => {
        // SAFETY: as for `terms`.
        unsafe {
            tile_kernel::launch_unchecked::<F>(
                cube.device().client(),
                CubeCount::Static(cube.members().div_ceil(TOGETHER) as u32, chunks as u32, 1),
                tile.dim(),
                cube.arg(1),
                sum.arg(),
                codes.arg(),
                parts.arg(),
                cube.members() as u32,
                chunks as u32,
                tile,
                last,
            );
        }
    });
}

#[cube(launch_unchecked)]
fn tile_kernel<F: Float>(
    cube: &[F],
    sum: &[f32],
    codes: &[u32],
    parts: &mut [f32],
    members: u32,
    chunks: u32,
    #[comptime] tile: Tile,
    #[comptime] last: bool,
) {
    let unit = UNIT_POS as usize;
    let members = members as usize;
    let chunks = chunks as usize;
    let rows = codes.len();
    let all = rows * comptime!(tile.columns);
    let here = comptime!(tile.numbers());
    let room = comptime!(tile.room());
    let lanes = comptime!(tile.lanes);
    let first = CUBE_POS_X as usize * TOGETHER;
    let chunk = CUBE_POS_Y as usize;
    let tiles = rows.div_ceil(comptime!(tile.rows));
    let each = tiles.div_ceil(chunks);
    let mut end = (chunk + 1) * each;
    if end > tiles {
        end = tiles;
    }
    let mut staged = Shared::<[f32]>::new_slice(comptime!(2 * room));
    let mut held = Shared::<[f32]>::new_slice(comptime!(tile.units));
    let mut found = Shared::<[u32]>::new_slice(comptime!(tile.units));
    let mut label_of = Shared::<[u32]>::new_slice(comptime!(tile.rows));
    let mut spots = Array::<usize>::new(comptime!(tile.reads));
    let mut sums = Array::<f32>::new(comptime!(tile.reads));
    let mut totals = Array::<f32>::new(TOGETHER);
    #[unroll]
    for read in 0..comptime!(tile.reads) {
        spots[read] = place(comptime!(read * tile.units) + unit, tile);
    }
    #[unroll]
    for g in 0..TOGETHER {
        totals[g] = 0.0f32;
    }
    for t in chunk * each..end {
        let begin = t * here;
        let first_row = t * comptime!(tile.rows);
        #[unroll]
        for read in 0..comptime!(tile.reads) {
            let within = comptime!(read * tile.units) + unit;
            let mut s = 0.0f32;
            if within < here && begin + within < all {
                s = sum[begin + within];
            }
            sums[read] = s;
        }
        #[unroll]
        for g in 0..TOGETHER {
            let mut m = first + g;
            if m >= members {
                m = members - 1;
            }
            let base = comptime!((g % 2) * room).runtime();
            #[unroll]
            for read in 0..comptime!(tile.reads) {
                let within = comptime!(read * tile.units) + unit;
                if within < here {
                    let x = number_at::<F>(cube, m * all, begin + within, all);
                    staged[base + spots[read]] = sums[read] + x;
                }
            }
            sync_cube();
            row_labels(&staged, base, &mut held, &mut found, &mut label_of, tile, last);
            #[unroll]
            for round in 0..comptime!(tile.rounds()) {
                let row = comptime!(round * tile.groups()) + unit / lanes;
                if unit % lanes == 0 && row < comptime!(tile.rows) && first_row + row < rows {
                    let wrong = label_of[row] != codes[first_row + row];
                    totals[g] = totals[g] + f32::cast_from(u32::cast_from(wrong));
                }
            }
        }
        sync_cube();
    }
    let mut counted = Shared::<[f32]>::new_slice(comptime!(TOGETHER * tile.units));
    #[unroll]
    for g in 0..TOGETHER {
        counted[comptime!(g * tile.units) + unit] = totals[g];
    }
    fold_each::<f32>(&mut counted, comptime!(tile.units), TOGETHER);
    if unit < TOGETHER && first + unit < members {
        parts[(first + unit) * chunks + chunk] = counted[unit * comptime!(tile.units)];
    }
}

/// The same, a unit for each row: it looks at the row of one candidate after the other, so that all units are at the same
/// candidate at about the same time and read on where their neighbours did. It marks those that are wrong, a bit for each;
/// in the end each unit counts the marks of a candidate. Counts are added to `counts` in whole numbers, so that the order in
/// which workgroups come changes nothing.
pub(crate) fn count_lone(
    cube: &Cube,
    lone: Lone,
    last: bool,
    sum: &Buffer<f32>,
    codes: &Buffer<u32>,
    counts: &Buffer<u32>,
) {
    by_storage!(cube.storage(), F => {
        // SAFETY: rows are read below their count, for candidates below the members, and counts are one a member.
        unsafe {
            lone_kernel::launch_unchecked::<F>(
                cube.device().client(),
                lone.count(cube.rows()),
                lone.dim(),
                lone.width,
                cube.arg(lone.width),
                sum.wide(lone.width),
                codes.arg(),
                counts.arg(),
                cube.members(),
                lone,
                last,
            );
        }
    });
}

#[cube(launch_unchecked)]
fn lone_kernel<F: Float, V: Size>(
    cube: &[Vector<F, V>],
    sum: &[Vector<f32, V>],
    codes: &[u32],
    counts: &[Atomic<u32>],
    #[comptime] members: usize,
    #[comptime] lone: Lone,
    #[comptime] last: bool,
) {
    let unit = UNIT_POS as usize;
    let rows = codes.len();
    let columns = comptime!(lone.columns);
    let units = comptime!(lone.units);
    let words = comptime!(members.div_ceil(BITS));
    let mut marks = Shared::<[u32]>::new_slice(comptime!(words * units));
    let row = ABSOLUTE_POS;
    let mut sums = Array::<f32>::new(columns);
    let mut x = Array::<f32>::new(columns);
    let mut code = 0u32;
    if row < rows {
        read_row::<f32, V>(sum, row * comptime!(lone.vectors()), &mut sums, lone);
        code = codes[row];
    }
    for word in 0..comptime!(words).runtime() {
        let mut marked = 0u32;
        let first = word * BITS;
        let mut end = first + BITS;
        if end > comptime!(members).runtime() {
            end = comptime!(members).runtime();
        }
        if row < rows {
            for m in first..end {
                read_row::<F, V>(cube, (m * rows + row) * comptime!(lone.vectors()), &mut x, lone);
                #[unroll]
                for c in 0..columns {
                    x[c] = sums[c] + x[c];
                }
                let wrong = u32::cast_from(label_of(&x, columns, last) != code);
                marked = marked | (wrong << (m - first) as u32);
            }
        }
        marks[word * units + unit] = marked;
    }
    sync_cube();
    let mut m = unit;
    while m < members {
        let base = m / BITS * units;
        let bit = (m % BITS) as u32;
        let mut count = 0u32;
        for other in 0..comptime!(units).runtime() {
            count += (marks[base + other] >> bit) & 1u32;
        }
        counts[m].fetch_add(count);
        m += units;
    }
}

/// Moves the counts to the losses of this round, one a candidate, and begins again at zero.
pub(crate) fn take(device: &Device, units: usize, round: usize, counts: &Buffer<u32>, losses: &Buffer<f32>) {
    // SAFETY: each unit below the counts moves its own; losses have as many places for each round.
    unsafe {
        take_kernel::launch_unchecked(
            device.client(),
            crate::tile::count(counts.len().div_ceil(units)),
            CubeDim::new_1d(units as u32),
            counts.arg(),
            losses.arg(),
            round as u32,
        );
    }
}

#[cube(launch_unchecked)]
fn take_kernel(counts: &mut [u32], losses: &mut [f32], round: u32) {
    let at = ABSOLUTE_POS;
    if at < counts.len() {
        losses[round as usize * counts.len() + at] = f32::cast_from(counts[at]);
        counts[at] = 0u32;
    }
}
