//! Poisson resamples of sums over rows: nothing but the values is read, and weights are drawn by counter.

// Launching without bounds checks is unsafe; rows are read below their count and one place is written a resample.
#![allow(unsafe_code)]

use cubecl::prelude::*;

use super::{
    lone::clear,
    rows::{Fold, fold_within},
};
use crate::{Device, buffer::Buffer, philox::poisson_steps};

/// Groups of four rows whose sums a unit adds before it adds them to its total.
const GROUPS: u32 = 32;

/// Writes Σ w·v of each series to `sums[series][resample]`, and Σ w to `drawn[resample]`.
#[allow(clippy::too_many_arguments)]
pub(crate) fn launch(
    device: &Device,
    values: &Buffer<f32>,
    rows: usize,
    series: usize,
    resamples: usize,
    units: usize,
    key: [u32; 2],
    out: (&Buffer<f32>, &Buffer<u32>),
) {
    // SAFETY: rows are read below `rows` for each series, and each workgroup below `resamples` writes its own places.
    unsafe {
        bootstrap_kernel::launch_unchecked(
            device.client(),
            crate::tile::count(resamples),
            CubeDim::new_1d(units as u32),
            values.arg(),
            out.0.arg(),
            out.1.arg(),
            rows as u32,
            resamples as u32,
            key[0],
            key[1],
            units,
            series,
        );
    }
}

#[cube(launch_unchecked)]
fn bootstrap_kernel(
    values: &[f32],
    sums: &mut [f32],
    drawn: &mut [u32],
    rows: u32,
    resamples: u32,
    key_a: u32,
    key_b: u32,
    #[comptime] units: usize,
    #[comptime] series: usize,
) {
    let resample = CUBE_POS as u32;
    let unit = UNIT_POS as usize;
    let mut totals = Array::<f32>::new(series);
    // What the last groups add is summed apart: few additions in a row lose little, on drivers too that would take what
    // additions lose for 0. Where it is not, it is kept beside the totals.
    let mut recent = Array::<f32>::new(series);
    let mut losts = Array::<f32>::new(series);
    clear(&mut totals, series);
    clear(&mut recent, series);
    clear(&mut losts, series);
    let mut seen = 0u32;
    let mut weight_sum = 0u32;
    let groups = rows.div_ceil(4u32);
    let mut group = UNIT_POS;
    while group < groups {
        let drawn4 = philox4(group, resample, key_a, key_b);
        let mut of_group = Array::<f32>::new(series);
        clear(&mut of_group, series);
        #[unroll]
        for k in 0..4usize {
            let row = group * 4u32 + comptime!(k as u32);
            if row < rows {
                let weight = poisson(drawn4[k]);
                weight_sum += weight;
                #[unroll]
                for s in 0..series {
                    let v = f32::cast_from(weight) * values[comptime!(s).runtime() * rows as usize + row as usize];
                    of_group[s] = of_group[s] + v;
                }
            }
        }
        #[unroll]
        for s in 0..series {
            recent[s] = recent[s] + of_group[s];
        }
        seen += 1u32;
        if seen % GROUPS == 0u32 {
            take_in(&mut totals, &mut recent, &mut losts, series);
        }
        group += comptime!(units as u32);
    }
    take_in(&mut totals, &mut recent, &mut losts, series);
    let mut held = Shared::<[f32]>::new_slice(units);
    #[unroll]
    for s in 0..series {
        held[unit] = totals[s];
        fold_within::<f32>(&mut held, units, Fold::Sum);
        if unit == 0 && resample < resamples {
            sums[comptime!(s).runtime() * resamples as usize + resample as usize] = held[0];
        }
        sync_cube();
    }
    let mut counts = Shared::<[u32]>::new_slice(units);
    counts[unit] = weight_sum;
    fold_within::<u32>(&mut counts, units, Fold::Sum);
    if unit == 0 && resample < resamples {
        drawn[resample as usize] = counts[0];
    }
}

/// Adds recent sums to the totals, and begins new ones.
#[cube]
fn take_in(totals: &mut Array<f32>, recent: &mut Array<f32>, losts: &mut Array<f32>, #[comptime] series: usize) {
    #[unroll]
    for s in 0..series {
        let part = recent[s] - losts[s];
        let next = totals[s] + part;
        losts[s] = (next - totals[s]) - part;
        totals[s] = next;
        recent[s] = 0.0f32;
    }
}

/// Four numbers by Philox-4×32-10; the host's twin is in `philox`.
#[cube]
pub(crate) fn philox4(group: u32, resample: u32, key_a: u32, key_b: u32) -> Array<u32> {
    let mut c0 = group;
    let mut c1 = resample;
    let mut c2 = 0u32;
    let mut c3 = 0u32;
    let mut k0 = key_a;
    let mut k1 = key_b;
    #[unroll]
    for _ in 0..10 {
        let a_high = c0.mul_hi(0xd251_1f53u32);
        let a_low = c0 * 0xd251_1f53u32;
        let b_high = c2.mul_hi(0xcd9e_8d57u32);
        let b_low = c2 * 0xcd9e_8d57u32;
        c0 = b_high ^ c1 ^ k0;
        c1 = b_low;
        c2 = a_high ^ c3 ^ k1;
        c3 = a_low;
        k0 += 0x9e37_79b9u32;
        k1 += 0xbb67_ae85u32;
    }
    let mut out = Array::<u32>::new(4usize);
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
    out
}

#[cube]
fn poisson(number: u32) -> u32 {
    let steps = comptime!(poisson_steps());
    let mut weight = 0u32;
    #[unroll]
    for k in 0..12usize {
        weight += u32::cast_from(number >= comptime!(steps[k]));
    }
    weight
}
