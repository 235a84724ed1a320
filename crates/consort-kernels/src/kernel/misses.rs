//! Zero-one loss of a round of greedy selection: the rows that each candidate would label wrong, in one read of the cube.

// Launching without bounds checks is unsafe; each loop guards its own places.
#![allow(unsafe_code)]

use cubecl::prelude::*;

use super::{
    lone::{label_of, read_row},
    rows::{number_at, place, row_labels},
    step::{Rounds, TOGETHER, candidate, of_chunk, write_parts},
};
use crate::{
    cube::by_storage,
    tile::{Lone, Tile},
};

/// Counts the rows of each chunk whose label would be wrong, for each candidate, to the parts.
pub(crate) fn count(on: &Rounds, tile: Tile, last: bool) {
    by_storage!(on.cube.storage(), F => {
        // SAFETY: as for `terms`.
        unsafe {
            tile_kernel::launch_unchecked::<F>(
                on.cube.device().client(),
                on.count(),
                tile.dim(),
                on.cube.arg(1),
                on.sum.arg(),
                on.codes.arg(),
                on.parts.arg(),
                on.members() as u32,
                on.chunks as u32,
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
    let (begin_tile, end_tile) = of_chunk(tiles, chunk, chunks);
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
    for t in begin_tile..end_tile {
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
            let m = candidate(first + g, members);
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
    write_parts(&totals, parts, first, members, chunk, chunks, comptime!(tile.units));
}

/// The same, a unit for each row, which it keeps in registers for a few candidates.
pub(crate) fn count_lone(on: &Rounds, lone: Lone, last: bool) {
    by_storage!(on.cube.storage(), F => {
        // SAFETY: rows are read below their count, for candidates below the members; one part is written for each
        // candidate and chunk, and workgroups beyond the last candidate write none.
        unsafe {
            lone_kernel::launch_unchecked::<F>(
                on.cube.device().client(),
                on.count(),
                lone.dim(),
                lone.width,
                on.cube.arg(lone.width),
                on.sum.wide(lone.width),
                on.codes.arg(),
                on.parts.arg(),
                on.members() as u32,
                on.chunks as u32,
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
    parts: &mut [f32],
    members: u32,
    chunks: u32,
    #[comptime] lone: Lone,
    #[comptime] last: bool,
) {
    let unit = UNIT_POS as usize;
    let units = comptime!(lone.units);
    let columns = comptime!(lone.columns);
    let vectors = comptime!(lone.vectors());
    let rows = codes.len();
    let members = members as usize;
    let chunks = chunks as usize;
    let first = CUBE_POS_X as usize * TOGETHER;
    let chunk = CUBE_POS_Y as usize;
    let (begin, end) = of_chunk(rows, chunk, chunks);
    let mut totals = Array::<f32>::new(TOGETHER);
    #[unroll]
    for g in 0..TOGETHER {
        totals[g] = 0.0f32;
    }
    let mut sums = Array::<f32>::new(columns);
    let mut x = Array::<f32>::new(columns);
    let mut row = begin + unit;
    while row < end {
        read_row::<f32, V>(sum, row * vectors, &mut sums, lone);
        let code = codes[row];
        #[unroll]
        for g in 0..TOGETHER {
            let m = candidate(first + g, members);
            read_row::<F, V>(cube, (m * rows + row) * vectors, &mut x, lone);
            #[unroll]
            for c in 0..columns {
                x[c] = sums[c] + x[c];
            }
            let wrong = label_of(&x, columns, last) != code;
            totals[g] = totals[g] + f32::cast_from(u32::cast_from(wrong));
        }
        row += units;
    }
    write_parts(&totals, parts, first, members, chunk, chunks, units);
}
