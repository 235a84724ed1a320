//! Ranks within a member's column: a bitonic sort of many columns at once, then a look at equal numbers.
//!
//! Columns are padded to a power of two with keys that no number has.

// Launching without bounds checks is unsafe; places are below the padded columns, rows are guarded.
#![allow(unsafe_code)]

use cubecl::prelude::*;

use super::rows::key_of;
use crate::{Cube, Device, buffer::Buffer, cube::by_storage};

/// Pairs of numbers that each unit looks at in a step within a workgroup.
const PAIRS: usize = 4;
/// The most steps of a merge that are done in one pass over the memory of the device, each unit holding 2³ numbers.
const STEPS: usize = 3;

/// Numbers that a workgroup sorts in shared memory.
pub(crate) fn together(units: usize) -> usize {
    2 * PAIRS * units
}

/// The keys and rows of some columns, `[column of a member][padded row]`.
pub(crate) struct Sorting<'a> {
    pub(crate) keys: &'a Buffer<u32>,
    pub(crate) rows: &'a Buffer<u32>,
    /// The padded length of a column, a power of two.
    pub(crate) padded: usize,
    pub(crate) units: usize,
}

/// Writes keys whose order as integers is that of the numbers, of `columns` columns from `first` on.
pub(crate) fn fill(cube: &Cube, sorting: &Sorting<'_>, first: usize, columns: usize) {
    by_storage!(cube.storage(), F => {
        // SAFETY: each unit below columns × padded writes its own place, and reads only below the rows.
        unsafe {
            fill_kernel::launch_unchecked::<F>(
                cube.device().client(),
                crate::tile::count((columns * sorting.padded).div_ceil(sorting.units)),
                CubeDim::new_1d(sorting.units as u32),
                cube.arg(1),
                sorting.keys.arg(),
                sorting.rows.arg(),
                first as u32,
                (columns * sorting.padded) as u32,
                sorting.padded as u32,
                cube.rows() as u32,
                cube.columns() as u32,
            );
        }
    });
}

#[cube(launch_unchecked)]
fn fill_kernel<F: Float>(
    cube: &[F],
    keys: &mut [u32],
    rows_of: &mut [u32],
    first: u32,
    all: u32,
    padded: u32,
    rows: u32,
    columns: u32,
) {
    let at = ABSOLUTE_POS;
    if at < all as usize {
        let column = first + at as u32 / padded;
        let row = at as u32 % padded;
        let mut key = 0xffff_ffffu32;
        if row < rows {
            let place = ((column / columns) * rows + row) * columns + column % columns;
            let bits = f32::cast_from(cube[place as usize]).to_bits();
            // A zero has one key, whatever its sign.
            let bits = select(bits == 0x8000_0000u32, 0u32, bits);
            key = key_of(bits);
        }
        keys[at] = key;
        rows_of[at] = row;
    }
}

/// Sorts the keys of each column, and their rows with them.
pub(crate) fn sort(device: &Device, sorting: &Sorting<'_>, columns: usize) {
    let here = together(sorting.units);
    let all = columns * sorting.padded;
    let local = |size: usize, stride: usize| {
        // SAFETY: each workgroup sorts its own places; their number divides the padded length.
        unsafe {
            local_kernel::launch_unchecked(
                device.client(),
                crate::tile::count(all / here),
                CubeDim::new_1d(sorting.units as u32),
                sorting.keys.arg(),
                sorting.rows.arg(),
                size as u32,
                stride as u32,
                all as u32,
                sorting.padded as u32,
                sorting.units,
            );
        }
    };
    // From single numbers to runs of `here`, then one merge after the other.
    local(2, 1);
    let mut size = 2 * here;
    while size <= sorting.padded {
        let mut stride = size / 2;
        while stride >= here {
            let steps = STEPS.min((stride / here).ilog2() as usize + 1);
            // SAFETY: each unit below the number of groups exchanges 2^steps places of its own.
            unsafe {
                exchange_kernel::launch_unchecked(
                    device.client(),
                    crate::tile::count((all >> steps).div_ceil(sorting.units)),
                    CubeDim::new_1d(sorting.units as u32),
                    sorting.keys.arg(),
                    sorting.rows.arg(),
                    size as u32,
                    (stride >> (steps - 1)) as u32,
                    (all >> steps) as u32,
                    sorting.padded as u32,
                    steps,
                );
            }
            stride >>= steps;
        }
        local(size, here / 2);
        size *= 2;
    }
}

/// Some steps of a merge of runs of `size`, the last of which puts places `least` apart in order.
#[cube(launch_unchecked)]
fn exchange_kernel(
    keys: &mut [u32],
    rows_of: &mut [u32],
    size: u32,
    least: u32,
    groups: u32,
    padded: u32,
    #[comptime] steps: usize,
) {
    let group = ABSOLUTE_POS as u32;
    if group < groups {
        let many = comptime!(1usize << steps);
        let base = group / least * (least * comptime!(1u32 << steps)) + group % least;
        let upwards = ((base % padded) & size) == 0u32 || size == padded;
        let mut held = Array::<u32>::new(many);
        let mut held_rows = Array::<u32>::new(many);
        #[unroll]
        for j in 0..many {
            let place = (base + comptime!(j as u32) * least) as usize;
            held[j] = keys[place];
            held_rows[j] = rows_of[place];
        }
        #[unroll]
        for step in 0..steps {
            let apart = comptime!(1usize << (steps - 1 - step));
            #[unroll]
            for j in 0..many {
                if comptime!(j & apart == 0) {
                    let other = comptime!(j + apart);
                    let (a, b) = (held[j], held[other]);
                    let (row, other_row) = (held_rows[j], held_rows[other]);
                    let wrong = select(upwards, a > b, a < b);
                    held[j] = select(wrong, b, a);
                    held[other] = select(wrong, a, b);
                    held_rows[j] = select(wrong, other_row, row);
                    held_rows[other] = select(wrong, row, other_row);
                }
            }
        }
        #[unroll]
        for j in 0..many {
            let place = (base + comptime!(j as u32) * least) as usize;
            keys[place] = held[j];
            rows_of[place] = held_rows[j];
        }
    }
}

