//! Losses and gradients of some weight vectors: one matrix product a tile for the pools, one for the gradients.

// Launching without bounds checks is unsafe; each loop guards its own places.
#![allow(unsafe_code)]

use cubecl::prelude::*;

use super::{
    lone::clear,
    rows::{fold_each, sum_of_parts},
    step::of_chunk,
};
use crate::{Cube, Device, buffer::Buffer, cube::by_storage};

/// Weight vectors of a launch, at most.
pub(crate) const VECTORS: usize = 8;
/// Numbers whose slopes are added before their sum is added to others.
const BLOCK: usize = 16;
/// Tiles whose sums are added before they are added to those of the chunk.
const TILES: usize = 8;

/// The loss of a pool z = Σ wₘ·xₘ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Term {
    /// −ln max(z, floor).
    Log,
    /// (z − y)².
    Square,
    /// −ln max(z, floor) where y is 1, −ln max(1 − z, floor) where it is 0.
    YesNo,
}

/// How the kernel is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Descent {
    pub(crate) term: Term,
    pub(crate) vectors: usize,
    pub(crate) units: usize,
    /// Members for each unit, rounded up.
    pub(crate) members_each: usize,
}

/// Sums of terms to `losses[chunk][vector]` and of their derivatives to `slopes[chunk][vector][member]`.
///
/// `weights` are those of each vector, and then what each vector lacks of 1.
#[allow(clippy::too_many_arguments)]
pub(crate) fn parts(
    cube: &Cube,
    descent: Descent,
    chunks: usize,
    floor: f32,
    weights: &Buffer<f32>,
    y: &Buffer<f32>,
    losses: &Buffer<f32>,
    slopes: &Buffer<f32>,
) {
    by_storage!(cube.storage(), F => {
        // SAFETY: numbers are read below those of a member for members below their count, and each workgroup writes the
        // places of its own chunk.
        unsafe {
            parts_kernel::launch_unchecked::<F>(
                cube.device().client(),
                CubeCount::Static(chunks as u32, 1, 1),
                CubeDim::new_1d(descent.units as u32),
                cube.arg(1),
                weights.arg(),
                y.arg(),
                losses.arg(),
                slopes.arg(),
                (cube.rows() * cube.columns()) as u32,
                cube.members() as u32,
                chunks as u32,
                floor,
                descent,
            );
        }
    });
}

