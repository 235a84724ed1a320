use consort_core::{Error, Real, Result, Score, blocks};
use serde::{Deserialize, Serialize};

/// Intercept and slope of the logistic recalibration of probabilities.
///
/// A slope below 1 says that the probabilities are too extreme (overfit), above 1 that they are too timid; an
/// intercept other than 0 that they are too low (above) or too high (below) on the whole.
///
/// ```
/// use consort_metrics::calibration::logistic_recalibration;
/// // Of what was given 0.9, two in three came true, and of what was given 0.1, one in three.
/// let found = logistic_recalibration(&[0.9, 0.9, 0.9, 0.1, 0.1, 0.1], &[true, true, false, true, false, false], None)?;
/// assert!(found.slope.value().unwrap() < 0.5); // too sure
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LogisticRecalibration {
    /// The intercept a; 0 if calibrated.
    pub intercept: Score,
    /// The slope b; 1 if calibrated.
    pub slope: Score,
}

/// Fits P(y = 1) = 1 / (1 + exp(−(a + b·logit p))) by maximum likelihood (Cox 1958).
///
/// Newton's method with step halving, so that the loss never grows: two passes over the rows a step, or more. Probabilities are clipped to \[2.2e-16, 1 − 2.2e-16\]. Undefined
/// where the outcomes are all alike, or split by some probability without overlap, so that no finite fit exists.
///
/// ```
/// use consort_metrics::calibration::logistic_recalibration;
/// // Half of what was given 0.8 and 0.2 came true as said: 4 in 5 and 1 in 5.
/// let p = [0.8, 0.8, 0.8, 0.8, 0.8, 0.2, 0.2, 0.2, 0.2, 0.2];
/// let y = [true, true, true, true, false, true, false, false, false, false];
/// let fit = logistic_recalibration(&p, &y, None)?;
/// assert!((fit.slope.value().unwrap() - 1.0).abs() < 1e-9 && fit.intercept.value().unwrap().abs() < 1e-9);
/// # Ok::<(), consort_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::Length`] unless all are parallel, [`Error::NotProbabilities`] naming the row.
pub fn logistic_recalibration<T: Real>(
    probabilities: &[T],
    came_true: &[bool],
    weights: Option<&[f64]>,
) -> Result<LogisticRecalibration> {
    let rows = probabilities.len();
    for (what, len) in [("the outcomes", came_true.len()), ("the weights", weights.map_or(rows, <[f64]>::len))] {
        if len != rows {
            return Err(Error::Length {
                what: what.into(),
                got: len,
                expected: rows,
                unit: "rows",
                hint: "give one for each probability".into(),
            });
        }
    }
    let weight = |i: usize| weights.map_or(1.0, |weights| weights[i]);
    if let Some(i) = (0..rows).find(|&i| weight(i) > 0.0 && !(-1e-4..=1.0 + 1e-4).contains(&probabilities[i].f64())) {
        return Err(Error::NotProbabilities {
            place: "logistic recalibration".into(),
            row: i + 1,
            id: String::new(),
            problem: format!("the number is {}, not in [0, 1]", probabilities[i].f64()),
        });
    }
    let logit = |i: usize| {
        let p = probabilities[i].f64().clamp(f64::EPSILON, 1.0 - f64::EPSILON);
        (p / (1.0 - p)).ln()
    };
    let undefined = |reason: &str| {
        Ok(LogisticRecalibration { intercept: Score::undefined(reason), slope: Score::undefined(reason) })
    };
    let (mut a, mut b) = (0.0f64, 1.0f64);
    let loss = |a: f64, b: f64| {
        let [sum] = blocks::sum(rows, |range| {
            // ln(1 + e^z) − y·z, without overflow.
            let of_row = |i: usize| {
                let z = a + b * logit(i);
                let lost = z.max(0.0) + (-z.abs()).exp().ln_1p();
                weight(i) * if came_true[i] { lost - z } else { lost }
            };
            [range.filter(|&i| weight(i) > 0.0).map(of_row).sum::<f64>()]
        });
        sum
    };
    let mut cost = loss(a, b);
    for _ in 0..100 {
        let [ga, gb, haa, hab, hbb] = blocks::sum(rows, |range| {
            let mut sums = [0.0; 5];
            for i in range.filter(|&i| weight(i) > 0.0) {
                let (w, x) = (weight(i), logit(i));
                let z = a + b * x;
                let p = 1.0 / (1.0 + (-z).exp());
                let y = f64::from(u8::from(came_true[i]));
                let h = w * p * (1.0 - p);
                let terms = [w * (y - p), w * (y - p) * x, h, h * x, h * x * x];
                sums.iter_mut().zip(terms).for_each(|(sum, term)| *sum += term);
            }
            sums
        });
        let determinant = haa * hbb - hab * hab;
        if determinant.is_nan() || determinant <= 1e-12 * haa * hbb {
            return undefined("the outcomes are all alike, or split by the probability without overlap");
        }
        let (da, db) = ((hbb * ga - hab * gb) / determinant, (haa * gb - hab * ga) / determinant);
        let longest = da.abs().max(db.abs());
        if longest < 1e-12 * (1.0 + a.abs().max(b.abs())) {
            return Ok(LogisticRecalibration { intercept: Score::from(a + da), slope: Score::from(b + db) });
        }
        // Where most probabilities are near 0 and 1 the whole step overshoots, and steps could go to and fro for ever.
        let mut part = 1.0;
        loop {
            let (next_a, next_b) = (a + part * da, b + part * db);
            let next = loss(next_a, next_b);
            // The last digits of a sum tell nothing: so near to the end the whole step is right.
            if next <= cost * (1.0 + 1e-13) {
                (a, b, cost) = (next_a, next_b, next);
                break;
            }
            part *= 0.5;
            if part < 1e-12 {
                return undefined("no finite fit exists");
            }
        }
    }
    undefined("no finite fit exists")
}

