//! What a workgroup knows of the rows of its tile, from shared memory. All sums are in an order that is fixed when the
//! kernel is compiled, so that a device gives the same bits each time.

use cubecl::prelude::*;

use crate::tile::Tile;

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

/// The natural logarithm, and of 0 a number so low that its exponential is 0 whatever is added to it.
#[cube]
pub(crate) fn ln_or_low(x: f32) -> f32 {
    let safe = select(x > 0.0f32, x, 1.0f32);
    let low = x <= 0.0f32;
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

/// Sums what the lanes of each group hold: the sum is in the place of the first lane. All units must come here.
#[cube]
pub(crate) fn sum_of_lanes(held: &mut Shared<[f32]>, #[comptime] tile: Tile) {
    let unit = UNIT_POS as usize;
    let lanes = comptime!(tile.lanes);
    let lane = unit % lanes;
    let steps = comptime!(lanes.ilog2());
    #[unroll]
    for s in 0..steps {
        let stride = comptime!(lanes >> (s + 1));
        sync_cube();
        if lane < stride {
            held[unit] = held[unit] + held[unit + stride];
        }
    }
    sync_cube();
}

/// The greatest of what the lanes of each group hold, in the place of the first lane. All units must come here.
#[cube]
pub(crate) fn top_of_lanes(held: &mut Shared<[f32]>, #[comptime] tile: Tile) {
    let unit = UNIT_POS as usize;
    let lanes = comptime!(tile.lanes);
    let lane = unit % lanes;
    let steps = comptime!(lanes.ilog2());
    #[unroll]
    for s in 0..steps {
        let stride = comptime!(lanes >> (s + 1));
        sync_cube();
        if lane < stride {
            let other = held[unit + stride];
            if other > held[unit] {
                held[unit] = other;
            }
        }
    }
    sync_cube();
}

/// Writes the sum of each row of the numbers from place `base` on to `out`.
#[cube]
pub(crate) fn row_sums(
    values: &Shared<[f32]>,
    base: usize,
    held: &mut Shared<[f32]>,
    out: &mut Shared<[f32]>,
    #[comptime] tile: Tile,
) {
    let unit = UNIT_POS as usize;
    let lanes = comptime!(tile.lanes);
    let lane = unit % lanes;
    let rounds = comptime!(tile.rounds());
    #[unroll]
    for round in 0..rounds {
        let row = comptime!(round * tile.groups()) + unit / lanes;
        let mut sum = 0.0f32;
        if row < comptime!(tile.rows) {
            let mut c = lane;
            while c < comptime!(tile.columns) {
                sum += values[base + row * comptime!(tile.pitch()) + c];
                c += lanes;
            }
        }
        if comptime!(lanes > 1) {
            held[unit] = sum;
            sum_of_lanes(held, tile);
            sum = held[unit];
        }
        if lane == 0 && row < comptime!(tile.rows) {
            out[row] = sum;
        }
        sync_cube();
    }
}

/// Writes the greatest number of each row of the numbers from place `base` on to `out`.
#[cube]
pub(crate) fn row_tops(
    values: &Shared<[f32]>,
    base: usize,
    held: &mut Shared<[f32]>,
    out: &mut Shared<[f32]>,
    #[comptime] tile: Tile,
) {
    let unit = UNIT_POS as usize;
    let lanes = comptime!(tile.lanes);
    let lane = unit % lanes;
    let rounds = comptime!(tile.rounds());
    #[unroll]
    for round in 0..rounds {
        let row = comptime!(round * tile.groups()) + unit / lanes;
        let mut top = f32::min_value();
        if row < comptime!(tile.rows) {
            let mut c = lane;
            while c < comptime!(tile.columns) {
                let x = values[base + row * comptime!(tile.pitch()) + c];
                if x > top {
                    top = x;
                }
                c += lanes;
            }
        }
        if comptime!(lanes > 1) {
            held[unit] = top;
            top_of_lanes(held, tile);
            top = held[unit];
        }
        if lane == 0 && row < comptime!(tile.rows) {
            out[row] = top;
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
