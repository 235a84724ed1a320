use consort_core::{Error, Result};

use super::{TestResult, mcnemar::chi_square_tail};
use crate::diversity::Correctness;

/// Cochran's Q: whether several classifiers are right equally often on the same rows (Cochran 1950).
///
/// Q = (k − 1)(k Σⱼ Gⱼ² − T²) / (kT − Σᵢ Lᵢ²), Gⱼ the rows in which member j of k is right, Lᵢ the members that are right
/// in row i, T = ΣGⱼ. Chi-square with k − 1 degrees of freedom. For two members it is McNemar's test without the
/// continuity correction. O(members × rows).
///
/// ```
/// use consort_metrics::{diversity::Correctness, significance::cochran_q};
/// let right = Correctness::from_bits(
///     ["a", "b", "c"],
///     &[vec![true, true, true, false], vec![true, false, true, false], vec![false, false, true, false]],
/// )?;
/// let result = cochran_q(&right)?;
/// assert!((result.statistic.value().unwrap() - 3.0).abs() < 1e-12);
/// # Ok::<(), consort_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::Unsupported`] for rows with weights, which are not independent trials.
pub fn cochran_q(right: &Correctness) -> Result<TestResult> {
    const NAME: &str = "Cochran's Q";
    if right.is_weighted() {
        return Err(Error::Unsupported {
            by: NAME.into(),
            what: "weights".into(),
            hint: "drop the weights, or use a paired bootstrap".into(),
        });
    }
    let members = right.names().len();
    let (k, n) = (members as f64, right.rows() as f64);
    let (mut total, mut members_squared) = (0.0, 0.0);
    for m in 0..members {
        let right = (right.accuracy(m) * n).round();
        total += right;
        members_squared += right * right;
    }
    let rows_squared: f64 =
        right.counts().weights().iter().enumerate().map(|(l, weight)| weight * (l * l) as f64).sum();
    let scale = k * total - rows_squared;
    if members < 2 || scale == 0.0 {
        return Ok(TestResult::undefined(NAME, "all members are right in the same rows"));
    }
    let q = (k - 1.0) * (k * members_squared - total * total) / scale;
    Ok(TestResult::new(NAME, q, chi_square_tail(q, k - 1.0)))
}
