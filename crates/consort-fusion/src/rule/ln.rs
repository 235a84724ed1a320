//! The natural logarithm, in a form that compilers turn into wide instructions.

/// 2⁵² as bits: an integer below 2⁵² put into its low bits makes the number 2⁵² + integer.
const TWO_52: u64 = 0x4330_0000_0000_0000;
/// The bits of √½, rounded down, from which on the mantissa is counted.
const ROOT_HALF: u64 = 0x3fe6_a09e_667f_3bcd;

/// ln x, to about 1e-12, for x ≥ 0 that is a normal number of `f64` (every `f32` is one); ln 0 = −∞, ln ∞ = ∞,
/// NaN below 0 and for NaN.
///
/// x = 2ᵉ·m with √½ ≤ m < √2, and ln m = 2·artanh((m−1)/(m+1)) by its series. No branch and no table.
#[inline(always)]
pub(crate) fn ln(x: f64) -> f64 {
    let bits = x.to_bits();
    let shifted = bits.wrapping_sub(ROOT_HALF);
    // The exponent is signed; 2048 more keeps it positive, so that the bit trick below can read it.
    let e = f64::from_bits(TWO_52 | (shifted.wrapping_add(2048 << 52) >> 52)) - (4_503_599_627_370_496.0 + 2048.0);
    let m = f64::from_bits((shifted & 0x000f_ffff_ffff_ffff).wrapping_add(ROOT_HALF));
    let s = (m - 1.0) / (m + 1.0);
    let s2 = s * s;
    // Two halves, so that one need not wait for the other: the series in s⁴.
    let s4 = s2 * s2;
    let even = ((((1.0 / 17.0) * s4 + 1.0 / 13.0) * s4 + 1.0 / 9.0) * s4 + 1.0 / 5.0) * s4 + 1.0;
    let odd = (((1.0 / 15.0) * s4 + 1.0 / 11.0) * s4 + 1.0 / 7.0) * s4 + 1.0 / 3.0;
    let sum = even + odd * s2;
    let log = e * std::f64::consts::LN_2 + 2.0 * s * sum;
    let log = if x == 0.0 { f64::NEG_INFINITY } else { log };
    let log = if x == f64::INFINITY { x } else { log };
    if x >= 0.0 { log } else { f64::NAN }
}

#[cfg(test)]
mod tests {
    use super::ln;

    /// Two million of all floats of single precision, subnormal ones among them.
    #[test]
    fn ln_is_within_1e_12_of_the_standard_one_over_all_of_f32() {
        for bits in (1..f32::INFINITY.to_bits()).step_by(1_001) {
            let x = f64::from(f32::from_bits(bits));
            let (got, expected) = (ln(x), x.ln());
            assert!((got - expected).abs() <= 1e-12 * expected.abs().max(1.0), "ln({x}) = {got}, not {expected}");
        }
    }

    #[test]
    fn ln_of_products_of_six_single_precision_numbers() {
        for bits in (1..0x3f80_0000u32).step_by(10_007) {
            let x = f64::from(f32::from_bits(bits)).powi(6);
            let (got, expected) = (ln(x), x.ln());
            assert!((got - expected).abs() <= 1e-12 * expected.abs().max(1.0), "ln({x}) = {got}, not {expected}");
        }
    }

    #[test]
    fn ln_at_the_ends() {
        assert_eq!((ln(0.0), ln(1.0), ln(f64::INFINITY)), (f64::NEG_INFINITY, 0.0, f64::INFINITY));
        assert!(ln(-1.0).is_nan() && ln(f64::NAN).is_nan());
        assert_eq!(ln(-0.0), f64::NEG_INFINITY);
    }
}
