//! Random numbers by counter: the same on the host and on every device.
//!
//! Philox-4×32-10 of Salmon et al. 2011. A counter and a key give four numbers of 32 bits, by ten rounds of
//! multiplication and exchange; no state is kept, so that any unit can draw any number.

const MULTIPLIERS: [u32; 2] = [0xd251_1f53, 0xcd9e_8d57];
const STEPS: [u32; 2] = [0x9e37_79b9, 0xbb67_ae85];

/// Four numbers.
pub(crate) fn philox(mut counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    for _ in 0..10 {
        let wide = |i: usize, c: u32| u64::from(MULTIPLIERS[i]) * u64::from(c);
        let (a, b) = (wide(0, counter[0]), wide(1, counter[2]));
        counter = [(b >> 32) as u32 ^ counter[1] ^ key[0], b as u32, (a >> 32) as u32 ^ counter[3] ^ key[1], a as u32];
        key = [key[0].wrapping_add(STEPS[0]), key[1].wrapping_add(STEPS[1])];
    }
    counter
}

/// From which number on a Poisson variable of mean 1 is at least 1, 2, 3 …: its distribution times 2³².
pub(crate) fn poisson_steps() -> [u32; 12] {
    let (mut steps, mut below, mut term) = ([0; 12], 0.0f64, (-1.0f64).exp());
    for (k, step) in steps.iter_mut().enumerate() {
        below += term;
        term /= (k + 1) as f64;
        *step = (below * 4_294_967_296.0) as u32;
    }
    steps
}

/// How often a row is drawn in a resample: a Poisson variable of mean 1.
pub(crate) fn poisson_weight(key: [u32; 2], resample: u32, row: u32) -> u32 {
    let number = philox([row / 4, resample, 0, 0], key)[(row % 4) as usize];
    poisson_steps().iter().map(|&step| u32::from(number >= step)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_those_of_the_authors() {
        // The known answers of Random123, `kat_vectors`, for philox4x32 with 10 rounds.
        assert_eq!(philox([0; 4], [0; 2]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        assert_eq!(philox([u32::MAX; 4], [u32::MAX; 2]), [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]);
        let counter = [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344];
        assert_eq!(philox(counter, [0xa409_3822, 0x299f_31d0]), [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]);
    }

    #[test]
    fn weights_have_the_mean_and_the_variance_of_poisson() {
        let n = 200_000;
        let weights: Vec<f64> = (0..n).map(|row| f64::from(poisson_weight([1, 2], 3, row))).collect();
        let mean = weights.iter().sum::<f64>() / f64::from(n);
        let variance = weights.iter().map(|w| (w - mean) * (w - mean)).sum::<f64>() / f64::from(n);
        // Five standard errors: 1/√n of the mean, √3/√n of the variance.
        assert!((mean - 1.0).abs() < 0.0112 && (variance - 1.0).abs() < 0.0194, "{mean} {variance}");
    }
}
