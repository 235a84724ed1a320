use statrs::distribution::{Continuous, ContinuousCDF, Normal};

/// The chance that the range of `groups` standard normal numbers is at least `q`: the studentised range distribution
/// with infinite degrees of freedom (Tukey 1949), as Nemenyi's test needs it.
///
/// 1 − k ∫ φ(z) (Φ(z + q) − Φ(z))^(k−1) dz, by Simpson's rule to about 1e-12.
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
    let (normal, low, high) = (Normal::standard(), -9.0, 9.0);
    let step = (high - low) / STEPS as f64;
    // Range ≤ q, by the least of the numbers, z.
    let density = |z: f64| normal.pdf(z) * (normal.cdf(z + q) - normal.cdf(z)).powi(groups as i32 - 1);
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
    (1.0 - groups as f64 * sum * step / 3.0).clamp(0.0, 1.0)
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
