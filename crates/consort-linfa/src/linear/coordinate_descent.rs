use consort_core::{Error, FitContext, Result};
use faer::Mat;

/// `min ½ wᵀGw − qᵀw + l1 Σ |w| + l2/2 Σ w²`, coordinate by coordinate.
pub(super) struct CoordinateDescent<'a> {
    /// The mean products of features and targets, `[X Y]ᵀ[X Y]`.
    pub(super) products: &'a Mat<f64>,
    pub(super) width: usize,
    pub(super) output: usize,
    pub(super) l1: f64,
    pub(super) l2: f64,
}

impl CoordinateDescent<'_> {
    pub(super) fn run(
        &self,
        method: &'static str,
        tolerance: f64,
        most: usize,
        ctx: &FitContext<'_>,
    ) -> Result<Vec<f64>> {
        let (g, target) = (self.products, self.width + self.output);
        let mut w = vec![0.0; self.width];
        // `q − Gw`, kept as `w` moves.
        let mut left: Vec<f64> = (0..self.width).map(|j| g[(j, target)]).collect();
        let goal = tolerance * g[(target, target)];
        let mut gap = f64::INFINITY;
        for _ in 0..most {
            ctx.check()?;
            for j in 0..self.width {
                let own = g[(j, j)];
                if own <= 0.0 {
                    continue;
                }
                let pull = left[j] + own * w[j];
                let moved = pull.signum() * (pull.abs() - self.l1).max(0.0) / (own + self.l2);
                let by = moved - w[j];
                if by != 0.0 {
                    w[j] = moved;
                    left.iter_mut().zip(g.col(j).iter()).for_each(|(left, g)| *left -= g * by);
                }
            }
            gap = self.gap(&w, &left);
            if gap <= goal {
                return Ok(w);
            }
        }
        Err(Error::NotConverged {
            method,
            problem: format!(
                "after {most} sweeps the duality gap is {gap:e}, but {goal:e} is allowed: allow more steps or a greater tolerance, scale the features, or penalise more"
            ),
        })
    }

    /// How far the objective may be above its minimum.
    fn gap(&self, w: &[f64], left: &[f64]) -> f64 {
        let target = self.width + self.output;
        let q = |j: usize| self.products[(j, target)];
        // With Gw = q − left: ‖y − Xw‖² and (y − Xw)·y.
        let yy = self.products[(target, target)];
        let wq: f64 = w.iter().enumerate().map(|(j, w)| w * q(j)).sum();
        let wgw: f64 = w.iter().enumerate().map(|(j, w)| w * (q(j) - left[j])).sum();
        let residual = (yy - 2.0 * wq + wgw).max(0.0);
        let size: f64 = w.iter().map(|w| w.abs()).sum();
        let square: f64 = w.iter().map(|w| w * w).sum();
        let steepest = left.iter().zip(w).map(|(left, w)| (left - self.l2 * w).abs()).fold(0.0, f64::max);
        let shrink = if steepest > self.l1 { self.l1 / steepest } else { 1.0 };
        0.5 * residual * (1.0 + shrink * shrink) + self.l1 * size - shrink * (yy - wq)
            + 0.5 * self.l2 * (1.0 + shrink * shrink) * square
    }
}
