use consort_core::{Direction, Error, Result};
use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, FisherSnedecor};

use super::{
    TestResult,
    mcnemar::chi_square_tail,
    sign_test::finite,
    studentized_range::{studentized_range_quantile, studentized_range_tail},
};
use crate::diversity::SymmetricMatrix;

/// Friedman's test of several methods on several data sets (or folds), with Nemenyi's comparison of all pairs.
///
/// ```
/// use consort_core::Direction;
/// use consort_metrics::significance::friedman;
/// // Three data sets, on each of which `a` is first and `b` second.
/// let found = friedman(["a", "b"], &[0.9, 0.8, 0.7, 0.6, 0.8, 0.5], Direction::Higher, 0.05)?;
/// assert_eq!(found.ranks, [1.0, 2.0]);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Friedman {
    /// The mean rank of each method; 1 is the best.
    pub ranks: Vec<f64>,
    /// Friedman's chi-square (Friedman 1937), corrected for ties.
    pub chi_square: TestResult,
    /// The F statistic that follows from it and is less conservative (Iman and Davenport 1980).
    pub iman_davenport: TestResult,
    /// Nemenyi's critical difference at [`alpha`](Self::alpha): methods whose mean ranks differ by as much differ
    /// (Nemenyi 1963).
    pub critical_difference: f64,
    /// The level of the critical difference.
    pub alpha: f64,
    /// Nemenyi's p-value of each pair.
    pub nemenyi: SymmetricMatrix,
}

/// Whether several methods score the same on several data sets. `scores` is `[data set][method]`.
///
/// χ² = (12 Σⱼ Rⱼ² / (Nk(k + 1)) − 3N(k + 1)) / c with rank sums Rⱼ and c = 1 − Σ(t³ − t)/(Nk(k² − 1)) over groups of t ties,
/// which share their mean rank; k − 1 degrees of freedom. The critical difference is q_α √(k(k + 1)/(12N)), q_α of the studentised range, as Demšar (2006)
/// recommends it.
///
/// ```
/// use consort_core::Direction;
/// use consort_metrics::significance::friedman;
/// let scores = [0.9, 0.8, 0.7, 0.8, 0.9, 0.6, 0.7, 0.6, 0.5, 0.9, 0.7, 0.6];
/// let result = friedman(["a", "b", "c"], &scores, Direction::Higher, 0.05)?;
/// assert_eq!(result.ranks, [1.25, 1.75, 3.0]);
/// assert!((result.chi_square.statistic.value().unwrap() - 6.5).abs() < 1e-12);
/// # Ok::<(), consort_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::Length`] unless there are whole rows of at least two methods, [`Error::NotFinite`] naming the number,
/// [`Error::Parameter`] unless 0 < alpha < 1.
pub fn friedman<S: Into<String>>(
    methods: impl IntoIterator<Item = S>,
    scores: &[f64],
    direction: Direction,
    alpha: f64,
) -> Result<Friedman> {
    const NAME: &str = "Friedman";
    let names: Vec<String> = methods.into_iter().map(Into::into).collect();
    let methods = names.len();
    if methods < 2 || scores.is_empty() || !scores.len().is_multiple_of(methods) {
        return Err(Error::Length {
            what: "the scores".into(),
            got: scores.len(),
            expected: scores.len().div_ceil(methods.max(1)).max(1) * methods.max(2),
            unit: "numbers",
            hint: format!("each data set has a score of each of the {methods} methods, of which there must be two"),
        });
    }
    finite(NAME, scores)?;
    let Some(critical) = studentized_range_quantile(alpha, methods) else {
        return Err(Error::parameter("alpha", alpha, "between 0 and 1"));
    };
    let (k, n) = (methods as f64, (scores.len() / methods) as f64);
    let (mut sums, mut ties) = (vec![0.0; methods], 0.0);
    let mut order: Vec<usize> = (0..methods).collect();
    for row in scores.chunks_exact(methods) {
        let cost = |m: usize| direction.cost(row[m]);
        order.sort_by(|&a, &b| cost(a).total_cmp(&cost(b)));
        let mut better = 0.0;
        for equal in order.chunk_by(|&a, &b| cost(a) == cost(b)) {
            let count = equal.len() as f64;
            equal.iter().for_each(|&m| sums[m] += better + (count + 1.0) / 2.0);
            ties += count * count * count - count;
            better += count;
        }
    }
    let correction = 1.0 - ties / (n * k * (k * k - 1.0));
    let spread = 12.0 / (n * k * (k + 1.0)) * sums.iter().map(|r| r * r).sum::<f64>() - 3.0 * n * (k + 1.0);
    let ranks: Vec<f64> = sums.iter().map(|sum| sum / n).collect();
    let (chi_square, iman_davenport) = if correction <= 0.0 {
        let reason = "all methods score the same on every data set";
        (TestResult::undefined(NAME, reason), TestResult::undefined("Iman-Davenport", reason))
    } else {
        let chi = spread / correction;
        let rest = n * (k - 1.0) - chi;
        let f = (n - 1.0) * chi / rest;
        let freedom = ((k - 1.0), (k - 1.0) * (n - 1.0));
        let davenport = if n < 2.0 || rest <= 0.0 {
            TestResult::undefined("Iman-Davenport", "every data set ranks the methods alike, or there is but one")
        } else {
            let p = FisherSnedecor::new(freedom.0, freedom.1).map_or(f64::NAN, |distribution| distribution.sf(f));
            TestResult::new("Iman-Davenport", f, p)
        };
        (TestResult::new(NAME, chi, chi_square_tail(chi, k - 1.0)), davenport)
    };
    let error = (k * (k + 1.0) / (6.0 * n)).sqrt();
    let root2 = std::f64::consts::SQRT_2;
    let nemenyi = SymmetricMatrix::from_fn(names, |i, j| {
        Some(studentized_range_tail((ranks[i] - ranks[j]).abs() / error * root2, methods))
    })?;
    Ok(Friedman { critical_difference: critical / root2 * error, ranks, chi_square, iman_davenport, alpha, nemenyi })
}
