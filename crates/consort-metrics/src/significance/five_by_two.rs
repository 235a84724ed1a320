use consort_core::Result;
use statrs::distribution::{ContinuousCDF, FisherSnedecor};

use super::{TestResult, corrected_resampled_t::t_two_sided, sign_test::finite};

/// The 5×2cv paired t-test (Dietterich 1998): whether two learners score the same, from the differences of their scores
/// in five repeats of two-fold cross-validation, `[repeat][fold]`.
///
/// t = d₁₁ / √(Σsᵢ²/5), sᵢ² = (dᵢ₁ − d̄ᵢ)² + (dᵢ₂ − d̄ᵢ)², five degrees of freedom. [`five_by_two_f`] does not hang on
/// the first difference.
///
/// ```
/// use consort_metrics::significance::five_by_two_t;
/// let d = [[0.02, 0.01], [0.03, 0.01], [0.02, 0.02], [0.01, 0.03], [0.02, 0.01]];
/// assert!(five_by_two_t(&d)?.p_value.value().unwrap() > 0.05);
/// # Ok::<(), consort_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::NotFinite`](consort_core::Error::NotFinite) naming the difference.
pub fn five_by_two_t(differences: &[[f64; 2]; 5]) -> Result<TestResult> {
    const NAME: &str = "5x2cv t";
    finite(NAME, differences.as_flattened())?;
    let variance = variances(differences);
    if variance == 0.0 {
        return Ok(TestResult::undefined(NAME, "both folds of each repeat have the same difference"));
    }
    let t = differences[0][0] / (variance / 5.0).sqrt();
    Ok(TestResult::new(NAME, t, t_two_sided(t, 5.0)))
}

/// The combined 5×2cv F-test (Alpaydin 1999), which uses all ten differences, `[repeat][fold]`.
///
/// F = Σᵢⱼ dᵢⱼ² / (2 Σᵢ sᵢ²), with 10 and 5 degrees of freedom.
///
/// ```
/// use consort_metrics::significance::five_by_two_f;
/// let d = [[0.02, 0.01], [0.03, 0.01], [0.02, 0.02], [0.01, 0.03], [0.02, 0.01]];
/// assert!((five_by_two_f(&d)?.statistic.value().unwrap() - 3.8).abs() < 1e-9);
/// # Ok::<(), consort_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::NotFinite`](consort_core::Error::NotFinite) naming the difference.
pub fn five_by_two_f(differences: &[[f64; 2]; 5]) -> Result<TestResult> {
    const NAME: &str = "5x2cv F";
    finite(NAME, differences.as_flattened())?;
    let variance = variances(differences);
    if variance == 0.0 {
        return Ok(TestResult::undefined(NAME, "both folds of each repeat have the same difference"));
    }
    let f = differences.as_flattened().iter().map(|d| d * d).sum::<f64>() / (2.0 * variance);
    Ok(TestResult::new(NAME, f, FisherSnedecor::new(10.0, 5.0).map_or(f64::NAN, |distribution| distribution.sf(f))))
}

/// Σsᵢ², each the sum of squares of two differences about their mean.
fn variances(differences: &[[f64; 2]; 5]) -> f64 {
    differences.iter().map(|[a, b]| (a - b) * (a - b) / 2.0).sum()
}