#[cfg(test)]
mod tests {
    use super::*;
    use consort_core::Seed;

    #[test]
    fn probabilities_that_are_far_too_sure_have_a_small_slope() {
        for seed in 0..20 {
            let mut stream = Seed::new(seed).stream();
            let logits: Vec<f64> = (0..400).map(|_| 4.0 * stream.normal()).collect();
            let sigmoid = |z: f64| 1.0 / (1.0 + (-z).exp());
            let came_true: Vec<bool> = logits.iter().map(|z| stream.unit() < sigmoid(0.2 * z)).collect();
            let said: Vec<f64> = logits.iter().map(|&z| sigmoid(z)).collect();
            let fit = logistic_recalibration(&said, &came_true, None).unwrap();
            let (a, b) = (fit.intercept.value().unwrap(), fit.slope.value().unwrap());
            assert!((b - 0.2).abs() < 0.12 && a.abs() < 0.5, "{seed}: {a} {b}");
            // The likelihood is greatest where its gradient is 0.
            let missed =
                |i: usize| f64::from(u8::from(came_true[i])) - sigmoid(a + b * (said[i] / (1.0 - said[i])).ln());
            let gradient: [f64; 2] =
                [(0..400).map(missed).sum(), (0..400).map(|i| missed(i) * (said[i] / (1.0 - said[i])).ln()).sum()];
            assert!(gradient.iter().all(|g| g.abs() < 1e-8), "{seed}: {gradient:?}");
        }
    }

    #[test]
    fn outcomes_that_a_probability_splits_have_no_slope() {
        let fit = logistic_recalibration(&[0.1, 0.2, 0.7, 0.9], &[false, false, true, true], None).unwrap();
        assert_eq!(fit.slope.value(), None);
        let fit = logistic_recalibration(&[0.1, 0.2, 0.7, 0.9], &[true; 4], None).unwrap();
        assert_eq!(fit.slope.value(), None);
    }
}
