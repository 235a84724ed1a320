use faer::{Col, Mat, Side, linalg::solvers::Solve};

use consort_core::{Error, Result};

/// What the weights must obey besides being at least 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sum {
    /// Nothing.
    Free,
    /// They sum to 1.
    One,
}

/// Minimises `½ wᵀHw − cᵀw` over `w ≥ 0`, perhaps with `Σ w = 1`.
///
/// An active-set method after Lawson and Hanson (1974, ch. 23) on the normal equations: the set of positive weights
/// grows by the weight whose multiplier is worst (the first of equals) and shrinks where a step meets 0. `H` must be
/// positive semi-definite. A member that the positive ones already span is never added, so equal members are no
/// trouble: the first of them gets the weight.
///
/// `start` is a feasible point whose positive set the search begins with.
///
/// # Errors
/// [`Error::NotConverged`] for a number of `H` or `c` that is not finite, as where squares overflow, and after `10 n + 100` changes of the set, which rounding alone can cause.
pub(crate) fn minimise(h: &[f64], c: &[f64], sum: Sum, start: Option<&[f64]>) -> Result<Vec<f64>> {
    let n = c.len();
    check_finite("the active-set method", h, c)?;
    let diagonal = (0..n).map(|i| h[i * n + i]).filter(|d| *d > 0.0);
    // On the simplex, adding a constant to every entry of H adds a constant to the objective; it makes H regular
    // where a combination with Σ w ≠ 0 has no cost, such as a perfect member. The least diagonal is of the size of
    // the good members; a greater constant would drown them.
    let least = diagonal.fold(f64::INFINITY, f64::min);
    let shift = match sum {
        Sum::Free => 0.0,
        Sum::One if least.is_finite() => least,
        Sum::One => 1.0,
    };
    let entry = |i: usize, j: usize| h[i * n + j] + shift;

    let mut w = vec![0.0; n];
    let mut positive: Vec<usize> = Vec::new();
    match (start, sum) {
        (Some(start), _) => {
            w.copy_from_slice(start);
            positive = (0..n).filter(|&i| w[i] > 0.0).collect();
        }
        (None, Sum::One) => {
            let cost = |i: usize| 0.5 * h[i * n + i] - c[i];
            let best = (1..n).fold(0, |best, i| if cost(i) < cost(best) { i } else { best });
            w[best] = 1.0;
            positive.push(best);
        }
        (None, Sum::Free) => {}
    }
    // Weights that rounding threw out again as soon as they came in; they wait for the next progress.
    let mut refused = vec![false; n];
    for _ in 0..10 * n + 100 {
        // Moves to the minimum over the positive set, dropping the weights that become 0 on the way.
        while !positive.is_empty() {
            let z = on_positive(&entry, c, &positive, sum);
            let blocking = positive.iter().zip(&z).filter(|(_, z)| **z <= 0.0);
            let step = blocking.map(|(&i, z)| w[i] / (w[i] - z)).fold(f64::INFINITY, f64::min);
            if step.is_infinite() {
                positive.iter().zip(&z).for_each(|(&i, &z)| w[i] = z);
                break;
            }
            let mut kept = Vec::with_capacity(positive.len());
            for (&i, &z) in positive.iter().zip(&z) {
                let stops = z <= 0.0 && w[i] / (w[i] - z) <= step;
                w[i] += step * (z - w[i]);
                if stops || w[i] <= 0.0 {
                    w[i] = 0.0;
                    refused[i] |= step == 0.0;
                } else {
                    kept.push(i);
                }
            }
            positive = kept;
            if positive.is_empty() && sum == Sum::One {
                // Only rounding can get here: begin again at the best single member.
                return minimise(h, c, sum, None);
            }
        }
        // Each gradient with the size of what it is a difference of: that, not the greatest number of H, is what its
        // rounding goes by.
        let gradient: Vec<f64> =
            (0..n).map(|i| positive.iter().map(|&j| entry(i, j) * w[j]).sum::<f64>() - c[i]).collect();
        let size: Vec<f64> =
            (0..n).map(|i| positive.iter().map(|&j| (entry(i, j) * w[j]).abs()).sum::<f64>() + c[i].abs()).collect();
        let tolerance = |i: usize| 1e-14 * n as f64 * (size[i] + shift);
        let level = match sum {
            Sum::Free => 0.0,
            Sum::One => positive.iter().map(|&i| w[i] * gradient[i]).sum(),
        };
        let mut worst: Option<usize> = None;
        for i in 0..n {
            let better = worst.is_none_or(|j| gradient[i] < gradient[j]);
            if w[i] == 0.0 && !refused[i] && gradient[i] < level - tolerance(i) && better {
                worst = Some(i);
            }
        }
        let Some(next) = worst else {
            return Ok(w);
        };
        let before = positive.len();
        let place = positive.partition_point(|&i| i < next);
        positive.insert(place, next);
        // A new weight whose own minimum is not above 0 is there by rounding only.
        let z = on_positive(&entry, c, &positive, sum);
        if z[place] <= 0.0 {
            positive.remove(place);
            debug_assert_eq!(positive.len(), before);
            refused[next] = true;
        } else {
            refused.fill(false);
        }
    }
    Err(Error::NotConverged {
        method: "the active-set method",
        problem: format!(
            "the set of positive weights among {n} still changes; leave out members that are nearly equal"
        ),
    })
}

