use std::ops::Range;

use consort_core::blocks;
use rayon::prelude::*;

/// How many numbers are held at once, so that the memory stays bounded however many rows there are.
const HELD: usize = 1 << 24;

/// Vectors of `width` numbers that `work` makes of each block of rows, added in row order.
///
/// As [`blocks::sum`], for vectors that are long.
pub(crate) fn ordered_sum(rows: usize, width: usize, work: impl Fn(Range<usize>) -> Vec<f64> + Sync) -> Vec<f64> {
    let mut total = vec![0.0; width];
    let blocks = rows.div_ceil(blocks::ROWS);
    let held = (HELD / width.max(1)).clamp(1, 64);
    for group in (0..blocks).step_by(held) {
        let parts: Vec<Vec<f64>> = (group..(group + held).min(blocks))
            .into_par_iter()
            .map(|block| work(block * blocks::ROWS..((block + 1) * blocks::ROWS).min(rows)))
            .collect();
        for part in parts {
            total.iter_mut().zip(part).for_each(|(total, part)| *total += part);
        }
    }
    total
}
