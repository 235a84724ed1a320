use consort_core::{Error, Result};
use serde::{Deserialize, Serialize};
use statrs::distribution::{ChiSquared, ContinuousCDF};

use super::{TestResult, sign_test::binomial_half_two_sided};

/// McNemar's test: whether two classifiers err equally often on the same rows (McNemar 1947).
///
/// ```
/// use consort_metrics::significance::mcnemar;
/// let found = mcnemar(0.0, 6.0)?;
/// assert_eq!((found.only_first, found.only_second), (0, 6));
/// assert!((found.exact.p_value.value().unwrap() - 2.0 / 64.0).abs() < 1e-12); // 2 · ½⁶
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct McNemar {
    /// In how many rows only the first is right.
    pub only_first: u64,
    /// In how many rows only the second is right.
    pub only_second: u64,
    /// The exact binomial test; its statistic is the smaller of the two numbers. For few rows, use this one.
    pub exact: TestResult,
    /// The chi-square test with continuity correction (Edwards 1948), (|b − c| − 1)² / (b + c), one degree of freedom.
    pub chi_square: TestResult,
}

/// McNemar's test from the numbers of rows in which only one of two classifiers is right.
///
/// [`PairTable`](crate::diversity::PairTable) has them. They must be counts: rows with weights are not independent
/// trials, so weights other than 0 and 1 have no place here.
///
/// ```
/// use consort_metrics::significance::mcnemar;
/// let result = mcnemar(28.0, 14.0)?;
/// assert!((result.exact.p_value.value().unwrap() - 0.04355852192384191).abs() < 1e-10);
/// assert!((result.chi_square.statistic.value().unwrap() - 169.0 / 42.0).abs() < 1e-12);
/// # Ok::<(), consort_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::Parameter`] unless both are whole numbers from 0.
pub fn mcnemar(only_first: f64, only_second: f64) -> Result<McNemar> {
    for (name, count) in [("only_first", only_first), ("only_second", only_second)] {
        if !((0.0..9e15).contains(&count) && count.fract() == 0.0) {
            return Err(Error::parameter(name, count, "a whole number of rows; drop the weights"));
        }
    }
    let (b, c) = (only_first as u64, only_second as u64);
    let name = "McNemar, chi-square with continuity correction";
    let chi_square = if b + c == 0 {
        TestResult::undefined(name, "the two are right in the same rows")
    } else {
        let difference = ((only_first - only_second).abs() - 1.0).max(0.0);
        let statistic = difference * difference / (only_first + only_second);
        TestResult::new(name, statistic, chi_square_tail(statistic, 1.0))
    };
    Ok(McNemar {
        only_first: b,
        only_second: c,
        exact: TestResult::new("McNemar, exact", b.min(c) as f64, binomial_half_two_sided(b.min(c), b + c)),
        chi_square,
    })
}

/// The chance that chi-square with so many degrees of freedom is at least `x`.
pub(super) fn chi_square_tail(x: f64, freedom: f64) -> f64 {
    ChiSquared::new(freedom).map_or(f64::NAN, |distribution| distribution.sf(x))
}