#[cube(launch_unchecked)]
fn parts_kernel<F: Float>(
    cube: &[F],
    weights: &[f32],
    y: &[f32],
    losses: &mut [f32],
    slopes: &mut [f32],
    all: u32,
    members: u32,
    chunks: u32,
    floor: f32,
    #[comptime] descent: Descent,
) {
    let unit = UNIT_POS as usize;
    let all = all as usize;
    let members = members as usize;
    let units = comptime!(descent.units);
    let vectors = comptime!(descent.vectors);
    let tiles = all.div_ceil(units);
    let chunk = CUBE_POS_X as usize;
    let (begin, end) = of_chunk(tiles, chunk, chunks as usize);
    // What the last tiles add is summed apart: few additions in a row lose little, on drivers too that would take a sum of
    // what additions lose for 0.
    let mut totals = Array::<f32>::new(vectors);
    let mut recent_totals = Array::<f32>::new(vectors);
    let mut sums = Array::<f32>::new(comptime!(descent.vectors * descent.members_each));
    let mut recent_sums = Array::<f32>::new(comptime!(descent.vectors * descent.members_each));
    clear(&mut totals, vectors);
    clear(&mut recent_totals, vectors);
    clear(&mut sums, comptime!(descent.vectors * descent.members_each));
    clear(&mut recent_sums, comptime!(descent.vectors * descent.members_each));
    let mut slope_of = Shared::<[f32]>::new_slice(comptime!(descent.vectors * descent.units));
    for t in begin..end {
        let at = t * units + unit;
        let mut pools = Array::<f32>::new(vectors);
        #[unroll]
        for v in 0..vectors {
            pools[v] = 0.0f32;
        }
        // 1 − z is as exact as z: a mean of 1 − x, and what the weights lack of 1.
        let mut sign = f32::new(-1.0f32);
        if comptime!(descent.term == Term::YesNo) {
            if at < all && y[at] == 0.0f32 {
                sign = 1.0f32;
                #[unroll]
                for v in 0..vectors {
                    pools[v] = weights[comptime!(v).runtime() + vectors * members];
                }
            }
        }
        if at < all {
            for m in 0..members {
                let mut x = f32::cast_from(cube[m * all + at]);
                if comptime!(descent.term == Term::YesNo) {
                    x = select(sign > 0.0f32, 1.0f32 - x, x);
                }
                #[unroll]
                for v in 0..vectors {
                    pools[v] = pools[v] + weights[comptime!(v).runtime() * members + m] * x;
                }
            }
        }
        #[unroll]
        for v in 0..vectors {
            let z = pools[v];
            let mut term = 0.0f32;
            let mut slope = 0.0f32;
            if at < all {
                if comptime!(descent.term == Term::Square) {
                    let error = z - y[at];
                    term = error * error;
                    slope = 2.0f32 * error;
                } else {
                    let held = z.max(floor);
                    term = -(held.ln());
                    slope = select(z > floor, sign / held, 0.0f32);
                }
            }
            recent_totals[v] = recent_totals[v] + term;
            slope_of[comptime!(v * descent.units).runtime() + unit] = slope;
        }
        sync_cube();
        let first = t * units;
        let mut count = all - first;
        if count > units {
            count = units.runtime();
        }
        #[unroll]
        for i in 0..comptime!(descent.members_each) {
            let m = comptime!(i * descent.units) + unit;
            if m < members {
                let mut of_block = Array::<f32>::new(vectors);
                for block in 0..count.div_ceil(BLOCK) {
                    clear(&mut of_block, vectors);
                    for e in block * BLOCK..((block + 1) * BLOCK).min(count) {
                        let x = f32::cast_from(cube[m * all + first + e]);
                        #[unroll]
                        for v in 0..vectors {
                            of_block[v] = of_block[v] + slope_of[comptime!(v * descent.units).runtime() + e] * x;
                        }
                    }
                    #[unroll]
                    for v in 0..vectors {
                        let place = comptime!(v * descent.members_each + i);
                        recent_sums[place] = recent_sums[place] + of_block[v];
                    }
                }
            }
        }
        if (t - begin) % TILES == TILES - 1 {
            take_in(&mut totals, &mut recent_totals, vectors);
            take_in(&mut sums, &mut recent_sums, comptime!(descent.vectors * descent.members_each));
        }
        sync_cube();
    }
    take_in(&mut totals, &mut recent_totals, vectors);
    take_in(&mut sums, &mut recent_sums, comptime!(descent.vectors * descent.members_each));
    // What the slopes needed is free for the losses.
    #[unroll]
    for v in 0..vectors {
        slope_of[comptime!(v * descent.units).runtime() + unit] = totals[v];
    }
    fold_each::<f32>(&mut slope_of, units, vectors);
    let mut v = unit;
    while v < vectors {
        losses[chunk * vectors + v] = slope_of[v * units];
        v += units;
    }
    #[unroll]
    for v in 0..vectors {
        #[unroll]
        for i in 0..comptime!(descent.members_each) {
            let m = comptime!(i * descent.units) + unit;
            if m < members {
                slopes[(chunk * vectors + v) * members + m] = sums[comptime!(v * descent.members_each + i)];
            }
        }
    }
}

/// Adds recent sums to those so far, and begins new ones.
#[cube]
fn take_in(sums: &mut Array<f32>, recent: &mut Array<f32>, #[comptime] count: usize) {
    #[unroll]
    for i in 0..count {
        sums[i] = sums[i] + recent[i];
        recent[i] = 0.0f32;
    }
}

/// Adds the parts of each chunk, in order.
pub(crate) fn add_chunks(device: &Device, chunks: usize, units: usize, parts: &Buffer<f32>, out: &Buffer<f32>) {
    // SAFETY: each unit below the length of the result writes its own place.
    unsafe {
        add_chunks_kernel::launch_unchecked(
            device.client(),
            crate::tile::count(out.len().div_ceil(units)),
            CubeDim::new_1d(units as u32),
            parts.arg(),
            out.arg(),
            chunks as u32,
        );
    }
}

#[cube(launch_unchecked)]
fn add_chunks_kernel(parts: &[f32], out: &mut [f32], chunks: u32) {
    let i = ABSOLUTE_POS;
    let len = out.len();
    if i < len {
        out[i] = sum_of_parts(parts, i, len, chunks as usize);
    }
}
