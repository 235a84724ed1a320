//! What is read off a fused row: its label, how sure it is, and how near to another label.

use cubecl::prelude::*;

use super::rows::{Fold, fold_within, is_missing, x_ln_x};
use crate::tile::Tile;

/// Writes, for each row of the tile, the first place of its greatest number to `labels`, and to `tops` the greatest
/// number, what it is greater by than the second, and the entropy: all of the one, then all of the other.
#[cube]
#[allow(clippy::too_many_arguments)]
pub(crate) fn summarise(
    values: &Shared<[f32]>,
    base: usize,
    held: &mut Shared<[f32]>,
    labels: &mut [u32],
    tops: &mut [f32],
    first_row: usize,
    rows: usize,
    #[comptime] tile: Tile,
) {
    let unit = UNIT_POS as usize;
    let lanes = comptime!(tile.lanes);
    let lane = unit % lanes;
    let rounds = comptime!(tile.rounds());
    let mut seconds = Shared::<[f32]>::new_slice(comptime!(if lanes > 1 { tile.units } else { 1 }));
    let mut greatest = Shared::<[u32]>::new_slice(comptime!(if lanes > 1 { tile.units } else { 1 }));
    #[unroll]
    for round in 0..rounds {
        let row = comptime!(round * tile.groups()) + unit / lanes;
        let mut top = f32::min_value();
        let mut second = f32::min_value();
        let mut label = 0u32;
        let mut entropy = 0.0f32;
        if row < comptime!(tile.rows) {
            let mut c = lane;
            label = lane as u32;
            while c < comptime!(tile.columns) {
                let x = values[base + row * comptime!(tile.pitch()) + c];
                if x > top {
                    second = top;
                    top = x;
                    label = c as u32;
                } else if x > second {
                    second = x;
                }
                entropy -= x_ln_x(x);
                c += lanes;
            }
        }
        if comptime!(lanes > 1) {
            held[unit] = entropy;
            fold_within::<f32>(held, lanes, Fold::Sum);
            entropy = held[unit];
            sync_cube();
            held[unit] = top;
            seconds[unit] = second;
            greatest[unit] = label;
            let steps = comptime!(lanes.ilog2());
            #[unroll]
            for s in 0..steps {
                let stride = comptime!(lanes >> (s + 1));
                sync_cube();
                if lane < stride {
                    let mine = held[unit];
                    let its = held[unit + stride];
                    let its_label = greatest[unit + stride];
                    let my_second = seconds[unit];
                    let its_second = seconds[unit + stride];
                    let takes = its > mine || (its == mine && its_label < greatest[unit]);
                    // The second of both is the lesser top or a second, whichever is greater.
                    let lesser = select(takes, mine, its);
                    let better = select(my_second > its_second, my_second, its_second);
                    seconds[unit] = select(lesser > better, lesser, better);
                    if takes {
                        held[unit] = its;
                        greatest[unit] = its_label;
                    }
                }
            }
            sync_cube();
            top = held[unit];
            second = seconds[unit];
            label = greatest[unit];
            sync_cube();
        }
        if lane == 0 && row < comptime!(tile.rows) && first_row + row < rows {
            // A row that is missing has no label; what is written says that it is missing.
            let first = values[base + row * comptime!(tile.pitch())];
            let lost = is_missing(first);
            labels[first_row + row] = select(lost, 0xffff_ffffu32, label);
            let top = select(lost, first, top);
            tops[first_row + row] = top;
            let margin = if comptime!(tile.columns > 1) { top - second } else { top };
            tops[rows + first_row + row] = select(lost, first, margin);
            tops[2 * rows + first_row + row] = select(lost, first, entropy);
        }
    }
}
