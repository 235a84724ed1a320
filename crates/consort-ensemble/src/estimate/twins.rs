use consort_core::{Column, Dataset, Features, Target};
use rayon::prelude::*;

/// Rows that agree in all features and the target.
pub(super) struct Twins {
    /// The number of its set of twins for each row; `u32::MAX` for a row without a twin.
    pub(super) set: Vec<u32>,
    /// The first row of each set.
    pub(super) first: Vec<u32>,
    /// How many pairs there are.
    pub(super) pairs: f64,
}

/// A row without a twin.
pub(super) const ALONE: u32 = u32::MAX;

impl Twins {
    /// Finds them by a hash of 128 bits a row.
    pub(super) fn of(data: &Dataset) -> Self {
        let mut hashes = vec![[0u64; 2]; data.rows()];
        match data.features() {
            Features::Columns(columns) => {
                for column in columns {
                    match column {
                        Column::Numeric { values, .. } => stir(&mut hashes, |row| number(values[row])),
                        Column::Categorical { codes, .. } => stir(&mut hashes, |row| u64::from(codes[row])),
                    }
                }
            }
            Features::Dense { values, shape } => {
                let width: usize = shape.iter().product();
                for f in 0..width {
                    stir(&mut hashes, |row| number(values[row * width + f]));
                }
            }
        }
        match data.target() {
            Some(Target::Classes { codes, .. }) => stir(&mut hashes, |row| u64::from(codes[row])),
            Some(Target::Values { values, names }) => {
                for k in 0..names.len() {
                    stir(&mut hashes, |row| (values[row * names.len() + k] + 0.0).to_bits());
                }
            }
            Some(Target::Labels { values, names }) => {
                for k in 0..names.len() {
                    stir(&mut hashes, |row| u64::from(values[row * names.len() + k]));
                }
            }
            _ => {}
        }
        let mut order: Vec<u32> = (0..data.rows() as u32).collect();
        order.par_sort_unstable_by_key(|&row| (hashes[row as usize], row));
        let mut sets: Vec<&[u32]> =
            order.chunk_by(|&a, &b| hashes[a as usize] == hashes[b as usize]).filter(|set| set.len() > 1).collect();
        sets.sort_unstable_by_key(|set| set[0]);
        let mut twins = Self { set: vec![ALONE; data.rows()], first: Vec::new(), pairs: 0.0 };
        for (number, set) in sets.into_iter().enumerate() {
            set.iter().for_each(|&row| twins.set[row as usize] = number as u32);
            twins.first.push(set[0]);
            twins.pairs += set.len() as f64 * (set.len() as f64 - 1.0) / 2.0;
        }
        twins
    }
}

/// How many pairs of rows would agree in everything if features were independent of each other and of the target, from up
/// to 4,096 rows.
pub(super) fn pairs_by_chance(data: &Dataset) -> f64 {
    let rows = data.rows();
    let step = rows.div_ceil(4096).max(1);
    let some: Vec<usize> = (0..rows).step_by(step).collect();
    let (mut share, all) = (1.0, some.len() as f64 * (some.len() as f64 - 1.0) / 2.0);
    let mut narrow = |key: &(dyn Fn(usize) -> u64 + Sync)| {
        let mut keys: Vec<u64> = some.iter().map(|&row| key(row)).collect();
        keys.sort_unstable();
        let equal: f64 =
            keys.chunk_by(|a, b| a == b).map(|run| run.len() as f64 * (run.len() as f64 - 1.0) / 2.0).sum();
        // Where no two agree, fewer than one pair of all does.
        share *= equal.max(0.5) / all.max(1.0);
    };
    match data.features() {
        Features::Columns(columns) => {
            for column in columns {
                match column {
                    Column::Numeric { values, .. } => narrow(&|row| number(values[row])),
                    Column::Categorical { codes, .. } => narrow(&|row| u64::from(codes[row])),
                }
            }
        }
        Features::Dense { values, shape } => {
            let width: usize = shape.iter().product();
            for f in 0..width {
                narrow(&|row| number(values[row * width + f]));
            }
        }
    }
    match data.target() {
        Some(Target::Classes { codes, .. }) => narrow(&|row| u64::from(codes[row])),
        Some(Target::Values { values, names }) => narrow(&|row| (values[row * names.len()] + 0.0).to_bits()),
        _ => {}
    }
    share * rows as f64 * (rows as f64 - 1.0) / 2.0
}

/// The bits of a number: equal for equal numbers, and for all that are missing.
fn number(x: f32) -> u64 {
    if x.is_nan() { u64::from(f32::NAN.to_bits()) } else { u64::from((x + 0.0).to_bits()) }
}

/// Stirs one more value into the hash of every row.
fn stir(hashes: &mut [[u64; 2]], value: impl Fn(usize) -> u64 + Sync) {
    hashes.par_iter_mut().enumerate().with_min_len(4096).for_each(|(row, hash)| {
        let value = value(row);
        *hash = [
            mix(hash[0] ^ mix(value.wrapping_add(0x9e37_79b9_7f4a_7c15))),
            mix(hash[1].wrapping_add(mix(value ^ 0xd6e8_feb8_6659_fd93))),
        ];
    });
}

/// A mix of all bits (Stafford's thirteenth variant of the finisher of MurmurHash3, as in SplitMix64).
fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}
