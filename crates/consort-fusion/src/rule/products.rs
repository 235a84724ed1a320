//! Products of what many members say, none of which leaves the range of the numbers.

use std::f64::consts::LN_2;

use super::{
    ln::ln,
    streams::{PIECE, streams_into_two},
};

/// Products as mantissa and exponent, so that no number of factors leaves the range, and one logarithm serves for all.
#[derive(Default)]
pub(super) struct Products {
    /// In [1, 2), or 0.
    mantissas: Vec<f64>,
    /// The sums of the exponents as `f64` keeps them, [`Products::BIAS`] above their value for each factor.
    exponents: Vec<u64>,
    factors: u64,
}

impl Products {
    const BIAS: u64 = 1023;

    pub(super) fn restart(&mut self, len: usize) {
        self.mantissas.clear();
        self.mantissas.resize(len, 1.0);
        self.exponents.clear();
        self.exponents.resize(len, 0);
        self.factors = 0;
    }

    /// Multiplies each product by a factor of some members, 0 or a normal number whose double is one.
    #[inline(always)]
    pub(super) fn multiply<const N: usize>(&mut self, members: &[&[f32]], factor: impl Fn([f32; N]) -> f64) {
        self.factors += 1;
        streams_into_two(
            members,
            &mut self.mantissas,
            &mut self.exponents,
            &mut [(); PIECE],
            |mantissa, exponent, (), x| {
                let product = *mantissa * factor(x);
                let bits = product.to_bits();
                *exponent += bits >> 52;
                let scaled = f64::from_bits((bits & ((1 << 52) - 1)) | (Self::BIAS << 52));
                *mantissa = if product > 0.0 { scaled } else { 0.0 };
            },
        );
    }

    #[inline(always)]
    pub(super) fn add_logs(&self, weight: f64, sums: &mut [f64]) {
        // 2⁵² + integer, as bits: how an integer becomes a double without an instruction for it.
        let two_52 = (1u64 << 52) as f64;
        let bias = (self.factors * Self::BIAS) as f64;
        for ((sum, &mantissa), &exponent) in sums.iter_mut().zip(&self.mantissas).zip(&self.exponents) {
            let exponent = f64::from_bits(two_52.to_bits() | exponent) - two_52 - bias;
            *sum += weight * (ln(mantissa) + exponent * LN_2);
        }
    }
}

/// Products of which only the mean logarithm is asked for, in single precision: each factor is split into mantissa and
/// exponent, the mantissas are multiplied and the exponents added.
///
/// A multiplication rounds by at most 2⁻²⁴, so the logarithm of n factors is off by less than n·2⁻²⁴, and its n-th part by
/// less than 2⁻²⁴, 6·10⁻⁸: half of what a result in single precision is rounded by. It takes half the memory and a third
/// of the instructions of products in double precision.
pub(super) struct RoundedProducts {
    /// At least 1, or 0.
    mantissas: Vec<f32>,
    /// The sums of the exponents as `f32` keeps them, [`Self::BIAS`] above their value for each factor.
    exponents: Vec<u32>,
    /// The least factors, as bits.
    least: [i32; PIECE],
    factors: usize,
}

impl Default for RoundedProducts {
    fn default() -> Self {
        Self { mantissas: Vec::new(), exponents: Vec::new(), least: [i32::MAX; PIECE], factors: 0 }
    }
}

impl RoundedProducts {
    const BIAS: u32 = 127;
    const ONE: u32 = Self::BIAS << 23;
    const MANTISSA: u32 = (1 << 23) - 1;
    /// The least number, as bits, whose exponent field is not 0.
    const NORMAL: u32 = 1 << 23;
    /// So many mantissas below 2 may be multiplied before their product must be split again.
    const MOST: usize = 96;
    /// How many members are read side by side.
    const SIDE: usize = 6;

    /// The products of `f` of what the members say, at each of `len` places. `f` gives numbers from 0 on.
    #[inline(always)]
    pub(super) fn of(&mut self, members: &[&[f32]], len: usize, f: impl Fn(f32) -> f32 + Copy) {
        self.run(members, len, |mantissa, exponent, least, x| {
            let bits = f(x).to_bits();
            *least = (*least).min(bits as i32);
            *exponent = exponent.wrapping_add(bits >> 23);
            *mantissa *= f32::from_bits(bits & Self::MANTISSA | Self::ONE);
        });
        if self.least.iter().all(|&least| least >= Self::NORMAL as i32) {
            return;
        }
        // Zeros and numbers below 2⁻¹²⁶ are split otherwise; the others come out as before, to the bit.
        self.run(members, len, |mantissa, exponent, _, x| {
            let x = f(x).abs();
            let tiny = x.to_bits() < Self::NORMAL;
            let bits = if tiny { x * (1u32 << 24) as f32 } else { x }.to_bits();
            *exponent = exponent.wrapping_add((bits >> 23).wrapping_sub(if tiny { 24 } else { 0 }));
            let part = f32::from_bits(bits & Self::MANTISSA | Self::ONE);
            *mantissa *= if bits == 0 { 0.0 } else { part };
        });
    }

