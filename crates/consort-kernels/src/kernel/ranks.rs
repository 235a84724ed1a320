//! Ranks within a member's column: keys of the numbers, which `radix` sorts, then a look at equal ones.

// Launching without bounds checks is unsafe; places are below those of the columns, rows are guarded.
#![allow(unsafe_code)]

use cubecl::prelude::*;

use super::{
    radix::{Columns, Sorted},
    rows::key_of,
};
use crate::{Cube, Device, buffer::Buffer, cube::by_storage};

/// Numbers of a block that is read by rows and written by columns.
const BLOCK: usize = 2048;
/// The most columns of a block.
const WIDE: usize = 32;

/// Columns of some members: which of them, and how many.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part<'a> {
    /// One number a member.
    pub(crate) members: &'a Buffer<u32>,
    pub(crate) first: usize,
    pub(crate) columns: usize,
}

impl Part<'_> {
    /// All columns of all its members.
    pub(crate) fn of(&self, cube: &Cube) -> Columns {
        Columns { columns: self.members.len() * self.columns, rows: cube.rows() }
    }
}

/// Writes keys whose order as integers is that of the numbers, `[member of the part][column of the part][row]`.
pub(crate) fn keys(cube: &Cube, part: Part<'_>, units: usize, keys: &Buffer<u32>) {
    let wide = part.columns.min(WIDE);
    let high = BLOCK / wide;
    let (across, down) = (part.columns.div_ceil(wide), cube.rows().div_ceil(high));
    by_storage!(cube.storage(), F => {
        // SAFETY: numbers are read below the rows and columns of members that the cube has, and keys written at the
        // places that the same have in the part; blocks beyond the last member write none.
        unsafe {
            keys_kernel::launch_unchecked::<F>(
                cube.device().client(),
                crate::tile::count(part.members.len() * across * down),
                CubeDim::new_1d(units as u32),
                cube.arg(1),
                part.members.arg(),
                keys.arg(),
                cube.rows() as u32,
                cube.columns() as u32,
                part.first as u32,
                part.columns as u32,
                wide as u32,
                high as u32,
                across as u32,
                down as u32,
                units,
            );
        }
    });
}

#[cube(launch_unchecked)]
fn keys_kernel<F: Float>(
    cube: &[F],
    members: &[u32],
    keys: &mut [u32],
    rows: u32,
    columns: u32,
    first: u32,
    part: u32,
    wide: u32,
    high: u32,
    across: u32,
    down: u32,
    #[comptime] units: usize,
) {
    let block = CUBE_POS as u32;
    let slot = block / (across * down);
    let first_row = block / across % down * high;
    let first_column = block % across * wide;
    // An odd length, so that neighbours of a row lie in different banks.
    let pitch = high | 1u32;
    let there = (slot as usize) < members.len();
    let member = members[select(there, slot, 0u32) as usize] * rows;
    let mut staged = Shared::<[u32]>::new_slice(comptime!(BLOCK + WIDE));
    let reads = comptime!(BLOCK.div_ceil(units));
    // Each unit reads all its numbers before it waits for one: where there is none, the first of the member.
    let mut key = Array::<u32>::new(reads);
    #[unroll]
    for read in 0..reads {
        let at = comptime!((read * units) as u32) + UNIT_POS;
        let row = at / wide;
        let column = at % wide;
        let ours = row < high && first_row + row < rows && first_column + column < part;
        let row = select(ours, first_row + row, 0u32);
        let column = select(ours, first_column + column, 0u32);
        let bits = f32::cast_from(cube[((member + row) * columns + first + column) as usize]).to_bits();
        // A zero has one key, whatever its sign.
        key[read] = key_of(select(bits == 0x8000_0000u32, 0u32, bits));
    }
    #[unroll]
    for read in 0..reads {
        let at = comptime!((read * units) as u32) + UNIT_POS;
        let row = at / wide;
        if row < high {
            staged[(at % wide * pitch + row) as usize] = key[read];
        }
    }
    sync_cube();
    #[unroll]
    for read in 0..reads {
        let at = comptime!((read * units) as u32) + UNIT_POS;
        let row = at % high;
        let column = at / high;
        if there && column < wide && first_row + row < rows && first_column + column < part {
            let place = (slot * part + first_column + column) * rows + first_row + row;
            keys[place as usize] = staged[(column * pitch + row) as usize];
        }
    }
}

