use consort_core::Score;
use serde::{Deserialize, Serialize};

/// What a test of significance says: the statistic and how often chance alone gives one as great.
///
/// ```
/// use consort_metrics::significance::sign_test;
/// let result = sign_test(&[1.0, 2.0, 3.0, 4.0], &[0.0, 1.0, 2.0, 3.0])?;
/// assert!((result.p_value.value().unwrap() - 0.125).abs() < 1e-12);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TestResult {
    /// The test, in words.
    pub test: String,
    /// The statistic.
    pub statistic: Score,
    /// The two-sided p-value.
    pub p_value: Score,
}

impl TestResult {
    pub(super) fn new(test: &str, statistic: f64, p_value: f64) -> Self {
        Self { test: test.into(), statistic: statistic.into(), p_value: Score::from(p_value.clamp(0.0, 1.0)) }
    }

    pub(super) fn undefined(test: &str, reason: &str) -> Self {
        Self { test: test.into(), statistic: Score::undefined(reason), p_value: Score::undefined(reason) }
    }
}
