//! The first place of the greatest number of each row.

use super::{streams::ask_ahead, wide::wide};

/// Gives `take` each row of `out` and the first place of the greatest number in the same row of `values`, for rows of at
/// least two numbers.
pub(super) fn each_first_greatest<T>(values: &[f32], columns: usize, out: &mut [T], take: impl FnMut(&mut [T], usize)) {
    #[cfg(target_arch = "x86_64")]
    if (8..=16).contains(&columns)
        && let Some(simd) = pulp::x86::V3::try_new()
    {
        return pulp::Simd::vectorize(simd, in_eights::Rows { simd, values, columns, out, take });
    }
    wide(Rows { values, columns, out, take });
}

/// Any number of columns, on any machine.
struct Rows<'a, T, F> {
    values: &'a [f32],
    columns: usize,
    out: &'a mut [T],
    take: F,
}

impl<T, F: FnMut(&mut [T], usize)> pulp::NullaryFnOnce for Rows<'_, T, F> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { values, columns, out, mut take } = self;
        // A length known at compile time lets the comparisons of a row be unrolled.
        macro_rules! unrolled {
            ($($n:literal)*) => {
                match columns {
                    $($n => {
                        for (row, out) in values.as_chunks::<$n>().0.iter().zip(out.as_chunks_mut::<$n>().0) {
                            ask_ahead(row);
                            take(out, first_greatest(row));
                        }
                    })*
                    _ => {
                        for (row, out) in values.chunks_exact(columns).zip(out.chunks_exact_mut(columns)) {
                            take(out, first_greatest(row));
                        }
                    }
                }
            };
        }
        unrolled!(2 3 4 5 6 7 8 9 10);
    }
}

/// The first place of the greatest number, without a branch where there are at most 32 numbers.
#[inline(always)]
pub(super) fn first_greatest(row: &[f32]) -> usize {
    let greater = |a: f32, b: f32| if a > b { a } else { b };
    let top = match row.first_chunk::<4>() {
        // Four at a time; the last four may overlap those before.
        Some(first) => {
            let mut tops = *first;
            let (fours, _) = row[4..].as_chunks::<4>();
            for four in fours.iter().chain(row.last_chunk::<4>()) {
                (0..4).for_each(|j| tops[j] = greater(tops[j], four[j]));
            }
            greater(greater(tops[0], tops[2]), greater(tops[1], tops[3]))
        }
        None => row.iter().copied().fold(f32::NEG_INFINITY, greater),
    };
    if row.len() > 32 {
        return row.iter().position(|&x| x >= top).unwrap_or(0);
    }
    let mut places = 0u32;
    for (k, &x) in row.iter().enumerate() {
        places |= if x >= top { 1 << k } else { 0 };
    }
    (places.trailing_zeros() as usize).min(row.len() - 1)
}

/// Rows of 8 to 16 numbers as two vectors of eight, which may overlap.
#[cfg(target_arch = "x86_64")]
mod in_eights {
    use std::arch::x86_64::{__m256, _CMP_GE_OQ};

    use pulp::{Simd, WithSimd, cast, x86::V3};

    use super::ask_ahead;

    pub(super) struct Rows<'a, T, F> {
        pub(super) simd: V3,
        pub(super) values: &'a [f32],
        pub(super) columns: usize,
        pub(super) out: &'a mut [T],
        pub(super) take: F,
    }

    impl<T, F: FnMut(&mut [T], usize)> WithSimd for Rows<'_, T, F> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(self, _: S) {
            macro_rules! unrolled {
                ($($n:literal)*) => {
                    match self.columns {
                        $($n => self.each::<$n>(),)*
                        _ => {}
                    }
                };
            }
            unrolled!(8 9 10 11 12 13 14 15 16);
        }
    }

    impl<T, F: FnMut(&mut [T], usize)> Rows<'_, T, F> {
        #[inline(always)]
        fn each<const N: usize>(self) {
            let Self { simd, values, out, mut take, .. } = self;
            for (row, out) in values.as_chunks::<N>().0.iter().zip(out.as_chunks_mut::<N>().0) {
                ask_ahead(row);
                take(out, first_greatest(simd, row));
            }
        }
    }

    #[inline(always)]
    fn first_greatest<const N: usize>(simd: V3, row: &[f32; N]) -> usize {
        let avx = simd.avx;
        let eight = |x: Option<&[f32; 8]>| -> __m256 { cast(x.copied().unwrap_or_default()) };
        let (low, high) = (eight(row.first_chunk()), eight(row.last_chunk()));
        // The greatest of all lanes, in all lanes.
        let top = avx._mm256_max_ps(low, high);
        let top = avx._mm256_max_ps(top, avx._mm256_permute2f128_ps::<1>(top, top));
        let top = avx._mm256_max_ps(top, avx._mm256_permute_ps::<0b01_00_11_10>(top));
        let top = avx._mm256_max_ps(top, avx._mm256_permute_ps::<0b10_11_00_01>(top));
        let places = |x: __m256| avx._mm256_movemask_ps(avx._mm256_cmp_ps::<_CMP_GE_OQ>(x, top)) as u32;
        let places = places(low) | places(high) << (N - 8);
        (places.trailing_zeros() as usize).min(N - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_road_finds_the_first_of_the_greatest_numbers() {
        for columns in 2..40 {
            let values: Vec<f32> = (0..columns * 200).map(|i| ((i * 7919) % 13) as f32 - 6.0).collect();
            let (mut found, mut rows) = (Vec::new(), vec![0; values.len()]);
            each_first_greatest(&values, columns, &mut rows, |row, k| {
                row[k] += 1;
                found.push(k);
            });
            assert!(found.iter().enumerate().all(|(i, k)| rows[i * columns + k] == 1));
            let expected: Vec<usize> = values
                .chunks(columns)
                .map(|row| {
                    let top = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                    row.iter().position(|&x| x == top).unwrap()
                })
                .collect();
            assert_eq!(found, expected, "{columns} columns");
            let one_by_one: Vec<usize> = values.chunks(columns).map(first_greatest).collect();
            assert_eq!(found, one_by_one, "{columns} columns");
        }
    }

    #[test]
    fn zeros_of_both_signs_and_infinities_are_ordered_as_numbers() {
        let mut row = [f32::NEG_INFINITY; 10];
        row[3] = -0.0;
        row[7] = 0.0;
        each_first_greatest(&row, 10, &mut [(); 10], |_, k| assert_eq!(k, 3));
        row[9] = f32::INFINITY;
        each_first_greatest(&row, 10, &mut [(); 10], |_, k| assert_eq!(k, 9));
    }
}
