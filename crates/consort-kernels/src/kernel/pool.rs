//! Pools: a sum over members of a function of each number, and what a row makes of the sums.

// Launching without bounds checks is unsafe; see the guards of `at` below.
#![allow(unsafe_code)]

use cubecl::prelude::*;

use super::{
    rows::{Fold, fold_rows, is_missing, is_there, ln_or_low, missing, place, scaled},
    summary::summarise,
};
use crate::{Cube, Device, Holes, buffer::Buffer, cube::by_storage, tile::Tile};

/// What is summed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Of {
    /// x
    Itself,
    /// ln max(x, floor)
    Logarithm,
    /// x²
    Square,
    /// x^p, p > 0, in units of the greatest number
    Power,
    /// x^p, p < 0, in units of the least number
    NegativePower,
    /// 1 / x, in units of the least number
    Reciprocal,
}

impl Of {
    /// Whether the sum is kept in units of one of the numbers, so that no power leaves the range of numbers.
    fn in_units(self) -> bool {
        self == Of::Power || self.of_least()
    }

    /// Whether that one is the least rather than the greatest.
    fn of_least(self) -> bool {
        matches!(self, Of::NegativePower | Of::Reciprocal)
    }
}

/// What becomes of a sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Then {
    /// It stays.
    Itself,
    /// eˢ
    Exponential,
    /// √s
    Root,
    /// unit / s
    Reciprocal,
    /// unit · s^(1/p)
    Power,
}

/// How a row is scaled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Scale {
    /// Not.
    AsIs,
    /// To a sum of 1; a row of zeros becomes uniform.
    Sum,
    /// By a softmax; a row of which nothing is possible becomes uniform.
    Softmax,
}

/// The kernel, as it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Pool {
    pub(crate) of: Of,
    pub(crate) then: Then,
    pub(crate) scale: Scale,
    pub(crate) holes: Holes,
    /// Whether the weights of the members that have a row are scaled up to the weight of all.
    pub(crate) renormalise: bool,
    /// Whether the label, the greatest number, the margin and the entropy of each row are wanted.
    pub(crate) summary: bool,
}

/// Numbers of a pool that are no part of its code.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Constants {
    /// The least number of which a logarithm is taken.
    pub(crate) floor: f32,
    /// The exponent of a power.
    pub(crate) p: f32,
}

/// Fuses; `fused` has a number for each row and column, `labels` one and `tops` three (top, margin, entropy) a row.
pub(crate) fn launch(
    cube: &Cube,
    pool: Pool,
    tile: Tile,
    members: (&Buffer<u32>, &Buffer<f32>),
    constants: Constants,
    out: (&Buffer<f32>, &Buffer<u32>, &Buffer<f32>),
) {
    let device: &Device = cube.device();
    by_storage!(cube.storage(), F => {
        // SAFETY: every index into `cube` is below the numbers of a member times the members, every index into
        // `fused` below rows × columns and into the summary below rows; the buffers are of these lengths.
        unsafe {
            pool_kernel::launch_unchecked::<F>(
                device.client(),
                tile.count(cube.rows()),
                tile.dim(),
                tile.width,
                cube.arg(tile.width),
                members.0.arg(),
                members.1.arg(),
                out.0.wide(tile.width),
                out.1.arg(),
                out.2.arg(),
                cube.rows() as u32,
                constants.floor,
                constants.p,
                tile,
                pool,
            );
        }
    });
}

