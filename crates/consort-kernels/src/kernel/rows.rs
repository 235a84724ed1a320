//! What a workgroup knows of the rows of its tile, from shared memory. All sums are in an order that is fixed when the
//! kernel is compiled, so that a device gives the same bits each time.

use cubecl::prelude::*;

use crate::{Holes, tile::Tile};

/// Whether a number stands for a row that a member lacks.
#[cube]
pub(crate) fn is_missing(x: f32) -> bool {
    (x.to_bits() & 0x7fff_ffffu32) > 0x7f80_0000u32
}

/// A number that stands for nothing: written where all members lack a row.
///
/// WGSL refuses a NaN that it can see when it compiles, so that one bit comes from the place of the unit, which is 0 in
/// its second direction.
#[cube]
pub(crate) fn missing() -> f32 {
    f32::from_bits(0x7fc0_0000u32 | UNIT_POS_Y)
}

/// Greater than all numbers, or as great; one bit comes from the place of the unit as in [`missing`].
#[cube]
pub(crate) fn infinity() -> f32 {
    f32::from_bits(0x7f80_0000u32 | UNIT_POS_Y)
}

/// The natural logarithm, and of 0 a number so low that its exponential is 0 whatever is added to it. That of a NaN is one.
#[cube]
pub(crate) fn ln_or_low(x: f32) -> f32 {
    let low = x <= 0.0f32;
    let safe = select(low, 1.0f32, x);
    select(low, -1.0e30f32, safe.ln())
}

/// x·ln x, 0 for 0.
#[cube]
pub(crate) fn x_ln_x(x: f32) -> f32 {
    let safe = select(x > 0.0f32, x, 1.0f32);
    x * safe.ln()
}

/// Where the number at place `at` of the tile lies in shared memory.
#[cube]
pub(crate) fn place(at: usize, #[comptime] tile: Tile) -> usize {
    let columns = comptime!(tile.columns);
    let pitch = comptime!(tile.pitch());
    if comptime!(columns == pitch) { at } else { at / columns * pitch + at % columns }
}

/// Whether a member has the row of a number.
#[cube]
pub(crate) fn is_there(x: f32, #[comptime] holes: Holes) -> bool {
    if comptime!(holes == Holes::None) { true.runtime() } else { !is_missing(x) }
}

/// The number of a member at a place of all rows and columns; 0 beyond the last row. `member` is where the member begins.
#[cube]
pub(crate) fn number_at<F: Float>(cube: &[F], member: usize, at: usize, all: usize) -> f32 {
    let mut x = 0.0f32;
    if at < all {
        x = f32::cast_from(cube[member + at]);
    }
    x
}

/// A number as an integer of the same order, from its bits.
#[cube]
pub(crate) fn key_of(bits: u32) -> u32 {
    select(bits >> 31u32 == 1u32, !bits, bits | 0x8000_0000u32)
}

/// The sum of some parts, `stride` apart, eight at a time in pairs: few additions in a row lose little.
///
/// Eight parts are read before they are added, so that their reads do not wait for each other.
#[cube]
pub(crate) fn sum_of_parts(parts: &[f32], start: usize, stride: usize, count: usize) -> f32 {
    let mut sum = 0.0f32;
    let mut read = Array::<f32>::new(8usize);
    let mut first = 0usize;
    while first < count {
        #[unroll]
        for k in 0..8usize {
            let mut part = 0.0f32;
            if first + k < count {
                part = parts[start + (first + k) * stride];
            }
            read[k] = part;
        }
        #[unroll]
        for step in 0..3usize {
            #[unroll]
            for k in 0..comptime!(4usize >> step) {
                read[k] = read[k] + read[comptime!(k + (4 >> step))];
            }
        }
        sum += read[0usize];
        first += 8usize;
    }
    sum
}

/// What numbers are folded to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Fold {
    /// Their sum.
    Sum,
    /// The greatest of them.
    Greatest,
    /// Of rows alone: what makes the sum 1 as a factor, less than 0 where the sum is not above 0.
    Factor,
}

#[cube]
fn folded<N: Numeric>(a: N, b: N, #[comptime] fold: Fold) -> N {
    if comptime!(fold == Fold::Greatest) { select(b > a, b, a) } else { a + b }
}

/// A number of a row that is scaled to a sum of 1 by its [`Fold::Factor`]; a row of zeros becomes uniform, and one that is
/// missing stays so.
///
/// One division a row, since each takes as long as ten products.
#[cube]
pub(crate) fn scaled(x: f32, factor: f32, #[comptime] columns: usize) -> f32 {
    select(factor < 0.0f32, 1.0f32 / comptime!(columns as f32), x * factor)
}

