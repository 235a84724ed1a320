use consort_core::{Error, Result};
use statrs::distribution::{ContinuousCDF, StudentsT};

use super::{Interval, TestResult, sign_test::finite};

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
    let Some((mean, error)) = mean_and_error(differences, test_rows, train_rows)? else {
        return Ok(TestResult::undefined(NAME, "there are fewer than two differences"));
    };
    // Equal differences have an error of their last digits.
    let greatest = differences.iter().fold(0.0, |greatest: f64, d| greatest.max(d.abs()));
    if error <= 1e-12 * greatest {
        return Ok(TestResult::undefined(NAME, "the difference is the same in every fold"));
    }
    let t = mean / error;
    Ok(TestResult::new(NAME, t, t_two_sided(t, differences.len() as f64 - 1.0)))
}

/// The interval of the mean score of folds that goes with [`corrected_resampled_t`]: `mean ± t √((1/J + n_test/n_train) s²)`
/// with the quantile of Student's t of J − 1 degrees of freedom. `None` for fewer than two folds.
///
/// ```
/// use consort_metrics::significance::corrected_resampled_interval;
/// let interval = corrected_resampled_interval(&[0.8, 0.9, 0.7, 0.8, 0.8], 20.0, 80.0, 0.95)?.unwrap();
/// // s² is 0.005 and the quantile 2.776445.
/// assert!((interval.high - 0.8 - 2.776445 * (0.45f64 * 0.005).sqrt()).abs() < 1e-6);
/// # Ok::<(), consort_core::Error>(())
/// ```
///
/// # Errors
/// As [`corrected_resampled_t`]; [`Error::Parameter`] for a level outside (0, 1).
pub fn corrected_resampled_interval(
    scores: &[f64],
    test_rows: f64,
    train_rows: f64,
    level: f64,
) -> Result<Option<Interval>> {
    if !(level > 0.0 && level < 1.0) {
        return Err(Error::parameter("level", level, "above 0 and below 1"));
    }
    let Some((mean, error)) = mean_and_error(scores, test_rows, train_rows)? else { return Ok(None) };
    let t = StudentsT::new(0.0, 1.0, scores.len() as f64 - 1.0)
        .map_or(f64::NAN, |distribution| distribution.inverse_cdf(0.5 + level / 2.0));
    Ok(Some(Interval { low: mean - t * error, high: mean + t * error, level }))
}

const NAME: &str = "corrected resampled t";

/// The mean and its corrected standard error; `None` for fewer than two numbers.
fn mean_and_error(scores: &[f64], test_rows: f64, train_rows: f64) -> Result<Option<(f64, f64)>> {
    finite(NAME, scores)?;
    for (name, rows) in [("test_rows", test_rows), ("train_rows", train_rows)] {
        if !(rows > 0.0 && rows.is_finite()) {
            return Err(Error::parameter(name, rows, "above 0"));
        }
    }
    let j = scores.len() as f64;
    if scores.len() < 2 {
        return Ok(None);
    }
    let mean = scores.iter().sum::<f64>() / j;
    let variance = scores.iter().map(|d| (d - mean) * (d - mean)).sum::<f64>() / (j - 1.0);
    Ok(Some((mean, ((1.0 / j + test_rows / train_rows) * variance).sqrt())))
}

/// The chance that Student's t with so many degrees of freedom is at least as far from 0.
pub(super) fn t_two_sided(t: f64, freedom: f64) -> f64 {
    StudentsT::new(0.0, 1.0, freedom).map_or(f64::NAN, |distribution| 2.0 * distribution.sf(t.abs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_differences_have_no_t_whatever_their_last_digits() {
        for equal in [0.0, 0.1, 1e-9, -0.3, 1e9] {
            let result = corrected_resampled_t(&[equal; 10], 10.0, 90.0).unwrap();
            assert_eq!((result.statistic.value(), result.p_value.value()), (None, None), "{equal}");
        }
        let small = [1e-9, 2e-9, 3e-9];
        assert!(corrected_resampled_t(&small, 10.0, 90.0).unwrap().statistic.value().is_some());
    }
}
