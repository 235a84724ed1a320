use statrs::distribution::{Continuous, ContinuousCDF, Normal};

/// The chance that the range of `groups` standard normal numbers is at least `q`: the studentised range distribution
/// with infinite degrees of freedom (Tukey 1949), as Nemenyi's test needs it.
///
/// With a = 1 − Φ(z) and b = Φ(z + q) − Φ(z), k ∫ φ(z) (a^(k−1) − b^(k−1)) dz, by Simpson's rule. The difference is taken as
/// (a − b) Σ aⁱ b^(k−2−i), a sum of positive terms, so that small chances have as many digits as large ones: ten or more.
///
/// ```
/// use consort_metrics::significance::studentized_range_tail;
/// assert!((studentized_range_tail(3.3144930, 3) - 0.05).abs() < 1e-6);
/// ```
pub fn studentized_range_tail(q: f64, groups: usize) -> f64 {
    if groups < 2 || q <= 0.0 {
        return 1.0;
    }
    const STEPS: usize = 2000;
    // Of a large range, half lies on each side of 0.
    let (normal, low, high) = (Normal::standard(), -9.0 - 0.5 * q, 9.0);
    let step = (high - low) / STEPS as f64;
    // Range > q, by the least of the numbers, z.
    let density = |z: f64| {
        let (above, far) = (normal.sf(z), normal.sf(z + q));
        let within = if z > 0.0 { above - far } else { normal.cdf(z + q) - normal.cdf(z) };
        let (mut sum, mut power) = (1.0, 1.0);
        for _ in 2..groups {
            power *= within;
            sum = sum * above + power;
        }
        normal.pdf(z) * far * sum
    };
    let sum: f64 = (0..=STEPS)
        .map(|i| {
            let factor = match i {
                0 | STEPS => 1.0,
                _ if i % 2 == 1 => 4.0,
                _ => 2.0,
            };
            factor * density(low + i as f64 * step)
        })
        .sum();
    (groups as f64 * sum * step / 3.0).clamp(0.0, 1.0)
}

/// The range that `groups` standard normal numbers exceed with chance `alpha`, by bisection; `None` unless there are two
/// groups and `alpha` is between 0 and 1.
///
/// ```
/// use consort_metrics::significance::studentized_range_quantile;
/// let q = studentized_range_quantile(0.05, 2).unwrap();
/// assert!((q / 2f64.sqrt() - 1.959963985).abs() < 1e-6); // for two groups, the normal quantile
/// ```
pub fn studentized_range_quantile(alpha: f64, groups: usize) -> Option<f64> {
    if groups < 2 || !(alpha > 0.0 && alpha < 1.0) {
        return None;
    }
    let (mut low, mut high) = (0.0, 40.0);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if studentized_range_tail(middle, groups) > alpha {
            low = middle;
        } else {
            high = middle;
        }
    }
    Some(0.5 * (low + high))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chances_keep_their_digits_however_small_they_are() {
        // The integral in 150 digits, by mpmath.
        let expected = [
            (0.5, 4, 0.984_849_911_894_407_3),
            (3.0, 10, 0.512_184_073_970_806_7),
            (6.0, 4, 0.000_129_817_245_326_707_82),
            (12.0, 4, 1.291_182_348_565_321_6e-16),
            (12.0, 2, 2.151_973_671_249_891_3e-17),
            (20.0, 5, 2.088_487_583_762_543_2e-44),
            (30.0, 50, 8.835_917_861_252_728e-97),
        ];
        for (q, groups, chance) in expected {
            let found = studentized_range_tail(q, groups);
            assert!((found / chance - 1.0).abs() < 1e-10, "{q} {groups}: {found} {chance}");
        }
    }
}
