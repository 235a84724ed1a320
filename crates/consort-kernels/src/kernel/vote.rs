//! Votes: each member's label, counted by weight.

// Launching without bounds checks is unsafe; see the guards of `at` below.
#![allow(unsafe_code)]

use cubecl::prelude::*;

use super::{
    lone::{clear, greatest_of, label_of, read_row, weight_in_row, write_row},
    rows::{Fold, fold_rows, is_missing, is_there, missing, number_at, place, row_labels},
};
use crate::{
    Cube, Holes,
    buffer::Buffer,
    cube::by_storage,
    tile::{Lone, Tile},
};

/// The kernel, as it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Election {
    /// Whether the shares of the columns are wanted rather than a 1 for the winner.
    pub(crate) share: bool,
    /// Whether a row without a majority is missing.
    pub(crate) majority: bool,
    /// Whether the mean decides among equals, rather than the order of the columns.
    pub(crate) by_mean: bool,
    /// Whether the last of equal numbers of a member is its label: two columns, the second one positive.
    pub(crate) last: bool,
    pub(crate) holes: Holes,
}

/// Sums of weights that differ by less than this share of all are equal.
pub(crate) const EVEN: f32 = 1e-6;

/// Counts; `fused` has a number for each row and column, `labels` and `tops` (the winner's share) one a row.
pub(crate) fn launch(
    cube: &Cube,
    election: Election,
    tile: Tile,
    members: (&Buffer<u32>, &Buffer<f32>),
    out: (&Buffer<f32>, &Buffer<u32>, &Buffer<f32>),
) {
    by_storage!(cube.storage(), F => {
        // SAFETY: every index into `cube` is below the numbers of a member times the members, every index into
        // `fused` below rows × columns and into `labels` and `tops` below rows; the buffers are of these lengths.
        unsafe {
            vote_kernel::launch_unchecked::<F>(
                cube.device().client(),
                tile.count(cube.rows()),
                tile.dim(),
                cube.arg(1),
                members.0.arg(),
                members.1.arg(),
                out.0.arg(),
                out.1.arg(),
                out.2.arg(),
                cube.rows() as u32,
                tile,
                election,
            );
        }
    });
}

/// The same, a unit for each row.
pub(crate) fn launch_lone(
    cube: &Cube,
    election: Election,
    lone: Lone,
    members: (&Buffer<u32>, &Buffer<f32>),
    out: (&Buffer<f32>, &Buffer<u32>, &Buffer<f32>),
) {
    by_storage!(cube.storage(), F => {
        // SAFETY: a unit below the rows reads its own row of each member, and writes its own row and its own places; the
        // buffers are of these lengths.
        unsafe {
            lone_kernel::launch_unchecked::<F>(
                cube.device().client(),
                lone.count(cube.rows()),
                lone.dim(),
                lone.width,
                cube.arg(lone.width),
                members.0.arg(),
                members.1.arg(),
                out.0.wide(lone.width),
                out.1.arg(),
                out.2.arg(),
                cube.rows() as u32,
                lone,
                election,
            );
        }
    });
}

#[cube(launch_unchecked)]
fn lone_kernel<F: Float, V: Size>(
    cube: &[Vector<F, V>],
    places: &[u32],
    weights: &[f32],
    fused: &mut [Vector<f32, V>],
    labels: &mut [u32],
    tops: &mut [f32],
    rows: u32,
    #[comptime] lone: Lone,
    #[comptime] election: Election,
) {
    let row = ABSOLUTE_POS;
    let rows = rows as usize;
    let columns = comptime!(lone.columns);
    if row < rows {
        let mut x = Array::<f32>::new(columns);
        let mut votes = Array::<f32>::new(columns);
        let mut means = Array::<f32>::new(columns);
        clear(&mut votes, columns);
        clear(&mut means, columns);
        let mut voted = 0.0f32;
        for m in 0..places.len() {
            let weight = weights[m];
            read_row::<F, V>(cube, (places[m] as usize * rows + row) * comptime!(lone.vectors()), &mut x, lone);
            let label = label_of(&x, columns, comptime!(election.last));
            let there = is_there(x[0usize], comptime!(election.holes));
            let vote = select(there, weight, 0.0f32);
            voted += weight_in_row(weight, there, comptime!(election.holes));
            #[unroll]
            for c in 0..columns {
                votes[c] = votes[c] + select(label == comptime!(c as u32), vote, 0.0f32);
                if comptime!(election.by_mean) {
                    means[c] = means[c] + select(there, weight * x[c], 0.0f32);
                }
            }
        }
        let top = greatest_of(&votes, columns);
        // Among the columns that are even with the first, the one of the greatest mean, or the first.
        #[unroll]
        for c in 0..columns {
            let even = votes[c] >= top - comptime!(EVEN) * voted;
            x[c] = select(even, means[c], -1.0e30f32);
        }
        let label = label_of(&x, columns, false);
        let safe = select(voted > 0.0f32, voted, 1.0f32);
        let mut lost = !(voted > 0.0f32);
        if comptime!(election.majority) {
            lost = lost || top <= (0.5f32 + comptime!(EVEN)) * voted;
        }
        #[unroll]
        for c in 0..columns {
            let even = x[c] > -1.0e29f32;
            let number = if comptime!(election.share) {
                select(even, top, votes[c]) / safe
            } else {
                select(label == comptime!(c as u32), 1.0f32, 0.0f32)
            };
            votes[c] = select(lost, missing(), number);
        }
        write_row::<V>(fused, row * comptime!(lone.vectors()), &votes, lone);
        labels[row] = select(lost, 0xffff_ffffu32, label);
        tops[row] = select(lost, missing(), top / safe);
    }
}

