//! Counts: of confusions, of scores and of calibration. Each workgroup counts in shared memory, in whole numbers, so
//! that the order in which units come changes nothing.

// Launching without bounds checks is unsafe; rows are read below their count, and keys are held below the counters.
#![allow(unsafe_code)]

use cubecl::prelude::*;

use crate::{Device, buffer::Buffer};

/// Rows of a workgroup: with confidences in units of 2⁻²⁰ their sum stays below 2³².
pub(crate) const ROWS: usize = 4000;
/// The units in which a confidence is counted.
pub(crate) const CONFIDENCE: f32 = 1_048_576.0;
/// The most counters that a workgroup keeps to itself; more are counted in the memory of the device at once.
pub(crate) const KEPT: usize = 2048;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Of {
    /// true class · columns + label
    Confusions,
    /// (1 if positive) · bins + bin of the score
    Scores,
}

/// Counts keys to `counts`, which must be zeros. `truth` is the true class or whether the row is positive; `labels` and
/// `scores` are read as `of` says. A row without a label is not counted; the first of them lowers `lost`.
#[allow(clippy::too_many_arguments)]
pub(crate) fn count(
    device: &Device,
    of: Of,
    truth: &Buffer<u32>,
    labels: &Buffer<u32>,
    scores: &Buffer<f32>,
    units: usize,
    side: usize,
    counts: &Buffer<u32>,
    lost: &Buffer<u32>,
) {
    // SAFETY: rows are read below those of the truth, and keys are held below the counters.
    unsafe {
        count_kernel::launch_unchecked(
            device.client(),
            crate::tile::count(truth.len().div_ceil(ROWS)),
            CubeDim::new_1d(units as u32),
            truth.arg(),
            labels.arg(),
            scores.arg(),
            counts.arg(),
            lost.arg(),
            side as u32,
            units,
            counts.len(),
            of,
        );
    }
}

#[cube(launch_unchecked)]
fn count_kernel(
    truth: &[u32],
    labels: &[u32],
    scores: &[f32],
    counts: &[Atomic<u32>],
    lost: &[Atomic<u32>],
    side: u32,
    #[comptime] units: usize,
    #[comptime] counters: usize,
    #[comptime] of: Of,
) {
    let unit = UNIT_POS as usize;
    let rows = truth.len();
    let kept = comptime!(counters <= KEPT);
    let here = Shared::<[Atomic<u32>]>::new_slice(comptime!(if kept { counters } else { 1 }));
    if comptime!(kept) {
        let mut i = unit;
        while i < counters {
            here[i].store(0u32);
            i += units;
        }
        sync_cube();
    }
    let begin = CUBE_POS * ROWS;
    let mut row = begin + unit;
    while row < begin + ROWS && row < rows {
        let low = if comptime!(of == Of::Confusions) {
            labels[row]
        } else {
            let bin = u32::cast_from((scores[row].max(0.0f32) * f32::cast_from(side)).min(4.0e9f32));
            select(bin < side, bin, side - 1u32)
        };
        let key = (truth[row] * side + low) as usize;
        if low >= side {
            lost[0].fetch_min(row as u32);
        } else if key < counters {
            if comptime!(kept) {
                here[key].fetch_add(1u32);
            } else {
                counts[key].fetch_add(1u32);
            }
        }
        row += units;
    }
    if comptime!(kept) {
        sync_cube();
        let mut i = unit;
        while i < counters {
            counts[i].fetch_add(here[i].load());
            i += units;
        }
    }
}

/// Counts rows, hits and confidences of each bin to `parts[workgroup][3][bin]`. A row without a label is not counted; the first
/// of them lowers `lost`.
#[allow(clippy::too_many_arguments)]
pub(crate) fn bins(
    device: &Device,
    codes: &Buffer<u32>,
    labels: &Buffer<u32>,
    tops: &Buffer<f32>,
    units: usize,
    bins: usize,
    parts: &Buffer<u32>,
    lost: &Buffer<u32>,
) {
    // SAFETY: rows are read below those of the codes, and each workgroup writes its own part.
    unsafe {
        bins_kernel::launch_unchecked(
            device.client(),
            crate::tile::count(codes.len().div_ceil(ROWS)),
            CubeDim::new_1d(units as u32),
            codes.arg(),
            labels.arg(),
            tops.arg(),
            parts.arg(),
            lost.arg(),
            units,
            bins,
        );
    }
}

#[cube(launch_unchecked)]
fn bins_kernel(
    codes: &[u32],
    labels: &[u32],
    tops: &[f32],
    parts: &mut [u32],
    lost: &[Atomic<u32>],
    #[comptime] units: usize,
    #[comptime] bins: usize,
) {
    let unit = UNIT_POS as usize;
    let rows = codes.len();
    let here = Shared::<[Atomic<u32>]>::new_slice(comptime!(3 * bins));
    let mut i = unit;
    while i < comptime!(3 * bins) {
        here[i].store(0u32);
        i += units;
    }
    sync_cube();
    let begin = CUBE_POS * ROWS;
    let mut row = begin + unit;
    while row < begin + ROWS && row < rows {
        let label = labels[row];
        if label == 0xffff_ffffu32 {
            lost[0].fetch_min(row as u32);
        } else {
            let top = tops[row].max(0.0f32).min(1.0f32);
            // Bins are open below: (0, 1/n], (1/n, 2/n], …
            let mut bin = u32::cast_from((top * comptime!(bins as f32)).ceil());
            if bin > 0u32 {
                bin -= 1u32;
            }
            if bin >= comptime!(bins as u32) {
                bin = comptime!(bins as u32 - 1).runtime();
            }
            let bin = bin as usize;
            here[bin].fetch_add(1u32);
            if label == codes[row] {
                here[comptime!(bins).runtime() + bin].fetch_add(1u32);
            }
            here[comptime!(2 * bins).runtime() + bin].fetch_add(u32::cast_from((top * CONFIDENCE + 0.5f32).floor()));
        }
        row += units;
    }
    sync_cube();
    if begin < rows {
        let mut i = unit;
        while i < comptime!(3 * bins) {
            parts[CUBE_POS * comptime!(3 * bins) + i] = here[i].load();
            i += units;
        }
    }
}