#[cube(launch_unchecked)]
fn pool_kernel<F: Float, V: Size>(
    cube: &[Vector<F, V>],
    places: &[u32],
    weights: &[f32],
    fused: &mut [Vector<f32, V>],
    labels: &mut [u32],
    tops: &mut [f32],
    rows: u32,
    floor: f32,
    p: f32,
    #[comptime] tile: Tile,
    #[comptime] pool: Pool,
) {
    let unit = UNIT_POS as usize;
    let first_row = CUBE_POS * comptime!(tile.rows);
    // Vectors of a member, and those of this tile.
    let all = rows as usize * comptime!(tile.columns) / comptime!(tile.width);
    let begin = CUBE_POS * comptime!(tile.numbers() / tile.width);
    let here = comptime!(tile.numbers() / tile.width);
    let by_rows = comptime!(pool.scale != Scale::AsIs || pool.summary);
    let mut values = Shared::<[f32]>::new_slice(comptime!(if by_rows { tile.room() } else { 1 }));
    let mut kept = Array::<Vector<f32, V>>::new(comptime!(tile.reads));
    #[unroll]
    for read in 0..comptime!(tile.reads) {
        let within = comptime!(read * tile.units) + unit;
        let at = begin + within;
        let mut sum = Vector::<f32, V>::new(0.0f32);
        if within < here && at < all {
            sum = pooled::<F, V>(cube, places, weights, at, all, floor, p, pool);
        }
        kept[read] = sum;
        if comptime!(by_rows) {
            if within < here {
                #[unroll]
                for k in 0..V::value() {
                    let inside = within * comptime!(tile.width) + k;
                    values[place(inside, tile)] = sum.extract(k);
                }
            }
        } else if within < here && at < all {
            fused[at] = sum;
        }
    }
    if comptime!(by_rows) {
        sync_cube();
        let mut held = Shared::<[f32]>::new_slice(comptime!(tile.units));
        let mut of_row = Shared::<[f32]>::new_slice(comptime!(tile.rows));
        if comptime!(pool.scale == Scale::Softmax) {
            fold_rows(&values, 0, &mut held, &mut of_row, tile, Fold::Greatest);
            #[unroll]
            for read in 0..comptime!(tile.reads) {
                let within = comptime!(read * tile.units) + unit;
                if within < here {
                    #[unroll]
                    for k in 0..V::value() {
                        let inside = within * comptime!(tile.width) + k;
                        let top = of_row[inside / comptime!(tile.columns)];
                        let possible = top > -1.0e25f32;
                        let x = kept[read].extract(k);
                        let e = select(possible, (x - top).exp(), 0.0f32);
                        // What is missing stays so.
                        values[place(inside, tile)] = select(is_missing(x), x, e);
                    }
                }
            }
            sync_cube();
        }
        if comptime!(pool.scale != Scale::AsIs) {
            fold_rows(&values, 0, &mut held, &mut of_row, tile, Fold::Factor);
            #[unroll]
            for read in 0..comptime!(tile.reads) {
                let within = comptime!(read * tile.units) + unit;
                let at = begin + within;
                if within < here {
                    let mut out = Vector::<f32, V>::new(0.0f32);
                    #[unroll]
                    for k in 0..V::value() {
                        let inside = within * comptime!(tile.width) + k;
                        let factor = of_row[inside / comptime!(tile.columns)];
                        let spot = place(inside, tile);
                        let scaled = scaled(values[spot], factor, comptime!(tile.columns));
                        values[spot] = scaled;
                        out.insert(k, scaled);
                    }
                    if at < all {
                        fused[at] = out;
                    }
                }
            }
            sync_cube();
        } else {
            #[unroll]
            for read in 0..comptime!(tile.reads) {
                let within = comptime!(read * tile.units) + unit;
                let at = begin + within;
                if within < here && at < all {
                    fused[at] = kept[read];
                }
            }
        }
        if comptime!(pool.summary) {
            summarise(&values, 0, &mut held, labels, tops, first_row, rows as usize, tile);
        }
    }
}