    #[inline(always)]
    fn run(&mut self, members: &[&[f32]], len: usize, factor: impl Fn(&mut f32, &mut u32, &mut i32, f32) + Copy) {
        self.mantissas.clear();
        self.mantissas.resize(len, 1.0);
        self.exponents.clear();
        self.exponents.resize(len, 0);
        self.least = [i32::MAX; PIECE];
        self.factors = members.len();
        for (side, some) in members.chunks(Self::SIDE).enumerate() {
            if side > 0 && side % (Self::MOST / Self::SIDE) == 0 {
                self.split();
            }
            match some.len() {
                6 => self.multiply::<6>(some, factor),
                5 => self.multiply::<5>(some, factor),
                4 => self.multiply::<4>(some, factor),
                3 => self.multiply::<3>(some, factor),
                2 => self.multiply::<2>(some, factor),
                _ => self.multiply::<1>(some, factor),
            }
        }
    }

    #[inline(always)]
    fn multiply<const N: usize>(
        &mut self,
        members: &[&[f32]],
        factor: impl Fn(&mut f32, &mut u32, &mut i32, f32) + Copy,
    ) {
        streams_into_two(
            members,
            &mut self.mantissas,
            &mut self.exponents,
            &mut self.least,
            |mantissa: &mut f32, exponent: &mut u32, least: &mut i32, x: [f32; N]| {
                x.into_iter().for_each(|x| factor(mantissa, exponent, least, x));
            },
        );
    }

    /// Moves what the mantissas have grown by to the exponents.
    #[inline(always)]
    fn split(&mut self) {
        for (mantissa, exponent) in self.mantissas.iter_mut().zip(&mut self.exponents) {
            let bits = mantissa.to_bits();
            let grown = (bits >> 23).wrapping_sub(Self::BIAS);
            let is_zero = bits == 0;
            *exponent = exponent.wrapping_add(if is_zero { 0 } else { grown });
            *mantissa = if is_zero { 0.0 } else { f32::from_bits(bits & Self::MANTISSA | Self::ONE) };
        }
    }

    /// Adds weight · the logarithms of the products to the sums.
    #[inline(always)]
    pub(super) fn add_logs(&self, weight: f64, sums: &mut [f64]) {
        let bias = self.factors as f64 * f64::from(Self::BIAS);
        for ((sum, &mantissa), &exponent) in sums.iter_mut().zip(&self.mantissas).zip(&self.exponents) {
            *sum += weight * (ln(f64::from(mantissa)) + (f64::from(exponent as i32) - bias) * LN_2);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The mean logarithms of some members by the rounded products.
    fn means(members: &[Vec<f32>]) -> Vec<f64> {
        let mut products = RoundedProducts::default();
        let values: Vec<&[f32]> = members.iter().map(Vec::as_slice).collect();
        products.of(&values, members[0].len(), |x| x);
        let mut sums = vec![0.0; members[0].len()];
        products.add_logs(1.0 / members.len() as f64, &mut sums);
        sums
    }

    #[test]
    fn rounded_products_are_off_by_less_than_half_a_place_for_any_number_of_members() {
        let mut stream = consort_core::Seed::new(7).stream();
        for members in [1, 2, 5, 6, 7, 20, 95, 96, 97, 200, 500] {
            let numbers: Vec<Vec<f32>> = (0..members)
                .map(|_| (0..300).map(|i| (stream.unit() as f32).powi(1 + i % 30) + 1e-37).collect())
                .collect();
            for (i, mean) in means(&numbers).into_iter().enumerate() {
                let expected = numbers.iter().map(|x| f64::from(x[i]).ln()).sum::<f64>() / members as f64;
                assert!((mean - expected).abs() < 6e-8, "{members} members: {mean}, not {expected}");
            }
        }
    }

    #[test]
    fn zeros_and_the_smallest_numbers_are_what_they_are_and_change_no_bit_beside_them() {
        let mut stream = consort_core::Seed::new(8).stream();
        let mut numbers: Vec<Vec<f32>> =
            (0..110).map(|_| (0..130).map(|_| stream.unit() as f32 + 1e-6).collect()).collect();
        let before = means(&numbers);
        (numbers[3][5], numbers[9][70], numbers[108][129]) = (0.0, -0.0, f32::from_bits(1));
        let after = means(&numbers);
        assert_eq!((after[5], after[70]), (f64::NEG_INFINITY, f64::NEG_INFINITY));
        let expected = numbers.iter().map(|x| f64::from(x[129]).ln()).sum::<f64>() / 110.0;
        assert!((after[129] - expected).abs() < 6e-8);
        for i in (0..130).filter(|i| ![5, 70, 129].contains(i)) {
            assert_eq!(before[i].to_bits(), after[i].to_bits());
        }
    }
}
