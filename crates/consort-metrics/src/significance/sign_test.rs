use consort_core::{Error, Result};
use statrs::distribution::{Binomial, DiscreteCDF};

use super::TestResult;

/// The sign test: whether the first of paired numbers is greater as often as smaller (Arbuthnott 1710).
///
/// Equal pairs are left out. The statistic is how often the first is greater; the p-value is exact. It asks nothing of
/// the numbers but their order, so it suits scores of different data sets.
///
/// ```
/// use consort_metrics::significance::sign_test;
/// let result = sign_test(&[0.9, 0.8, 0.7, 0.9, 0.6], &[0.8, 0.7, 0.7, 0.8, 0.5])?;
/// assert_eq!(result.statistic.value(), Some(4.0));
/// assert!((result.p_value.value().unwrap() - 0.125).abs() < 1e-12);
/// # Ok::<(), consort_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::Length`] unless both have the same length, [`Error::NotFinite`] naming the pair.
pub fn sign_test(a: &[f64], b: &[f64]) -> Result<TestResult> {
    let differences = differences("the sign test", a, b)?;
    let above = differences.iter().filter(|&&d| d > 0.0).count() as u64;
    let below = differences.iter().filter(|&&d| d < 0.0).count() as u64;
    if above + below == 0 {
        return Ok(TestResult::undefined("sign test", "all pairs are equal"));
    }
    let p_value = binomial_half_two_sided(above.min(below), above + below);
    Ok(TestResult::new("sign test", above as f64, p_value))
}

/// First minus second of paired numbers, checked.
pub(super) fn differences(by: &str, a: &[f64], b: &[f64]) -> Result<Vec<f64>> {
    if a.len() != b.len() {
        return Err(Error::Length {
            what: "the second list".into(),
            got: b.len(),
            expected: a.len(),
            unit: "numbers",
            hint: format!("{by} compares pairs"),
        });
    }
    let differences: Vec<f64> = a.iter().zip(b).map(|(a, b)| a - b).collect();
    finite(by, &differences)?;
    Ok(differences)
}

/// Refuses a number that is not finite.
pub(super) fn finite(by: &str, numbers: &[f64]) -> Result<()> {
    match numbers.iter().position(|x| !x.is_finite()) {
        None => Ok(()),
        Some(i) => Err(Error::NotFinite {
            place: by.into(),
            row: i + 1,
            id: String::new(),
            what: "the number".into(),
            value: numbers[i],
        }),
    }
}

/// Two-sided: how often `trials` fair coins give at most `few` heads, or at most `few` tails.
pub(super) fn binomial_half_two_sided(few: u64, trials: u64) -> f64 {
    match Binomial::new(0.5, trials) {
        Ok(binomial) if trials > 0 => (2.0 * binomial.cdf(few)).min(1.0),
        _ => 1.0,
    }
}
