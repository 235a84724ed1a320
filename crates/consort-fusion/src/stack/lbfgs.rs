use std::collections::VecDeque;

use consort_core::{Error, Result};

/// How many steps the approximation of the curvature remembers.
const MEMORY: usize = 40;

/// Where a search ended.
pub(crate) struct Search {
    pub(crate) x: Vec<f64>,
    /// How many steps it took.
    pub(crate) steps: usize,
    /// The Euclidean norm of the gradient.
    pub(crate) gradient: f64,
}

impl Search {
    /// The point, if the gradient there is within the tolerance.
    ///
    /// # Errors
    /// [`Error::NotConverged`] else.
    pub(crate) fn within(self, method: &'static str, tolerance: f64) -> Result<Self> {
        if self.gradient <= tolerance {
            return Ok(self);
        }
        let Search { steps, gradient, .. } = self;
        Err(Error::NotConverged {
            method,
            problem: format!("after {steps} steps the gradient is {gradient:e} long, but {tolerance:e} is allowed"),
        })
    }
}

/// Minimises a smooth convex function from `x`: L-BFGS (Liu, Nocedal 1989) with a preconditioner.
///
/// `value` gives the function and its gradient; `precondition` applies an approximate inverse Hessian. Ends when the
/// Euclidean norm of the gradient is at most `tolerance`, after `most` steps, or where rounding ends the search.
pub(crate) fn minimise(
    mut x: Vec<f64>,
    mut value: impl FnMut(&[f64]) -> (f64, Vec<f64>),
    precondition: impl Fn(&mut [f64]),
    tolerance: f64,
    most: usize,
) -> Search {
    let (mut f, mut g) = value(&x);
    let mut memory: VecDeque<(Vec<f64>, Vec<f64>, f64)> = VecDeque::with_capacity(MEMORY);
    let mut steps = 0;
    loop {
        let gradient = dot(&g, &g).sqrt();
        if gradient <= tolerance || steps == most {
            return Search { x, steps, gradient };
        }
        let direction = direction(&g, &memory, &precondition);
        let Some((moved, f_moved, g_moved)) = line_search(&x, f, &g, &direction, &mut value) else {
            return Search { x, steps, gradient };
        };
        let s: Vec<f64> = moved.iter().zip(&x).map(|(a, b)| a - b).collect();
        let y: Vec<f64> = g_moved.iter().zip(&g).map(|(a, b)| a - b).collect();
        let curvature = dot(&s, &y);
        if curvature > 1e-14 * dot(&s, &s).sqrt() * dot(&y, &y).sqrt() {
            if memory.len() == MEMORY {
                memory.pop_front();
            }
            memory.push_back((s, y, curvature));
        }
        (x, f, g) = (moved, f_moved, g_moved);
        steps += 1;
    }
}

/// The longest of the steps 1, ½, ¼, … that lowers the function enough (Armijo 1966), with value and gradient there.
pub(super) fn line_search(
    x: &[f64],
    f: f64,
    g: &[f64],
    direction: &[f64],
    mut value: impl FnMut(&[f64]) -> (f64, Vec<f64>),
) -> Option<(Vec<f64>, f64, Vec<f64>)> {
    let slope = dot(direction, g);
    let mut t = 1.0;
    while slope < 0.0 && t > 1e-12 {
        let moved: Vec<f64> = x.iter().zip(direction).map(|(x, d)| x + t * d).collect();
        let (f_moved, g_moved) = value(&moved);
        let lower = f_moved <= f + 1e-4 * t * slope;
        // Near the minimum the gain drowns in the rounding of f; the slope then still tells (Hager, Zhang 2005).
        let flat = f_moved <= f + 1e-12 * f.abs() && dot(&g_moved, direction).abs() <= 0.9 * slope.abs();
        if lower || flat {
            return Some((moved, f_moved, g_moved));
        }
        t *= 0.5;
    }
    None
}

/// Minus the approximate inverse Hessian times the gradient, by the two-loop recursion.
fn direction(g: &[f64], memory: &VecDeque<(Vec<f64>, Vec<f64>, f64)>, precondition: &impl Fn(&mut [f64])) -> Vec<f64> {
    let mut d: Vec<f64> = g.iter().map(|g| -g).collect();
    let mut factors = Vec::with_capacity(memory.len());
    for (s, y, curvature) in memory.iter().rev() {
        let factor = dot(s, &d) / curvature;
        d.iter_mut().zip(y).for_each(|(d, y)| *d -= factor * y);
        factors.push(factor);
    }
    precondition(&mut d);
    for ((s, y, curvature), factor) in memory.iter().zip(factors.iter().rev()) {
        let other = dot(y, &d) / curvature;
        d.iter_mut().zip(s).for_each(|(d, s)| *d += (factor - other) * s);
    }
    d
}

pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_badly_scaled_bowl_is_solved() {
        let scales: Vec<f64> = (0..8).map(|i| 10f64.powi(i)).collect();
        let value = |x: &[f64]| {
            let f = x.iter().zip(&scales).map(|(x, c)| 0.5 * c * (x - 1.0).powi(2) + (x - 1.0).powi(4)).sum();
            let g = x.iter().zip(&scales).map(|(x, c)| c * (x - 1.0) + 4.0 * (x - 1.0).powi(3)).collect();
            (f, g)
        };
        let precondition = |d: &mut [f64]| d.iter_mut().zip(&scales).for_each(|(d, c)| *d /= c);
        let found = minimise(vec![0.0; 8], value, precondition, 1e-9, 60).within("test", 1e-9).unwrap();
        assert!(found.x.iter().all(|x| (x - 1.0).abs() < 1e-9), "{:?} after {}", found.x, found.steps);
        assert!(minimise(vec![0.0; 8], value, precondition, 1e-9, 1).within("test", 1e-9).is_err());
    }
}
