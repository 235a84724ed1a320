use consort_core::Result;
use statrs::distribution::{ContinuousCDF, Normal};

use super::{TestResult, sign_test::differences};

/// Wilcoxon's signed-rank test: whether paired numbers differ, by the ranks of their differences (Wilcoxon 1945).
///
/// Pairs that are equal are left out. The statistic is the smaller of the sums of ranks of positive and negative
/// differences. The p-value is exact up to 50 pairs without ties, else from the normal distribution with the variance
/// corrected for ties and no continuity correction. Recommended for two methods on several data sets (Demšar 2006).
///
/// ```
/// use consort_metrics::significance::wilcoxon_signed_rank;
/// let result = wilcoxon_signed_rank(&[1.0, 2.5, 3.0, 4.0, 5.5], &[0.5, 1.5, 3.25, 2.0, 2.5])?;
/// assert_eq!(result.statistic.value(), Some(1.0));
/// assert_eq!(result.p_value.value(), Some(0.125));
/// # Ok::<(), consort_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::Length`](consort_core::Error::Length) unless both have the same length,
/// [`Error::NotFinite`](consort_core::Error::NotFinite) naming the pair.
pub fn wilcoxon_signed_rank(a: &[f64], b: &[f64]) -> Result<TestResult> {
    const NAME: &str = "Wilcoxon signed-rank";
    let mut differences = differences(NAME, a, b)?;
    differences.retain(|&d| d != 0.0);
    if differences.is_empty() {
        return Ok(TestResult::undefined(NAME, "all pairs are equal"));
    }
    differences.sort_unstable_by(|a, b| a.abs().total_cmp(&b.abs()));
    let n = differences.len() as f64;
    let (mut positive, mut ties, mut below) = (0.0, 0.0, 0.0);
    for equal in differences.chunk_by(|a, b| a.abs() == b.abs()) {
        let count = equal.len() as f64;
        let rank = below + (count + 1.0) / 2.0;
        positive += rank * equal.iter().filter(|&&d| d > 0.0).count() as f64;
        ties += count * count * count - count;
        below += count;
    }
    let statistic = positive.min(n * (n + 1.0) / 2.0 - positive);
    if differences.len() <= 50 && ties == 0.0 {
        return Ok(TestResult::new(NAME, statistic, exact(statistic as usize, differences.len())));
    }
    let variance = n * (n + 1.0) * (2.0 * n + 1.0) / 24.0 - ties / 48.0;
    let z = (statistic - n * (n + 1.0) / 4.0) / variance.sqrt();
    Ok(TestResult::new(NAME, statistic, 2.0 * Normal::standard().cdf(z)))
}

/// Two-sided: the share of the 2ⁿ ways to sign the ranks 1..n whose sum of positive ranks is at most `statistic`, twice.
fn exact(statistic: usize, n: usize) -> f64 {
    let mut ways = vec![0.0f64; n * (n + 1) / 2 + 1];
    ways[0] = 1.0;
    for rank in 1..=n {
        for sum in (rank..ways.len()).rev() {
            ways[sum] += ways[sum - rank];
        }
    }
    let all = 2f64.powi(n as i32);
    (2.0 * ways[..=statistic].iter().sum::<f64>() / all).min(1.0)
}