/// Folds what each group of `lanes` units holds, a power of two: the result is in the place of the first of the group. All
/// units must come here.
#[cube]
pub(crate) fn fold_within<N: Numeric>(held: &mut Shared<[N]>, #[comptime] lanes: usize, #[comptime] fold: Fold) {
    let unit = UNIT_POS as usize;
    let lane = unit % lanes;
    let steps = comptime!(lanes.ilog2());
    #[unroll]
    for s in 0..steps {
        let stride = comptime!(lanes >> (s + 1));
        sync_cube();
        if lane < stride {
            held[unit] = folded::<N>(held[unit], held[unit + stride], fold);
        }
    }
    sync_cube();
}

/// Adds what all units hold, of `count` sums side by side, `[sum][unit]`: each is in the place of the first unit. All units
/// must come here.
#[cube]
pub(crate) fn fold_each<N: Numeric>(held: &mut Shared<[N]>, #[comptime] units: usize, #[comptime] count: usize) {
    let unit = UNIT_POS as usize;
    let steps = comptime!(units.ilog2());
    #[unroll]
    for s in 0..steps {
        let stride = comptime!(units >> (s + 1));
        sync_cube();
        if unit < stride {
            #[unroll]
            for k in 0..count {
                let at = comptime!(k * units) + unit;
                held[at] = held[at] + held[at + stride];
            }
        }
    }
    sync_cube();
}

/// Writes to `out` what the numbers of each row fold to, from place `base` on.
#[cube]
pub(crate) fn fold_rows(
    values: &Shared<[f32]>,
    base: usize,
    held: &mut Shared<[f32]>,
    out: &mut Shared<[f32]>,
    #[comptime] tile: Tile,
    #[comptime] fold: Fold,
) {
    let unit = UNIT_POS as usize;
    let lanes = comptime!(tile.lanes);
    let lane = unit % lanes;
    let rounds = comptime!(tile.rounds());
    #[unroll]
    for round in 0..rounds {
        let row = comptime!(round * tile.groups()) + unit / lanes;
        let mut result = 0.0f32;
        if comptime!(fold == Fold::Greatest) {
            result = f32::min_value();
        }
        if row < comptime!(tile.rows) {
            let mut c = lane;
            while c < comptime!(tile.columns) {
                result = folded::<f32>(result, values[base + row * comptime!(tile.pitch()) + c], fold);
                c += lanes;
            }
        }
        if comptime!(lanes > 1) {
            held[unit] = result;
            fold_within::<f32>(held, lanes, fold);
            result = held[unit];
        }
        if lane == 0 && row < comptime!(tile.rows) {
            if comptime!(fold == Fold::Factor) {
                // A sum that is next to nothing has no reciprocal.
                let factor = 1.0f32 / select(result > 1.2e-38f32, result, 1.2e-38f32);
                let factor = select(result > 0.0f32, factor, -1.0f32);
                result = select(is_missing(result), result, factor);
            }
            out[row] = result;
        }
        sync_cube();
    }
}

/// Writes the first place of the greatest number of each row to `out`; the last place where `last`, for two columns.
#[cube]
pub(crate) fn row_labels(
    values: &Shared<[f32]>,
    base: usize,
    held: &mut Shared<[f32]>,
    found: &mut Shared<[u32]>,
    out: &mut Shared<[u32]>,
    #[comptime] tile: Tile,
    #[comptime] last: bool,
) {
    let unit = UNIT_POS as usize;
    let lanes = comptime!(tile.lanes);
    let lane = unit % lanes;
    let rounds = comptime!(tile.rounds());
    #[unroll]
    for round in 0..rounds {
        let row = comptime!(round * tile.groups()) + unit / lanes;
        let mut top = f32::min_value();
        let mut label = lane as u32;
        if row < comptime!(tile.rows) {
            let mut c = lane;
            while c < comptime!(tile.columns) {
                let x = values[base + row * comptime!(tile.pitch()) + c];
                let greater = if comptime!(last) { x >= top } else { x > top };
                if greater {
                    top = x;
                    label = c as u32;
                }
                c += lanes;
            }
        }
        if comptime!(lanes > 1) {
            held[unit] = top;
            found[unit] = label;
            let steps = comptime!(lanes.ilog2());
            #[unroll]
            for s in 0..steps {
                let stride = comptime!(lanes >> (s + 1));
                sync_cube();
                if lane < stride {
                    let its = held[unit + stride];
                    let its_label = found[unit + stride];
                    if its > held[unit] || (its == held[unit] && its_label < found[unit]) {
                        held[unit] = its;
                        found[unit] = its_label;
                    }
                }
            }
            sync_cube();
            label = found[unit];
        }
        if lane == 0 && row < comptime!(tile.rows) {
            out[row] = label;
        }
        if comptime!(lanes > 1) {
            sync_cube();
        }
    }
}
