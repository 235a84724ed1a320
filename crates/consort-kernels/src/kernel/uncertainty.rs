//! The uncertainty of each row, split into what members share and what they contradict each other in.

// Launching without bounds checks is unsafe; see the guards of `at` below.
#![allow(unsafe_code)]

use cubecl::prelude::*;

use super::{
    lone::{clear, greatest_of, label_of, read_row, summarise_row, weight_in_row},
    rows::{Fold, fold_rows, is_missing, is_there, missing, number_at, place, row_labels, x_ln_x},
    summary::summarise,
};
use crate::{
    Cube, Holes,
    buffer::Buffer,
    cube::by_storage,
    tile::{Lone, Tile},
};

/// Measures; `out` has six numbers a row: top, margin and entropy of the mean, expected entropy, variation ratio and
/// disagreement, all of the one and then all of the other.
pub(crate) fn launch(cube: &Cube, tile: Tile, out: &Buffer<f32>, labels: &Buffer<u32>) {
    by_storage!(cube.storage(), F => {
        // SAFETY: every index into `cube` is below the numbers of a member times the members, and every index into
        // `out` below six times the rows; the buffers are of these lengths.
        unsafe {
            uncertainty_kernel::launch_unchecked::<F>(
                cube.device().client(),
                tile.count(cube.rows()),
                tile.dim(),
                cube.arg(1),
                out.arg(),
                labels.arg(),
                cube.rows() as u32,
                cube.members() as u32,
                tile,
                cube.holes(),
            );
        }
    });
}

/// The same, a unit for each row.
pub(crate) fn launch_lone(cube: &Cube, lone: Lone, out: &Buffer<f32>, labels: &Buffer<u32>) {
    by_storage!(cube.storage(), F => {
        // SAFETY: a unit below the rows reads its own row of each member and writes its own places; the buffers are of
        // these lengths.
        unsafe {
            lone_kernel::launch_unchecked::<F>(
                cube.device().client(),
                lone.count(cube.rows()),
                lone.dim(),
                lone.width,
                cube.arg(lone.width),
                out.arg(),
                labels.arg(),
                cube.rows() as u32,
                cube.members() as u32,
                lone,
                cube.holes(),
            );
        }
    });
}

#[cube(launch_unchecked)]
fn lone_kernel<F: Float, V: Size>(
    cube: &[Vector<F, V>],
    out: &mut [f32],
    labels: &mut [u32],
    rows: u32,
    members: u32,
    #[comptime] lone: Lone,
    #[comptime] holes: Holes,
) {
    let row = ABSOLUTE_POS;
    let rows = rows as usize;
    let columns = comptime!(lone.columns);
    if row < rows {
        let mut x = Array::<f32>::new(columns);
        let mut sums = Array::<f32>::new(columns);
        let mut votes = Array::<f32>::new(columns);
        clear(&mut sums, columns);
        clear(&mut votes, columns);
        let mut entropies = 0.0f32;
        let mut count = 0.0f32;
        for m in 0..members as usize {
            read_row::<F, V>(cube, (m * rows + row) * comptime!(lone.vectors()), &mut x, lone);
            let label = label_of(&x, columns, false);
            let there = is_there(x[0usize], holes);
            let vote = select(there, 1.0f32, 0.0f32);
            count += weight_in_row(1.0f32, there, holes);
            let mut entropy = 0.0f32;
            #[unroll]
            for c in 0..columns {
                let y = if comptime!(holes == Holes::LeaveOut) { select(there, x[c], 0.0f32) } else { x[c] };
                sums[c] = sums[c] + y;
                entropy -= x_ln_x(y);
                votes[c] = votes[c] + select(label == comptime!(c as u32), vote, 0.0f32);
            }
            entropies += entropy;
        }
        let count = select(count > 0.0f32, count, missing());
        let mut alike = 0.0f32;
        #[unroll]
        for c in 0..columns {
            sums[c] = sums[c] / count;
            alike += votes[c] * (votes[c] - 1.0f32);
        }
        summarise_row(&sums, labels, out, row, rows, columns);
        out[3 * rows + row] = entropies / count;
        out[4 * rows + row] = 1.0f32 - greatest_of(&votes, columns) / count;
        let pairs = count * (count - 1.0f32);
        let safe = select(pairs > 0.0f32, pairs, 1.0f32);
        let apart = select(pairs > 0.0f32, 1.0f32 - alike / safe, 0.0f32);
        out[5 * rows + row] = select(is_missing(count), count, apart);
    }
}

