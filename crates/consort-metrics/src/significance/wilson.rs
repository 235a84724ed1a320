use consort_core::{Error, Result};
use statrs::distribution::{ContinuousCDF, Normal};

/// Wilson's score interval of a share (Wilson 1927): `successes` of `trials`, which need not be whole numbers.
///
/// (p̂ + z²/2n ± z √(p̂(1 − p̂)/n + z²/4n²)) / (1 + z²/n). Never outside \[0, 1\], and honest for few trials.
///
/// ```
/// use consort_metrics::significance::wilson_interval;
/// let (low, high) = wilson_interval(8.0, 10.0, 0.95)?;
/// assert!((low - 0.49016247153664183).abs() < 1e-8 && (high - 0.9433178485456247).abs() < 1e-8);
/// # Ok::<(), consort_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::Parameter`] unless 0 ≤ successes ≤ trials, 0 < trials and 0 < level < 1.
pub fn wilson_interval(successes: f64, trials: f64, level: f64) -> Result<(f64, f64)> {
    if !(trials > 0.0 && trials.is_finite()) {
        return Err(Error::parameter("trials", trials, "above 0"));
    }
    // Sums of weights may be beyond by the last digit.
    if !(successes >= -1e-9 * trials && successes <= trials * (1.0 + 1e-9)) {
        return Err(Error::parameter("successes", successes, format!("from 0 to {trials}")));
    }
    if !(level > 0.0 && level < 1.0) {
        return Err(Error::parameter("level", level, "between 0 and 1"));
    }
    let z = Normal::standard().inverse_cdf(0.5 + level / 2.0);
    let p = (successes / trials).clamp(0.0, 1.0);
    let z2 = z * z / trials;
    let middle = p + z2 / 2.0;
    let half = z * (p * (1.0 - p) / trials + z2 / (4.0 * trials)).sqrt();
    let low = if p == 0.0 { 0.0 } else { (middle - half) / (1.0 + z2) };
    let high = if p == 1.0 { 1.0 } else { (middle + half) / (1.0 + z2) };
    Ok((low, high))
}
