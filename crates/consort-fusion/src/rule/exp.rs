//! The exponential, in a form that compilers turn into wide instructions.

/// 1.5 · 2⁵²: adding it to a small number rounds the number to an integer and leaves the integer in the low bits.
const ROUND: f64 = 6_755_399_441_055_744.0;
const LN2_HIGH: f64 = 0.693_147_180_369_123_8;
const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;

/// eˣ, to about 1e-12 of its value; 0 below e⁻⁷⁰⁰, infinite above e⁷⁰⁹, NaN for NaN.
///
/// x = k·ln 2 + r with |r| ≤ ln 2 / 2, and eʳ is its Taylor series. No branch and no table.
#[inline(always)]
pub(crate) fn exp(x: f64) -> f64 {
    // Held in the range where 2ᵏ is a normal number; a comparison with NaN is false and keeps NaN.
    let held = if x < -700.0 { -700.0 } else { x };
    let held = if held > 709.0 { 709.0 } else { held };
    let shifted = held * std::f64::consts::LOG2_E + ROUND;
    let k = shifted - ROUND;
    let r = (held - k * LN2_HIGH) - k * LN2_LOW;
    // Two halves, so that one need not wait for the other: even and odd powers up to r¹¹.
    let r2 = r * r;
    let even = ((((1.0 / 3_628_800.0) * r2 + 1.0 / 40_320.0) * r2 + 1.0 / 720.0) * r2 + 1.0 / 24.0) * r2 + 0.5;
    let odd =
        ((((1.0 / 39_916_800.0) * r2 + 1.0 / 362_880.0) * r2 + 1.0 / 5_040.0) * r2 + 1.0 / 120.0) * r2 + 1.0 / 6.0;
    let sum = 1.0 + (r + (even * r2 + odd * r2 * r));
    // The integer k sits in the low bits of `shifted`; moved into the exponent it makes 2ᵏ.
    let two_k = f64::from_bits(shifted.to_bits().wrapping_add(1023) << 52);
    let grown = sum * two_k;
    let grown = if x < -700.0 { 0.0 } else { grown };
    if x > 709.0 { f64::INFINITY } else { grown }
}

#[cfg(test)]
mod tests {
    use super::exp;

    #[test]
    fn exp_is_within_1e_12_of_the_standard_one_over_the_whole_range() {
        for i in 0..2_000_000 {
            let x = -700.0 + 1409.0 * f64::from(i) / 2e6;
            let (got, expected) = (exp(x), x.exp());
            assert!((got - expected).abs() <= 1e-12 * expected, "exp({x}) = {got}, not {expected}");
        }
    }

    #[test]
    fn exp_at_the_ends() {
        assert_eq!((exp(f64::NEG_INFINITY), exp(-1e300), exp(f64::INFINITY)), (0.0, 0.0, f64::INFINITY));
        assert_eq!((exp(0.0), exp(-0.0)), (1.0, 1.0));
        assert!(exp(f64::NAN).is_nan());
    }
}