/// The sum over members of one vector, and what becomes of it.
#[cube]
fn pooled<F: Float, V: Size>(
    cube: &[Vector<F, V>],
    places: &[u32],
    weights: &[f32],
    at: usize,
    all: usize,
    floor: f32,
    p: f32,
    #[comptime] pool: Pool,
) -> Vector<f32, V> {
    let members = places.len();
    let mut sum = Vector::<f32, V>::new(0.0f32);
    let mut share = Vector::<f32, V>::new(0.0f32);
    // What a power is in units of: the first number takes its place.
    let mut unit =
        Vector::<f32, V>::new(if comptime!(pool.of.of_least()) { f32::max_value() } else { 0.0f32.runtime() });
    for m in 0..members {
        let x = Vector::<f32, V>::cast_from(cube[places[m] as usize * all + at]);
        let weight = weights[m];
        if comptime!(pool.of == Of::Itself && pool.holes != Holes::LeaveOut) {
            sum += x * Vector::new(weight);
        } else {
            #[unroll]
            for k in 0..V::value() {
                let x = x.extract(k);
                let there = is_there(x, comptime!(pool.holes));
                let before = sum.extract(k);
                let after = if comptime!(pool.of.in_units()) {
                    let (next, its_unit) = with_power(x, weight, before, unit.extract(k), p, comptime!(pool.of));
                    unit.insert(k, select(there, its_unit, unit.extract(k)));
                    next
                } else {
                    before + weight * map(x, floor, comptime!(pool.of))
                };
                // A number that is missing adds nothing, or spreads.
                let lost = if comptime!(pool.holes == Holes::LeaveOut) { before } else { missing() };
                sum.insert(k, select(there, after, lost));
                if comptime!(pool.holes == Holes::LeaveOut) {
                    share.insert(k, share.extract(k) + select(there, weight, 0.0f32));
                }
            }
        }
    }
    let mut out = Vector::<f32, V>::new(0.0f32);
    #[unroll]
    for k in 0..V::value() {
        let mut s = sum.extract(k);
        if comptime!(pool.holes == Holes::LeaveOut) {
            let of = share.extract(k);
            if comptime!(pool.renormalise) {
                s = s / select(of > 0.0f32, of, 1.0f32);
            }
            s = select(of > 0.0f32, s, missing());
        }
        out.insert(k, finish(s, unit.extract(k), p, comptime!(pool.then)));
    }
    out
}

#[cube]
fn map(x: f32, floor: f32, #[comptime] of: Of) -> f32 {
    if comptime!(of == Of::Itself) {
        x
    } else if comptime!(of == Of::Logarithm) {
        // A NaN is not below the floor, and stays.
        ln_or_low(select(x < floor, floor, x))
    } else {
        x * x
    }
}

/// A sum of powers with one more, and the number in whose units it is: the greatest so far, or the least where the exponent is
/// negative. No power is above 1, and those that count most are the most exact. A NaN stays.
#[cube]
fn with_power(x: f32, weight: f32, sum: f32, unit: f32, p: f32, #[comptime] of: Of) -> (f32, f32) {
    let rules = if comptime!(of.of_least()) { x < unit } else { x > unit };
    let greater = if comptime!(of.of_least()) { !rules } else { rules };
    let most = select(greater, x, unit);
    let ratio = select(greater, unit, x) / select(most <= 0.0f32, 1.0f32, most);
    let mut power = ratio;
    if comptime!(of != Of::Reciprocal) {
        let q = if comptime!(of.of_least()) { -p } else { p };
        let none = ratio <= 0.0f32;
        power = select(none, 0.0f32, (q * select(none, 1.0f32, ratio).ln()).exp());
    }
    (select(rules, sum * power + weight, sum + weight * power), select(rules, x, unit))
}

#[cube]
fn finish(s: f32, unit: f32, p: f32, #[comptime] then: Then) -> f32 {
    if comptime!(then == Then::Itself) {
        s
    } else if comptime!(then == Then::Exponential) {
        s.exp()
    } else if comptime!(then == Then::Root) {
        s.sqrt()
    } else {
        let safe = select(s <= 0.0f32, 1.0f32, s);
        let root = if comptime!(then == Then::Reciprocal) { 1.0f32 / safe } else { (safe.ln() / p).exp() };
        // Where the greatest number is 0, or with a negative exponent the least one, so is the mean.
        let out = select(unit > 0.0f32, unit * root, 0.0f32);
        select(is_missing(s), s, out)
    }
}