/// Writes twice the rank of each row, a whole number whatever the ties, to where it was before the sort. The room for it
/// is what the sort left free.
pub(crate) fn ranks(device: &Device, sorted: &Sorted<'_>, of: Columns, units: usize) {
    // SAFETY: each unit below the numbers reads keys of its own column, and writes one place of it, below the rows, which
    // no other unit does.
    unsafe {
        ranks_kernel::launch_unchecked(
            device.client(),
            crate::tile::count(of.numbers().div_ceil(units)),
            CubeDim::new_1d(units as u32),
            sorted.keys.arg(),
            sorted.rows.arg(),
            sorted.free.arg(),
            of.numbers() as u32,
            of.rows as u32,
        );
    }
}

#[cube(launch_unchecked)]
fn ranks_kernel(keys: &[u32], rows_of: &[u32], ranks: &mut [u32], all: u32, rows: u32) {
    let at = ABSOLUTE_POS as u32;
    if at < all {
        let base = at / rows * rows;
        let place = at - base;
        let key = keys[at as usize];
        let row = rows_of[at as usize];
        // Most numbers have no equal, which their neighbours tell; the first and the last are their own.
        let before = keys[(at - select(place > 0u32, 1u32, 0u32)) as usize];
        let after = keys[(at + select(place + 1u32 < rows, 1u32, 0u32)) as usize];
        let mut lower = place;
        if before == key {
            lower = first_at_least(keys, base, 0u32, place, key);
        }
        let mut upper = place + 1u32;
        if after == key {
            // No number has the greatest key, so that there is a next one.
            upper = first_at_least(keys, base, upper, rows, key + 1u32);
        }
        if row < rows {
            // The average of the ranks lower + 1 to upper.
            ranks[(base + row) as usize] = lower + upper + 1u32;
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

/// What becomes of a rank: (rank − shift) · scale.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scale {
    pub(crate) shift: f32,
    pub(crate) scale: f32,
}

/// Adds the weighted ranks of the members of a part, in their order, to the result; the first part begins it.
#[allow(clippy::too_many_arguments)]
pub(crate) fn add(
    cube: &Cube,
    part: Part<'_>,
    units: usize,
    ranks: &Buffer<u32>,
    weights: &Buffer<f32>,
    scale: Scale,
    begin: bool,
    out: &Buffer<f32>,
) {
    // SAFETY: each unit below the rows reads the rank of its row and column of each member of the part, and changes one
    // number of the result, which no other unit does.
    unsafe {
        add_kernel::launch_unchecked(
            cube.device().client(),
            crate::tile::count(part.columns * cube.rows().div_ceil(units)),
            CubeDim::new_1d(units as u32),
            ranks.arg(),
            weights.arg(),
            out.arg(),
            cube.rows() as u32,
            cube.columns() as u32,
            part.first as u32,
            part.columns as u32,
            scale.scale,
            scale.shift,
            units,
            begin,
        );
    }
}

#[cube(launch_unchecked)]
fn add_kernel(
    ranks: &[u32],
    weights: &[f32],
    out: &mut [f32],
    rows: u32,
    columns: u32,
    first: u32,
    part: u32,
    scale: f32,
    shift: f32,
    #[comptime] units: usize,
    #[comptime] begin: bool,
) {
    // The columns of the same rows follow each other: they write to the same lines of a cache.
    let block = CUBE_POS as u32;
    let column = block % part;
    let row = block / part * comptime!(units as u32) + UNIT_POS;
    if row < rows {
        let spot = (row * columns + first + column) as usize;
        let mut sum = 0.0f32;
        if comptime!(!begin) {
            sum = out[spot];
        }
        for m in 0..weights.len() {
            let rank = 0.5f32 * f32::cast_from(ranks[((m as u32 * part + column) * rows + row) as usize]);
            sum += weights[m] * ((rank - shift) * scale);
        }
        out[spot] = sum;
    }
}