#[cube(launch_unchecked)]
fn vote_kernel<F: Float>(
    cube: &[F],
    places: &[u32],
    weights: &[f32],
    fused: &mut [f32],
    labels: &mut [u32],
    tops: &mut [f32],
    rows: u32,
    #[comptime] tile: Tile,
    #[comptime] election: Election,
) {
    let unit = UNIT_POS as usize;
    let rows = rows as usize;
    let all = rows * comptime!(tile.columns);
    let first_row = CUBE_POS * comptime!(tile.rows);
    let begin = CUBE_POS * comptime!(tile.numbers());
    let here = comptime!(tile.numbers());
    let room = comptime!(tile.room());
    let lanes = comptime!(tile.lanes);
    // Two halves: members are read into the one while labels are read off the other.
    let mut staged = Shared::<[f32]>::new_slice(comptime!(2 * room));
    let mut votes = Shared::<[f32]>::new_slice(room);
    let mut held = Shared::<[f32]>::new_slice(comptime!(tile.units));
    let mut found = Shared::<[u32]>::new_slice(comptime!(tile.units));
    let mut label_of = Shared::<[u32]>::new_slice(comptime!(tile.rows));
    let mut top_of = Shared::<[f32]>::new_slice(comptime!(tile.rows));
    let mut weight_of = Shared::<[f32]>::new_slice(comptime!(tile.rows));
    let mut spots = Array::<usize>::new(comptime!(tile.reads));
    let mut means = Array::<f32>::new(comptime!(tile.reads));
    #[unroll]
    for read in 0..comptime!(tile.reads) {
        let within = comptime!(read * tile.units) + unit;
        spots[read] = place(within, tile);
        means[read] = 0.0f32;
        if within < here {
            votes[spots[read]] = 0.0f32;
        }
    }
    // The weight of the members that voted in the rows that this unit counts.
    let mut voted = Array::<f32>::new(comptime!(tile.rounds()));
    #[unroll]
    for round in 0..comptime!(tile.rounds()) {
        voted[round] = 0.0f32;
    }
    for m in 0..places.len() {
        let base = (m % 2) * room;
        let member = places[m] as usize * all;
        let weight = weights[m];
        #[unroll]
        for read in 0..comptime!(tile.reads) {
            let within = comptime!(read * tile.units) + unit;
            if within < here {
                let x = number_at::<F>(cube, member, begin + within, all);
                staged[base + spots[read]] = x;
                if comptime!(election.by_mean) {
                    let there = !is_missing(x);
                    means[read] = means[read] + select(there, weight * x, 0.0f32);
                }
            }
        }
        sync_cube();
        row_labels(&staged, base, &mut held, &mut found, &mut label_of, tile, comptime!(election.last));
        #[unroll]
        for round in 0..comptime!(tile.rounds()) {
            let row = comptime!(round * tile.groups()) + unit / lanes;
            if unit % lanes == 0 && row < comptime!(tile.rows) {
                let first = staged[base + row * comptime!(tile.pitch())];
                let there = is_there(first, comptime!(election.holes));
                if there {
                    // The unit wrote the label itself.
                    let spot = row * comptime!(tile.pitch()) + label_of[row] as usize;
                    votes[spot] = votes[spot] + weight;
                    voted[round] = voted[round] + weight;
                } else if comptime!(election.holes == Holes::Spread) {
                    voted[round] = missing();
                }
            }
        }
    }
    #[unroll]
    for round in 0..comptime!(tile.rounds()) {
        let row = comptime!(round * tile.groups()) + unit / lanes;
        if unit % lanes == 0 && row < comptime!(tile.rows) {
            weight_of[row] = voted[round];
        }
    }
    sync_cube();
    fold_rows(&votes, 0, &mut held, &mut top_of, tile, Fold::Greatest);
    // Among the columns that are even with the first, the one of the greatest mean, or the first.
    #[unroll]
    for read in 0..comptime!(tile.reads) {
        let within = comptime!(read * tile.units) + unit;
        if within < here {
            let row = within / comptime!(tile.columns);
            let even = votes[spots[read]] >= top_of[row] - comptime!(EVEN) * weight_of[row];
            let rank = if comptime!(election.by_mean) { means[read] } else { 0.0f32.runtime() };
            staged[spots[read]] = select(even, rank, -1.0e30f32);
        }
    }
    sync_cube();
    row_labels(&staged, 0, &mut held, &mut found, &mut label_of, tile, false);
    sync_cube();
    #[unroll]
    for read in 0..comptime!(tile.reads) {
        let within = comptime!(read * tile.units) + unit;
        if within < here && begin + within < all {
            let row = within / comptime!(tile.columns);
            let weight = weight_of[row];
            let top = top_of[row];
            let even = staged[spots[read]] > -1.0e29f32;
            let safe = select(weight > 0.0f32, weight, 1.0f32);
            let mut x = 0.0f32;
            if comptime!(election.share) {
                x = select(even, top, votes[spots[read]]) / safe;
            } else if within % comptime!(tile.columns) == label_of[row] as usize {
                x = 1.0f32;
            }
            let mut lost = !(weight > 0.0f32);
            if comptime!(election.majority) {
                lost = lost || top <= (0.5f32 + comptime!(EVEN)) * weight;
            }
            fused[begin + within] = select(lost, missing(), x);
            if within % comptime!(tile.columns) == 0 {
                labels[first_row + row] = select(lost, 0xffff_ffffu32, label_of[row]);
                tops[first_row + row] = select(lost, missing(), top / safe);
            }
        }
    }
}