/// All steps of merges that stay within a workgroup: from runs of `size` on if that is below its numbers, else the rest
/// of one merge, from `stride` on.
#[cube(launch_unchecked)]
fn local_kernel(
    keys: &mut [u32],
    rows_of: &mut [u32],
    size: u32,
    stride: u32,
    all: u32,
    padded: u32,
    #[comptime] units: usize,
) {
    let unit = UNIT_POS;
    let here = comptime!(together(units) as u32);
    let base = CUBE_POS as u32 * here;
    let mut held = Shared::<[u32]>::new_slice(comptime!(together(units)));
    let mut held_rows = Shared::<[u32]>::new_slice(comptime!(together(units)));
    let there = base < all;
    #[unroll]
    for part in 0..comptime!(2 * PAIRS) {
        let place = comptime!((part * units) as u32) + unit;
        if there {
            held[place as usize] = keys[(base + place) as usize];
            held_rows[place as usize] = rows_of[(base + place) as usize];
        }
    }
    let mut run = size;
    let mut apart = stride;
    let mut going = true;
    while going {
        sync_cube();
        #[unroll]
        for part in 0..PAIRS {
            let pair = comptime!((part * units) as u32) + unit;
            let low = pair / apart * (2u32 * apart) + pair % apart;
            let high = low + apart;
            let within = (base + low) % padded;
            let upwards = (within & run) == 0u32 || run >= padded;
            let a = held[low as usize];
            let b = held[high as usize];
            let wrong = select(upwards, a > b, a < b);
            if wrong {
                held[low as usize] = b;
                held[high as usize] = a;
                let row = held_rows[low as usize];
                held_rows[low as usize] = held_rows[high as usize];
                held_rows[high as usize] = row;
            }
        }
        apart = apart / 2u32;
        if apart == 0u32 {
            run = run * 2u32;
            apart = run / 2u32;
            going = run <= here && run <= padded;
        }
    }
    sync_cube();
    #[unroll]
    for part in 0..comptime!(2 * PAIRS) {
        let place = comptime!((part * units) as u32) + unit;
        if there {
            keys[(base + place) as usize] = held[place as usize];
            rows_of[(base + place) as usize] = held_rows[place as usize];
        }
    }
}

/// Adds the weighted rank of each number of one member to the result; `first` is the member's first column of those
/// that are sorted.
#[allow(clippy::too_many_arguments)]
pub(crate) fn add(
    cube: &Cube,
    sorting: &Sorting<'_>,
    first: usize,
    weight: f32,
    scale: f32,
    shift: f32,
    begin: bool,
    out: &Buffer<f32>,
) {
    let all = cube.columns() * sorting.padded;
    // SAFETY: rows are below their count, so each unit changes one number of the result, which no other unit does.
    unsafe {
        add_kernel::launch_unchecked(
            cube.device().client(),
            crate::tile::count(all.div_ceil(sorting.units)),
            CubeDim::new_1d(sorting.units as u32),
            sorting.keys.arg(),
            sorting.rows.arg(),
            out.arg(),
            first as u32,
            all as u32,
            sorting.padded as u32,
            cube.rows() as u32,
            cube.columns() as u32,
            weight,
            scale,
            shift,
            begin,
        );
    }
}

#[cube(launch_unchecked)]
fn add_kernel(
    keys: &[u32],
    rows_of: &[u32],
    out: &mut [f32],
    first: u32,
    all: u32,
    padded: u32,
    rows: u32,
    columns: u32,
    weight: f32,
    scale: f32,
    shift: f32,
    #[comptime] begin: bool,
) {
    let at = ABSOLUTE_POS as u32;
    if at < all {
        let column = at / padded;
        let base = (first + column) * padded;
        let place = at % padded;
        let key = keys[(base + place) as usize];
        let row = rows_of[(base + place) as usize];
        if row < rows {
            // Most numbers have no equal, which their neighbours tell.
            let mut lower = place;
            if place > 0u32 {
                if keys[(base + place - 1u32) as usize] == key {
                    lower = first_at_least(keys, base, 0u32, place, key);
                }
            }
            let mut upper = place + 1u32;
            if upper < rows {
                if keys[(base + upper) as usize] == key {
                    // No number has the greatest key, so that there is a next one.
                    upper = first_at_least(keys, base, upper, rows, key + 1u32);
                }
            }
            // The average of the ranks lower + 1 to upper.
            let rank = 0.5f32 * (f32::cast_from(lower) + f32::cast_from(upper) + 1.0f32);
            let number = weight * ((rank - shift) * scale);
            let spot = (row * columns + column) as usize;
            out[spot] = if comptime!(begin) { number } else { out[spot] + number };
        }
    }
}

/// The first place from `begin` on of sorted keys that is at least this one, or `end`; the keys begin at `base`.
#[cube]
fn first_at_least(keys: &[u32], base: u32, begin: u32, end: u32, key: u32) -> u32 {
    let mut low = begin;
    let mut high = end;
    while low < high {
        let middle = (low + high) / 2u32;
        if keys[(base + middle) as usize] < key {
            low = middle + 1u32;
        } else {
            high = middle;
        }
    }
    low
}
