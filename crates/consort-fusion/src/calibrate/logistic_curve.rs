use consort_core::{Error, Result, blocks};

/// A small logistic regression `P = σ(b + Σ_j c_j x_j)` by Newton's method with a line search (Lin, Lin, Weng 2007).
///
/// `features` has one list a coefficient, parallel to the target probabilities `t` and the weights. The coefficients,
/// not the intercept, bear a penalty of `½ penalty c²`, which keeps them finite where the rows can be told apart
/// without error. Returns the coefficients and, last, the intercept.
///
/// # Errors
/// [`Error::NotConverged`] if the gradient does not vanish in 200 steps.
pub(super) fn logistic_curve<const N: usize>(
    method: &'static str,
    features: [&[f64]; N],
    t: &[f64],
    weight: &[f64],
    penalty: f64,
) -> Result<Vec<f64>> {
    let n = N + 1;
    let row = |i: usize| -> Vec<f64> { features.iter().map(|x| x[i]).chain([1.0]).collect() };
    let score = |c: &[f64], x: &[f64]| -> f64 { c.iter().zip(x).map(|(c, x)| c * x).sum() };
    let total: f64 = weight.iter().sum();
    let value = |c: &[f64]| -> f64 {
        let [sum] = blocks::sum(t.len(), |rows| {
            [rows
                .map(|i| {
                    let z = score(c, &row(i));
                    weight[i] * (z.max(0.0) + (-z.abs()).exp().ln_1p() - t[i] * z)
                })
                .sum()]
        });
        sum + 0.5 * penalty * c[..N].iter().map(|c| c * c).sum::<f64>()
    };
    let mut c = vec![0.0; n];
    let (hits, misses) =
        (0..t.len()).fold((0.0, 0.0), |(a, b), i| (a + weight[i] * t[i], b + weight[i] * (1.0 - t[i])));
    c[N] = ((hits + 1e-9) / (misses + 1e-9)).ln();
    let mut f = value(&c);
    for _ in 0..200 {
        // Gradient, then the Hessian, of which n ≤ 4 makes at most 16 numbers.
        let sums = blocks::sum::<20>(t.len(), |rows| {
            let mut sums = [0.0; 20];
            for i in rows {
                let x = row(i);
                let p = crate::stack::sigmoid(score(&c, &x));
                let (slope, curve) = (weight[i] * (p - t[i]), weight[i] * p * (1.0 - p));
                for a in 0..n {
                    sums[a] += slope * x[a];
                    for b in 0..n {
                        sums[4 + a * n + b] += curve * x[a] * x[b];
                    }
                }
            }
            sums
        });
        let mut g = sums[..n].to_vec();
        let mut h = sums[4..4 + n * n].to_vec();
        for j in 0..N {
            g[j] += penalty * c[j];
            h[j * n + j] += penalty;
        }
        if g.iter().all(|g| g.abs() <= 1e-11 * total) {
            return Ok(c);
        }
        // A push that keeps the system regular where all scores are extreme.
        (0..n).for_each(|j| h[j * n + j] += 1e-13 * total);
        let d = solve(h, g.iter().map(|g| -g).collect());
        let slope: f64 = d.iter().zip(&g).map(|(d, g)| d * g).sum();
        let mut step = 1.0;
        loop {
            let moved: Vec<f64> = c.iter().zip(&d).map(|(c, d)| c + step * d).collect();
            let f_moved = value(&moved);
            if f_moved <= f + 1e-4 * step * slope || (step == 1.0 && slope.abs() <= 1e-9 * (1.0 + f.abs())) {
                (c, f) = (moved, f_moved);
                break;
            }
            step *= 0.5;
            if step < 1e-10 {
                return Err(Error::NotConverged {
                    method,
                    problem: "the line search found no better point; are the probabilities all equal?".into(),
                });
            }
        }
        if slope.abs() <= 1e-20 * (1.0 + f.abs()) {
            return Ok(c);
        }
    }
    Err(Error::NotConverged { method, problem: "200 Newton steps were too few".into() })
}

/// Gaussian elimination with pivots, for systems of four unknowns at most. An unknown without a pivot is 0.
fn solve(mut h: Vec<f64>, mut b: Vec<f64>) -> Vec<f64> {
    let n = b.len();
    for k in 0..n {
        let pivot = (k..n).fold(k, |best, r| if h[r * n + k].abs() > h[best * n + k].abs() { r } else { best });
        if h[pivot * n + k] == 0.0 {
            continue;
        }
        (0..n).for_each(|j| h.swap(k * n + j, pivot * n + j));
        b.swap(k, pivot);
        for r in k + 1..n {
            let factor = h[r * n + k] / h[k * n + k];
            (k..n).for_each(|j| h[r * n + j] -= factor * h[k * n + j]);
            b[r] -= factor * b[k];
        }
    }
    for k in (0..n).rev() {
        let known: f64 = (k + 1..n).map(|j| h[k * n + j] * b[j]).sum();
        b[k] = if h[k * n + k] == 0.0 { 0.0 } else { (b[k] - known) / h[k * n + k] };
    }
    b
}
