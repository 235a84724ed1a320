use faer::{Col, Mat, Side, linalg::solvers::Solve};

use super::lbfgs::{Search, dot, line_search};

/// Minimises a smooth convex function of few unknowns from `x`: Newton's steps, shortened where the function would not fall.
///
/// `value` gives the function and its gradient, `hessian` the matrix of second derivatives, row after row. Where many
/// directions are nearly flat, as with classes that are told apart almost without error, this gets on and a method that
/// sees gradients only does not. Ends as [`lbfgs::minimise`](super::lbfgs::minimise) does. O(unknowns³) a step, beside
/// the functions.
pub(crate) fn minimise(
    mut x: Vec<f64>,
    mut value: impl FnMut(&[f64]) -> (f64, Vec<f64>),
    hessian: impl Fn(&[f64]) -> Vec<f64>,
    tolerance: f64,
    most: usize,
) -> Search {
    let (mut f, mut g) = value(&x);
    let mut steps = 0;
    loop {
        let gradient = dot(&g, &g).sqrt();
        if gradient <= tolerance || steps == most {
            return Search { x, steps, gradient };
        }
        let direction = solve_damped(&hessian(&x), &g);
        let Some(moved) = line_search(&x, f, &g, &direction, &mut value) else {
            return Search { x, steps, gradient };
        };
        (x, f, g) = moved;
        steps += 1;
    }
}

/// −(H + λI)⁻¹ g with the least λ of 0, 10⁻¹⁴, 10⁻¹³, … of the greatest element for which that is positive definite.
fn solve_damped(hessian: &[f64], g: &[f64]) -> Vec<f64> {
    let n = g.len();
    let top = (0..n).fold(f64::MIN_POSITIVE, |top, i| top.max(hessian[i * n + i]));
    let mut damping = 0.0;
    loop {
        let mut matrix = hessian.to_vec();
        (0..n).for_each(|i| matrix[i * n + i] += damping);
        if let Some(mut solved) = solve(matrix, g) {
            solved.iter_mut().for_each(|x| *x = -*x);
            return solved;
        }
        damping = if damping == 0.0 { 1e-14 * top } else { 10.0 * damping };
        if damping.is_nan() || damping >= 1e6 * top {
            return g.iter().map(|g| -g).collect();
        }
    }
}

/// A⁻¹ b of a positive definite matrix, by Cholesky's decomposition; `None` for another.
fn solve(a: Vec<f64>, b: &[f64]) -> Option<Vec<f64>> {
    let n = b.len();
    let factor = Mat::from_fn(n, n, |i, j| a[i * n + j]).llt(Side::Lower).ok()?;
    let solution = factor.solve(Col::from_fn(n, |i| b[i]));
    let x: Vec<f64> = (0..n).map(|i| solution[i]).collect();
    x.iter().all(|x| x.is_finite()).then_some(x)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_narrow_valley_is_followed_to_its_end() {
        // Nearly flat along (1, 1): its curvature is 10⁻⁹ of that across.
        let value = |x: &[f64]| {
            let (across, along) = (x[0] - x[1], x[0] + x[1] - 2.0);
            let g = [across + 1e-9 * along, 1e-9 * along - across];
            (0.5 * across * across + 0.5e-9 * along * along, g.to_vec())
        };
        let hessian = |_: &[f64]| vec![1.0 + 1e-9, 1e-9 - 1.0, 1e-9 - 1.0, 1.0 + 1e-9];
        let found = minimise(vec![5.0, -3.0], value, hessian, 1e-14, 10).within("test", 1e-14).unwrap();
        assert!(found.x.iter().all(|x| (x - 1.0).abs() < 1e-4), "{:?} after {}", found.x, found.steps);
    }

    #[test]
    fn a_matrix_that_is_not_positive_definite_is_damped() {
        assert!(solve(vec![1.0, 2.0, 2.0, 1.0], &[1.0, 1.0]).is_none());
        let direction = solve_damped(&[1.0, 2.0, 2.0, 1.0], &[1.0, 0.5]);
        assert!(direction[0] + 0.5 * direction[1] < 0.0, "{direction:?}");
    }
}
