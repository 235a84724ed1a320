//! Borda counts: each member gives a column as many points as columns are below it.

// Launching without bounds checks is unsafe; see the guards of `at` below.
#![allow(unsafe_code)]

use cubecl::prelude::*;

use super::{
    lone::{clear, read_row, weight_in_row, write_row},
    rows::{is_there, missing, number_at, place},
};
use crate::{
    Cube, Holes,
    buffer::Buffer,
    cube::by_storage,
    tile::{Lone, Tile},
};

/// Counts; `fused` has a number for each row and column.
pub(crate) fn launch(cube: &Cube, tile: Tile, members: (&Buffer<u32>, &Buffer<f32>), fused: &Buffer<f32>) {
    by_storage!(cube.storage(), F => {
        // SAFETY: every index into `cube` is below the numbers of a member times the members, every index into `fused`
        // below rows × columns; the buffers are of these lengths.
        unsafe {
            borda_kernel::launch_unchecked::<F>(
                cube.device().client(),
                tile.count(cube.rows()),
                tile.dim(),
                cube.arg(1),
                members.0.arg(),
                members.1.arg(),
                fused.arg(),
                cube.rows() as u32,
                tile,
                cube.holes(),
            );
        }
    });
}

/// The same, a unit for each row.
pub(crate) fn launch_lone(cube: &Cube, lone: Lone, members: (&Buffer<u32>, &Buffer<f32>), fused: &Buffer<f32>) {
    by_storage!(cube.storage(), F => {
        // SAFETY: a unit below the rows reads its own row of each member and writes its own row; the buffers are of these
        // lengths.
        unsafe {
            lone_kernel::launch_unchecked::<F>(
                cube.device().client(),
                lone.count(cube.rows()),
                lone.dim(),
                lone.width,
                cube.arg(lone.width),
                members.0.arg(),
                members.1.arg(),
                fused.wide(lone.width),
                cube.rows() as u32,
                lone,
                cube.holes(),
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
    rows: u32,
    #[comptime] lone: Lone,
    #[comptime] holes: Holes,
) {
    let row = ABSOLUTE_POS;
    let rows = rows as usize;
    let columns = comptime!(lone.columns);
    if row < rows {
        let mut x = Array::<f32>::new(columns);
        let mut lead = Array::<f32>::new(columns);
        let mut points = Array::<f32>::new(columns);
        clear(&mut points, columns);
        let mut given = 0.0f32;
        for m in 0..places.len() {
            let weight = weights[m];
            read_row::<F, V>(cube, (places[m] as usize * rows + row) * comptime!(lone.vectors()), &mut x, lone);
            let there = is_there(x[0usize], holes);
            // How many more columns are below each than above it: each pair is looked at once.
            clear(&mut lead, columns);
            #[unroll]
            for a in 0..columns {
                #[unroll]
                for b in comptime!(a + 1)..columns {
                    let ahead = select(x[a] > x[b], 1.0f32, 0.0f32) - select(x[a] < x[b], 1.0f32, 0.0f32);
                    lead[a] = lead[a] + ahead;
                    lead[b] = lead[b] - ahead;
                }
            }
            given += weight_in_row(weight, there, holes);
            let weight = select(there, weight, 0.0f32);
            #[unroll]
            for c in 0..columns {
                points[c] = points[c] + weight * lead[c];
            }
        }
        // Twice the points are the lead and one for each other column.
        let others = comptime!((lone.columns - 1) as f32);
        let pairs = comptime!((lone.columns * (lone.columns - 1)) as f32);
        let safe = select(given > 0.0f32, given, 1.0f32);
        #[unroll]
        for c in 0..columns {
            let share = (points[c] / safe + others) / pairs;
            points[c] = select(given > 0.0f32, share, missing());
        }
        write_row::<V>(fused, row * comptime!(lone.vectors()), &points, lone);
    }
}

#[cube(launch_unchecked)]
fn borda_kernel<F: Float>(
    cube: &[F],
    places: &[u32],
    weights: &[f32],
    fused: &mut [f32],
    rows: u32,
    #[comptime] tile: Tile,
    #[comptime] holes: Holes,
) {
    let unit = UNIT_POS as usize;
    let all = rows as usize * comptime!(tile.columns);
    let begin = CUBE_POS * comptime!(tile.numbers());
    let here = comptime!(tile.numbers());
    let room = comptime!(tile.room());
    let mut staged = Shared::<[f32]>::new_slice(comptime!(2 * room));
    let mut spots = Array::<usize>::new(comptime!(tile.reads));
    let mut points = Array::<f32>::new(comptime!(tile.reads));
    let mut given = Array::<f32>::new(comptime!(tile.reads));
    #[unroll]
    for read in 0..comptime!(tile.reads) {
        spots[read] = place(comptime!(read * tile.units) + unit, tile);
        points[read] = 0.0f32;
        given[read] = 0.0f32;
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
            }
        }
        sync_cube();
        #[unroll]
        for read in 0..comptime!(tile.reads) {
            let within = comptime!(read * tile.units) + unit;
            if within < here {
                let x = staged[base + spots[read]];
                let row = base + within / comptime!(tile.columns) * comptime!(tile.pitch());
                // Twice the points: 2 for each column below and 1 for each that is level, but for itself.
                let mut twice = 0u32;
                for c in 0..comptime!(tile.columns) {
                    let other = staged[row + c];
                    twice += u32::cast_from(other < x) + u32::cast_from(other <= x);
                }
                let there = is_there(x, holes);
                if there {
                    points[read] = points[read] + weight * f32::cast_from(twice - 1u32);
                    given[read] = given[read] + weight;
                } else if comptime!(holes == Holes::Spread) {
                    given[read] = missing();
                }
            }
        }
    }
    #[unroll]
    for read in 0..comptime!(tile.reads) {
        let within = comptime!(read * tile.units) + unit;
        if within < here && begin + within < all {
            let pairs = comptime!((tile.columns * (tile.columns - 1)) as f32);
            let weight = given[read];
            let safe = select(weight > 0.0f32, weight, 1.0f32);
            fused[begin + within] = select(weight > 0.0f32, points[read] / safe / pairs, missing());
        }
    }
}
