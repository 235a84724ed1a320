//! What a unit does with a row that it keeps in registers. Every place in a row is known when a kernel is compiled.

use cubecl::prelude::*;

use super::rows::{is_missing, missing, x_ln_x};
use crate::{Holes, tile::Lone};

/// Reads a row: `at` is the place of its first vector.
#[cube]
pub(crate) fn read_row<F: Float, V: Size>(
    numbers: &[Vector<F, V>],
    at: usize,
    x: &mut Array<f32>,
    #[comptime] lone: Lone,
) {
    #[unroll]
    for v in 0..comptime!(lone.vectors()) {
        let vector = Vector::<f32, V>::cast_from(numbers[at + v]);
        #[unroll]
        for k in 0..comptime!(lone.width) {
            x[comptime!(v * lone.width + k)] = vector.extract(k);
        }
    }
}

/// Writes a row.
#[cube]
pub(crate) fn write_row<V: Size>(numbers: &mut [Vector<f32, V>], at: usize, x: &Array<f32>, #[comptime] lone: Lone) {
    #[unroll]
    for v in 0..comptime!(lone.vectors()) {
        let mut vector = Vector::<f32, V>::new(0.0f32);
        #[unroll]
        for k in 0..comptime!(lone.width) {
            vector.insert(k, x[comptime!(v * lone.width + k)]);
        }
        numbers[at + v] = vector;
    }
}

/// What a member's weight adds to that of its row: nothing where it lacks the row, or what makes the row missing.
#[cube]
pub(crate) fn weight_in_row(weight: f32, there: bool, #[comptime] holes: Holes) -> f32 {
    let lost = if comptime!(holes == Holes::Spread) { missing() } else { 0.0f32.runtime() };
    select(there, weight, lost)
}

/// Makes all numbers of a row zeros.
#[cube]
pub(crate) fn clear(x: &mut Array<f32>, #[comptime] columns: usize) {
    #[unroll]
    for c in 0..columns {
        x[c] = 0.0f32;
    }
}

/// The first place of the greatest number; the last place where `last`, for two columns.
#[cube]
pub(crate) fn label_of(x: &Array<f32>, #[comptime] columns: usize, #[comptime] last: bool) -> u32 {
    let mut top = x[0usize];
    let mut label = 0u32;
    #[unroll]
    for c in 1..columns {
        let greater = if comptime!(last) { x[c] >= top } else { x[c] > top };
        top = select(greater, x[c], top);
        label = select(greater, comptime!(c as u32).runtime(), label);
    }
    label
}

/// The greatest number.
#[cube]
pub(crate) fn greatest_of(x: &Array<f32>, #[comptime] columns: usize) -> f32 {
    let mut top = x[0usize];
    #[unroll]
    for c in 1..columns {
        top = top.max(x[c]);
    }
    top
}

/// Writes what is read off a row, as `summarise` does it for rows in shared memory.
#[cube]
pub(crate) fn summarise_row(
    x: &Array<f32>,
    labels: &mut [u32],
    tops: &mut [f32],
    row: usize,
    rows: usize,
    #[comptime] columns: usize,
) {
    let mut top = x[0usize];
    let mut second = f32::min_value();
    let mut label = 0u32;
    let mut entropy = -x_ln_x(x[0usize]);
    #[unroll]
    for c in 1..columns {
        let greater = x[c] > top;
        let lesser = select(greater, top, x[c]);
        second = select(lesser > second, lesser, second);
        top = select(greater, x[c], top);
        label = select(greater, comptime!(c as u32).runtime(), label);
        entropy -= x_ln_x(x[c]);
    }
    let first = x[0usize];
    let lost = is_missing(first);
    labels[row] = select(lost, 0xffff_ffffu32, label);
    tops[row] = select(lost, first, top);
    let margin = if comptime!(columns > 1) { top - second } else { top };
    tops[rows + row] = select(lost, first, margin);
    tops[2 * rows + row] = select(lost, first, entropy);
}