/// Refuses sums of products that overflowed: no step from them is a number.
///
/// # Errors
/// [`Error::NotConverged`] that names the cause.
pub(crate) fn check_finite(method: &'static str, h: &[f64], c: &[f64]) -> Result<()> {
    if h.iter().chain(c).all(|x| x.is_finite()) {
        return Ok(());
    }
    Err(Error::NotConverged {
        method,
        problem:
            "the squares of the predictions and the truth are too large for a number; divide both by a power of 10"
                .into(),
    })
}

/// The minimum over the positive set alone, signs ignored.
fn on_positive(entry: &impl Fn(usize, usize) -> f64, c: &[f64], positive: &[usize], sum: Sum) -> Vec<f64> {
    let n = positive.len();
    // Each unknown in the unit of its own diagonal, which may differ by many orders.
    let unit: Vec<f64> = positive.iter().map(|&i| entry(i, i).max(f64::MIN_POSITIVE).sqrt()).collect();
    let mut push = 0.0;
    let factor = loop {
        let matrix = Mat::from_fn(n, n, |a, b| {
            entry(positive[a], positive[b]) / (unit[a] * unit[b]) + if a == b { push } else { 0.0 }
        });
        match matrix.llt(Side::Lower) {
            Ok(factor) => break factor,
            // Nearly equal members: the least push that makes the matrix regular.
            Err(_) => push = if push == 0.0 { 1e-15 } else { push * 10.0 },
        }
    };
    let solve = |right: &dyn Fn(usize) -> f64| -> Vec<f64> {
        let solution = factor.solve(Col::from_fn(n, |i| right(i) / unit[i]));
        (0..n).map(|i| solution[i] / unit[i]).collect()
    };
    let a = solve(&|i| c[positive[i]]);
    match sum {
        Sum::Free => a,
        Sum::One => {
            let b = solve(&|_| 1.0);
            let multiplier = (1.0 - a.iter().sum::<f64>()) / b.iter().sum::<f64>();
            a.iter().zip(&b).map(|(a, b)| a + multiplier * b).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use consort_core::Seed;

    /// A random Gram matrix of `rows` rows, and a right-hand side.
    fn problem(seed: u64, n: usize, rows: usize) -> (Vec<f64>, Vec<f64>) {
        let mut stream = Seed::new(seed).stream();
        let x: Vec<f64> = (0..rows * n).map(|_| stream.normal()).collect();
        let h = (0..n * n).map(|e| (0..rows).map(|r| x[r * n + e / n] * x[r * n + e % n]).sum()).collect();
        let c = (0..n).map(|_| stream.normal() * rows as f64 * 0.3).collect();
        (h, c)
    }

    fn gradient(h: &[f64], c: &[f64], w: &[f64]) -> Vec<f64> {
        let n = c.len();
        (0..n).map(|i| (0..n).map(|j| h[i * n + j] * w[j]).sum::<f64>() - c[i]).collect()
    }

    #[test]
    fn the_conditions_of_karush_kuhn_and_tucker_hold() {
        for seed in 0..60 {
            let n = 2 + seed as usize % 9;
            // Fewer rows than members in some: H is singular there.
            let rows = 1 + seed as usize % 14;
            let (h, mut c) = problem(seed, n, rows);
            for sum in [Sum::Free, Sum::One] {
                if sum == Sum::Free && rows < n {
                    // Bounded only if c is in the range of H.
                    c = gradient(&h, &vec![0.0; n], &vec![0.5; n]);
                }
                let w = minimise(&h, &c, sum, None).unwrap();
                let g = gradient(&h, &c, &w);
                let level = if sum == Sum::One { (0..n).map(|i| w[i] * g[i]).sum() } else { 0.0 };
                assert!(w.iter().all(|&w| w >= 0.0), "{w:?}");
                if sum == Sum::One {
                    assert!((w.iter().sum::<f64>() - 1.0).abs() < 1e-12);
                }
                for i in 0..n {
                    let slack = g[i] - level;
                    assert!(slack > -1e-7 && (w[i] == 0.0 || slack.abs() < 1e-7), "{seed} {sum:?} {i} {w:?} {g:?}");
                }
            }
        }
    }

    #[test]
    fn a_start_at_any_vertex_ends_at_the_same_minimum() {
        let (h, c) = problem(5, 6, 20);
        let free = minimise(&h, &c, Sum::One, None).unwrap();
        for vertex in 0..6 {
            let mut start = vec![0.0; 6];
            start[vertex] = 1.0;
            let w = minimise(&h, &c, Sum::One, Some(&start)).unwrap();
            assert!(w.iter().zip(&free).all(|(a, b)| (a - b).abs() < 1e-10));
        }
    }

    #[test]
    fn the_first_of_equal_members_gets_the_weight() {
        let h = [1.0, 1.0, 1.0, 1.0];
        assert_eq!(minimise(&h, &[0.0, 0.0], Sum::One, None).unwrap(), [1.0, 0.0]);
        assert_eq!(minimise(&[0.0; 4], &[0.0, 0.0], Sum::One, None).unwrap(), [1.0, 0.0]);
    }

    #[test]
    fn products_that_overflowed_are_refused() {
        for bad in [f64::INFINITY, f64::NAN] {
            for sum in [Sum::Free, Sum::One] {
                for (h, c) in [([1.0, bad, bad, 1.0], [0.0; 2]), ([1.0, 0.0, 0.0, 1.0], [bad, 0.0])] {
                    assert!(minimise(&h, &c, sum, None).unwrap_err().to_string().contains("too large"));
                }
            }
        }
    }
}
