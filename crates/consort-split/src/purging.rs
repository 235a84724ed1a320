//! Purge and embargo: which steps of time may be learned from beside a test.

use std::ops::Range;

use consort_core::{Error, Result};

use crate::steps::Steps;

/// Checks that a length of time is a finite number, at least 0.
pub(super) fn check_length(name: &'static str, length: f64) -> Result<()> {
    if length.is_finite() && length >= 0.0 {
        return Ok(());
    }
    Err(Error::parameter(name, length, "finite and at least 0, in units of the time"))
}

/// The steps outside the tests that are neither purged nor under embargo, as ranges.
///
/// A row at `t` has a label that is known at `t + horizon`. For a test over the times `a..=b`, its labels reach to
/// `b + horizon`. A step at `t` is purged if `t..=t + horizon` meets `a..=b + horizon`, and under embargo if it comes
/// at most `embargo` after `b + horizon`.
pub(super) fn allowed(steps: &Steps, tests: &[Range<usize>], horizon: f64, embargo: f64) -> Vec<Range<usize>> {
    let times = &steps.times;
    let mut allowed = Vec::new();
    let mut start = 0;
    // The tests ascend, and so do the steps that each forbids.
    for test in tests {
        let (first, last) = (times[test.start], times[test.end - 1]);
        let before = times.partition_point(|&t| t + horizon < first).min(test.start);
        let after = times.partition_point(|&t| t <= last + horizon + embargo).max(test.end);
        if start < before {
            allowed.push(start..before);
        }
        start = start.max(after);
    }
    if start < times.len() {
        allowed.push(start..times.len());
    }
    allowed
}

/// The rows to learn from beside these tests.
pub(super) fn train(steps: &Steps, tests: &[Range<usize>], horizon: f64, embargo: f64) -> Result<Vec<u32>> {
    let ranges = allowed(steps, tests, horizon, embargo);
    if ranges.is_empty() {
        let value = format!("{horizon} with an embargo of {embargo}");
        let expected =
            "so short that something is left to learn from beside each test: take fewer folds or a shorter horizon";
        return Err(Error::parameter("horizon", value, expected));
    }
    Ok(steps.rows_of(&ranges))
}
