//! Probabilities drawn on the device, and copies: what a bench needs.

// Launching without bounds checks is unsafe; rows and vectors are guarded.
#![allow(unsafe_code)]

use cubecl::prelude::*;

use super::bootstrap::philox4;
use crate::{Device, buffer::Buffer};

/// Draws members × rows rows of so many columns; each sums to 1.
pub(crate) fn rows(device: &Device, rows: usize, columns: usize, units: usize, key: [u32; 2], out: &Buffer<f32>) {
    // SAFETY: each unit below the number of rows writes its own row.
    unsafe {
        rows_kernel::launch_unchecked(
            device.client(),
            crate::tile::count(rows.div_ceil(units)),
            CubeDim::new_1d(units as u32),
            out.arg(),
            rows as u32,
            columns as u32,
            key[0],
            key[1],
        );
    }
}

#[cube(launch_unchecked)]
fn rows_kernel(out: &mut [f32], rows: u32, columns: u32, key_a: u32, key_b: u32) {
    let row = ABSOLUTE_POS as u32;
    if row < rows {
        let base = row as usize * columns as usize;
        let mut sum = 0.0f32;
        for group in 0..columns.div_ceil(4u32) {
            let drawn = philox4(row, group, key_a, key_b);
            #[unroll]
            for k in 0..4usize {
                let c = group * 4u32 + comptime!(k as u32);
                if c < columns {
                    let unit = f32::cast_from(drawn[k] >> 8u32) * comptime!(1.0f32 / 16_777_216.0);
                    let x = unit * unit + 1.0e-6f32;
                    out[base + c as usize] = x;
                    sum += x;
                }
            }
        }
        for c in 0..columns {
            out[base + c as usize] = out[base + c as usize] / sum;
        }
    }
}

/// Copies numbers, four at a time.
pub(crate) fn copy(device: &Device, units: usize, from: &Buffer<f32>, to: &Buffer<f32>) {
    // SAFETY: each unit below the number of vectors of both buffers copies its own vector.
    unsafe {
        copy_kernel::launch_unchecked(
            device.client(),
            crate::tile::count((from.len() / 4).div_ceil(units)),
            CubeDim::new_1d(units as u32),
            4,
            from.wide(4),
            to.wide(4),
        );
    }
}

#[cube(launch_unchecked)]
fn copy_kernel<V: Size>(from: &[Vector<f32, V>], to: &mut [Vector<f32, V>]) {
    let at = ABSOLUTE_POS;
    if at < from.len() {
        to[at] = from[at];
    }
}
