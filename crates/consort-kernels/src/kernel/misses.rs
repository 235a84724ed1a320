//! Zero-one loss of a round of greedy selection: the rows that each candidate would label wrong, in one read of the cube.

// Launching without bounds checks is unsafe; each loop guards its own places.
#![allow(unsafe_code)]

use cubecl::prelude::*;

use super::{
    lone::{label_of, read_row},
    rows::{Fold, fold_within, number_at, place, row_labels},
    step::TOGETHER,
};
use crate::{
    Cube, Device,
    buffer::Buffer,
    cube::by_storage,
    tile::{Lone, Tile},
};

/// The most candidates whose counts a workgroup keeps.
pub(crate) const MEMBERS: usize = 2048;

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
    #[unroll]
    for g in 0..TOGETHER {
        held[unit] = totals[g];
        fold_within::<f32>(&mut held, comptime!(tile.units), Fold::Sum);
        if unit == 0 && first + g < members {
            parts[(first + g) * chunks + chunk] = held[0];
        }
        sync_cube();
    }
}

/// The same, a unit for each row: it looks at the row of one candidate after the other, so that all units are at the same
/// candidate at about the same time and read on where their neighbours did. The counts of candidates are added to `counts`,
/// in whole numbers, so that the order in which units come changes nothing.
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
    let here = Shared::<[Atomic<u32>]>::new_slice(members);
    let mut m = unit;
    while m < members {
        here[m].store(0u32);
        m += comptime!(lone.units);
    }
    sync_cube();
    let row = ABSOLUTE_POS;
    if row < rows {
        let mut sums = Array::<f32>::new(columns);
        let mut x = Array::<f32>::new(columns);
        read_row::<f32, V>(sum, row * comptime!(lone.vectors()), &mut sums, lone);
        let code = codes[row];
        for m in 0..comptime!(members).runtime() {
            read_row::<F, V>(cube, (m * rows + row) * comptime!(lone.vectors()), &mut x, lone);
            #[unroll]
            for c in 0..columns {
                x[c] = sums[c] + x[c];
            }
            if label_of(&x, columns, last) != code {
                here[m].fetch_add(1u32);
            }
        }
    }
    sync_cube();
    let mut m = unit;
    while m < members {
        counts[m].fetch_add(here[m].load());
        m += comptime!(lone.units);
    }
}

/// Moves the counts to `parts`, one a candidate, and begins again at zero.
pub(crate) fn take(device: &Device, units: usize, counts: &Buffer<u32>, parts: &Buffer<f32>) {
    // SAFETY: each unit below the counts moves its own; there are as many parts.
    unsafe {
        take_kernel::launch_unchecked(
            device.client(),
            crate::tile::count(counts.len().div_ceil(units)),
            CubeDim::new_1d(units as u32),
            counts.arg(),
            parts.arg(),
        );
    }
}

#[cube(launch_unchecked)]
fn take_kernel(counts: &mut [u32], parts: &mut [f32]) {
    let at = ABSOLUTE_POS;
    if at < counts.len() {
        parts[at] = f32::cast_from(counts[at]);
        counts[at] = 0u32;
    }
}
