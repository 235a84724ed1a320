//! Ranks within a member's column: a bitonic sort of many columns at once, then a search for equal numbers.
//!
//! Columns are padded to a power of two with keys that no number has.

// Launching without bounds checks is unsafe; places are below the padded columns, rows are guarded.
#![allow(unsafe_code)]

use cubecl::prelude::*;

use super::rows::key_of;
use crate::{Cube, Device, buffer::Buffer, cube::by_storage};

/// Numbers that a workgroup sorts in shared memory: two for each unit.
pub(crate) fn together(units: usize) -> usize {
    2 * units
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
            // SAFETY: each unit below half of all exchanges two places of its own.
            unsafe {
                exchange_kernel::launch_unchecked(
                    device.client(),
                    crate::tile::count((all / 2).div_ceil(sorting.units)),
                    CubeDim::new_1d(sorting.units as u32),
                    sorting.keys.arg(),
                    sorting.rows.arg(),
                    size as u32,
                    stride as u32,
                    (all / 2) as u32,
                    sorting.padded as u32,
                );
            }
            stride /= 2;
        }
        local(size, here / 2);
        size *= 2;
    }
}

/// One step of a merge of runs of `size`: places `stride` apart are put in order.
#[cube(launch_unchecked)]
fn exchange_kernel(keys: &mut [u32], rows_of: &mut [u32], size: u32, stride: u32, pairs: u32, padded: u32) {
    let pair = ABSOLUTE_POS as u32;
    if pair < pairs {
        let low = pair / stride * (2u32 * stride) + pair % stride;
        let high = low + stride;
        let within = low % padded;
        let upwards = (within & size) == 0u32 || size == padded;
        let a = keys[low as usize];
        let b = keys[high as usize];
        let wrong = select(upwards, a > b, a < b);
        if wrong {
            keys[low as usize] = b;
            keys[high as usize] = a;
            let row = rows_of[low as usize];
            rows_of[low as usize] = rows_of[high as usize];
            rows_of[high as usize] = row;
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
    let here = comptime!(2 * units as u32);
    let base = CUBE_POS as u32 * here;
    let mut held = Shared::<[u32]>::new_slice(comptime!(2 * units));
    let mut held_rows = Shared::<[u32]>::new_slice(comptime!(2 * units));
    let there = base < all;
    #[unroll]
    for half in 0..2usize {
        let place = comptime!((half * units) as u32) + unit;
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
        let low = unit / apart * (2u32 * apart) + unit % apart;
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
        apart = apart / 2u32;
        if apart == 0u32 {
            run = run * 2u32;
            apart = run / 2u32;
            going = run <= here && run <= padded;
        }
    }
    sync_cube();
    #[unroll]
    for half in 0..2usize {
        let place = comptime!((half * units) as u32) + unit;
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
            let lower = first_at_least(keys, base, rows, key);
            // No number has the greatest key, so that there is a next one.
            let upper = first_at_least(keys, base, rows, key + 1u32);
            // The average of the ranks lower + 1 to upper.
            let rank = 0.5f32 * (f32::cast_from(lower) + f32::cast_from(upper) + 1.0f32);
            let number = weight * ((rank - shift) * scale);
            let spot = (row * columns + column) as usize;
            out[spot] = if comptime!(begin) { number } else { out[spot] + number };
        }
    }
}

/// The first of `len` sorted keys from `base` on that is at least this one.
#[cube]
fn first_at_least(keys: &[u32], base: u32, len: u32, key: u32) -> u32 {
    let mut low = 0u32;
    let mut high = len;
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
