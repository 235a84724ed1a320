use consort_core::{Error, Result};
use statrs::distribution::{ContinuousCDF, StudentsT};

use super::{TestResult, sign_test::finite};

/// The corrected resampled t-test (Nadeau and Bengio 2003): whether two learners score the same, from the differences of
/// their scores in each fold of (repeated) cross-validation or of random splits.
///
/// t = d̄ / √((1/J + n_test/n_train) s²), J differences of variance s², J − 1 degrees of freedom. Folds share training
/// rows, so the plain t-test calls too many differences real; the second term corrects for that. For r × K-fold
/// cross-validation n_test/n_train is 1/(K − 1) (Bouckaert and Frank 2004).
///
/// ```
/// use consort_metrics::significance::corrected_resampled_t;
/// let result = corrected_resampled_t(&[0.02, 0.01, 0.03, 0.02, 0.02], 20.0, 80.0)?;
/// assert!((result.statistic.value().unwrap() - 4.216370213557839).abs() < 1e-9);
/// # Ok::<(), consort_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::NotFinite`] naming the fold, [`Error::Parameter`] unless both numbers of rows are above 0.
pub fn corrected_resampled_t(differences: &[f64], test_rows: f64, train_rows: f64) -> Result<TestResult> {
    const NAME: &str = "corrected resampled t";
    finite(NAME, differences)?;
    for (name, rows) in [("test_rows", test_rows), ("train_rows", train_rows)] {
        if !(rows > 0.0 && rows.is_finite()) {
            return Err(Error::parameter(name, rows, "above 0"));
        }
    }
    let j = differences.len() as f64;
    if differences.len() < 2 {
        return Ok(TestResult::undefined(NAME, "there are fewer than two differences"));
    }
    let mean = differences.iter().sum::<f64>() / j;
    let variance = differences.iter().map(|d| (d - mean) * (d - mean)).sum::<f64>() / (j - 1.0);
    if variance == 0.0 {
        return Ok(TestResult::undefined(NAME, "the difference is the same in every fold"));
    }
    let t = mean / ((1.0 / j + test_rows / train_rows) * variance).sqrt();
    Ok(TestResult::new(NAME, t, t_two_sided(t, j - 1.0)))
}

/// The chance that Student's t with so many degrees of freedom is at least as far from 0.
pub(super) fn t_two_sided(t: f64, freedom: f64) -> f64 {
    StudentsT::new(0.0, 1.0, freedom).map_or(f64::NAN, |distribution| 2.0 * distribution.sf(t.abs()))
}
