/// A point in (0, 1) and its weight.
#[derive(Debug, Clone, Copy)]
pub(super) struct Point {
    pub(super) t: f64,
    pub(super) weight: f64,
}

/// Gauss and Legendre's points: the weighted sum of a polynomial of degree below `2n` at `n` points is its integral from
/// 0 to 1. The roots of the Legendre polynomial, by Newton's steps from Tricomi's guess.
pub(super) fn points(n: usize) -> Vec<Point> {
    (0..n)
        .map(|i| {
            let mut x = (std::f64::consts::PI * (i as f64 + 0.75) / (n as f64 + 0.5)).cos();
            let mut slope = 1.0;
            for _ in 0..100 {
                // The polynomials of degree k − 1 and k, by Bonnet's recursion.
                let (mut before, mut now) = (1.0, x);
                for k in 2..=n {
                    let k = k as f64;
                    (before, now) = (now, ((2.0 * k - 1.0) * x * now - (k - 1.0) * before) / k);
                }
                slope = n as f64 * (x * now - before) / (x * x - 1.0);
                let step = now / slope;
                x -= step;
                if step.abs() < 1e-16 {
                    break;
                }
            }
            Point { t: 0.5 * (1.0 - x), weight: 1.0 / ((1.0 - x * x) * slope * slope) }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_up_to_twice_the_points_are_integrated_exactly() {
        for n in [1, 2, 3, 5, 8, 20, 64] {
            let points = points(n);
            assert!(points.iter().all(|point| point.t > 0.0 && point.t < 1.0 && point.weight > 0.0));
            for power in 0..2 * n as i32 {
                let sum: f64 = points.iter().map(|point| point.weight * point.t.powi(power)).sum();
                let want = 1.0 / f64::from(power + 1);
                assert!((sum - want).abs() < 1e-13 * want.max(0.1), "{n} points, t^{power}: {sum}");
            }
        }
    }
}