#[cube(launch_unchecked)]
fn uncertainty_kernel<F: Float>(
    cube: &[F],
    out: &mut [f32],
    labels: &mut [u32],
    rows: u32,
    members: u32,
    #[comptime] tile: Tile,
    #[comptime] holes: Holes,
) {
    let unit = UNIT_POS as usize;
    let rows = rows as usize;
    let all = rows * comptime!(tile.columns);
    let first_row = CUBE_POS * comptime!(tile.rows);
    let begin = CUBE_POS * comptime!(tile.numbers());
    let here = comptime!(tile.numbers());
    let room = comptime!(tile.room());
    let lanes = comptime!(tile.lanes);
    let mut staged = Shared::<[f32]>::new_slice(comptime!(2 * room));
    let mut votes = Shared::<[f32]>::new_slice(room);
    let mut held = Shared::<[f32]>::new_slice(comptime!(tile.units));
    let mut found = Shared::<[u32]>::new_slice(comptime!(tile.units));
    let mut label_of = Shared::<[u32]>::new_slice(comptime!(tile.rows));
    let mut of_row = Shared::<[f32]>::new_slice(comptime!(tile.rows));
    let mut members_of = Shared::<[f32]>::new_slice(comptime!(tile.rows));
    let mut spots = Array::<usize>::new(comptime!(tile.reads));
    let mut sums = Array::<f32>::new(comptime!(tile.reads));
    let mut entropies = Array::<f32>::new(comptime!(tile.reads));
    #[unroll]
    for read in 0..comptime!(tile.reads) {
        let within = comptime!(read * tile.units) + unit;
        spots[read] = place(within, tile);
        sums[read] = 0.0f32;
        entropies[read] = 0.0f32;
        if within < here {
            votes[spots[read]] = 0.0f32;
        }
    }
    let mut counts = Array::<f32>::new(comptime!(tile.rounds()));
    #[unroll]
    for round in 0..comptime!(tile.rounds()) {
        counts[round] = 0.0f32;
    }
    for m in 0..members as usize {
        let base = (m % 2) * room;
        #[unroll]
        for read in 0..comptime!(tile.reads) {
            let within = comptime!(read * tile.units) + unit;
            if within < here {
                let x = number_at::<F>(cube, m * all, begin + within, all);
                staged[base + spots[read]] = x;
                let y = if comptime!(holes == Holes::LeaveOut) { select(is_missing(x), 0.0f32, x) } else { x };
                sums[read] = sums[read] + y;
                entropies[read] = entropies[read] - x_ln_x(y);
            }
        }
        sync_cube();
        row_labels(&staged, base, &mut held, &mut found, &mut label_of, tile, false);
        #[unroll]
        for round in 0..comptime!(tile.rounds()) {
            let row = comptime!(round * tile.groups()) + unit / lanes;
            if unit % lanes == 0 && row < comptime!(tile.rows) {
                let first = staged[base + row * comptime!(tile.pitch())];
                let there = is_there(first, holes);
                if there {
                    let spot = row * comptime!(tile.pitch()) + label_of[row] as usize;
                    votes[spot] = votes[spot] + 1.0f32;
                    counts[round] = counts[round] + 1.0f32;
                } else if comptime!(holes == Holes::Spread) {
                    counts[round] = missing();
                }
            }
        }
    }
    sync_cube();
    #[unroll]
    for round in 0..comptime!(tile.rounds()) {
        let row = comptime!(round * tile.groups()) + unit / lanes;
        if unit % lanes == 0 && row < comptime!(tile.rows) {
            let count = counts[round];
            members_of[row] = select(count > 0.0f32, count, missing());
        }
    }
    sync_cube();
    #[unroll]
    for read in 0..comptime!(tile.reads) {
        let within = comptime!(read * tile.units) + unit;
        if within < here {
            let count = members_of[within / comptime!(tile.columns)];
            staged[spots[read]] = sums[read] / count;
            staged[room + spots[read]] = entropies[read] / count;
        }
    }
    sync_cube();
    summarise(&staged, 0, &mut held, labels, out, first_row, rows, tile);
    sync_cube();
    fold_rows(&staged, room, &mut held, &mut of_row, tile, Fold::Sum);
    #[unroll]
    for round in 0..comptime!(tile.rounds()) {
        let row = comptime!(round * tile.groups()) + unit / lanes;
        if unit % lanes == 0 && row < comptime!(tile.rows) && first_row + row < rows {
            out[3 * rows + first_row + row] = of_row[row];
        }
    }
    fold_rows(&votes, 0, &mut held, &mut of_row, tile, Fold::Greatest);
    #[unroll]
    for round in 0..comptime!(tile.rounds()) {
        let row = comptime!(round * tile.groups()) + unit / lanes;
        if unit % lanes == 0 && row < comptime!(tile.rows) && first_row + row < rows {
            out[4 * rows + first_row + row] = 1.0f32 - of_row[row] / members_of[row];
        }
    }
    // Pairs that vote alike.
    #[unroll]
    for read in 0..comptime!(tile.reads) {
        let within = comptime!(read * tile.units) + unit;
        if within < here {
            let v = votes[spots[read]];
            staged[room + spots[read]] = v * (v - 1.0f32);
        }
    }
    sync_cube();
    fold_rows(&staged, room, &mut held, &mut of_row, tile, Fold::Sum);
    #[unroll]
    for round in 0..comptime!(tile.rounds()) {
        let row = comptime!(round * tile.groups()) + unit / lanes;
        if unit % lanes == 0 && row < comptime!(tile.rows) && first_row + row < rows {
            let count = members_of[row];
            let pairs = count * (count - 1.0f32);
            let safe = select(pairs > 0.0f32, pairs, 1.0f32);
            let apart = select(pairs > 0.0f32, 1.0f32 - of_row[row] / safe, 0.0f32);
            out[5 * rows + first_row + row] = select(is_missing(count), count, apart);
        }
    }
}
