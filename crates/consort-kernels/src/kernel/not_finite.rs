//! A look through all numbers of a cube for one that is not finite.

// Launching without bounds checks is unsafe; vectors are read below their count.
#![allow(unsafe_code)]

use cubecl::prelude::*;

use super::rows::is_missing;
use crate::{Cube, buffer::Buffer, cube::by_storage, tile::units};

/// Workgroups that go through a cube, at most: enough to keep a device busy.
const GROUPS: usize = 4096;

/// Lowers three places to that of the first NaN, the first ∞ and the first −∞; all three must be `u32::MAX`. Of the numbers
/// that one unit sees only the first counts, so that the least of the three places is right and the others may not be.
pub(crate) fn first(cube: &Cube, found: &Buffer<u32>) {
    let (width, units) = (cube.width(), units(cube.device()));
    let vectors = cube.members() * cube.rows() * cube.columns() / width;
    let groups = vectors.div_ceil(units).min(GROUPS);
    by_storage!(cube.storage(), F => {
        // SAFETY: vectors are read below their count, and one of three places is changed.
        unsafe {
            first_kernel::launch_unchecked::<F>(
                cube.device().client(),
                CubeCount::Static(groups as u32, 1, 1),
                CubeDim::new_1d(units as u32),
                width,
                cube.arg(width),
                found.arg(),
                vectors as u32,
                groups * units,
            );
        }
    });
}

#[cube(launch_unchecked)]
fn first_kernel<F: Float, V: Size>(cube: &[Vector<F, V>], found: &[Atomic<u32>], all: u32, #[comptime] step: usize) {
    let all = all as usize;
    let mut place = 0xffff_ffffu32;
    let mut kind = 0u32;
    let mut at = ABSOLUTE_POS;
    while at < all {
        let vector = Vector::<f32, V>::cast_from(cube[at]);
        #[unroll]
        for k in 0..V::value() {
            let x = vector.extract(k);
            let bits = x.to_bits();
            let is_first = bits & 0x7f80_0000u32 == 0x7f80_0000u32 && place == 0xffff_ffffu32;
            place = select(is_first, (at * V::value() + k) as u32, place);
            kind = select(is_first, select(is_missing(x), 0u32, 1u32 + (bits >> 31u32)), kind);
        }
        at += step;
    }
    if place != 0xffff_ffffu32 {
        found[kind as usize].fetch_min(place);
    }
}
