use statrs::distribution::{ContinuousCDF, Normal};

/// How many standard errors chance alone exceeds, to either side, with probability `p`: the limit of a z-test.
///
/// ```
/// use consort_metrics::significance::normal_limit;
/// assert!((normal_limit(0.05) - 1.959_963_985).abs() < 1e-6);
/// assert!((normal_limit(1e-6) - 4.891_638_476).abs() < 1e-6); // scipy.stats.norm.isf(5e-7)
/// ```
pub fn normal_limit(p: f64) -> f64 {
    Normal::standard().inverse_cdf(1.0 - p.clamp(1e-15, 1.0) / 2.0)
}
