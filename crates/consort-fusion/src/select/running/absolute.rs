use consort_core::{Result, Score, blocks};

use super::{Change, Running};
use crate::select::Labelled;

/// Mean absolute error of one target.
pub(super) struct RunningAbsolute<'a> {
    data: &'a Labelled<'a>,
    truth: &'a [f64],
    total: f64,
    sum: Vec<f64>,
    size: usize,
}

impl<'a> RunningAbsolute<'a> {
    pub(super) fn new(data: &'a Labelled<'a>, truth: &'a [f64]) -> Self {
        Self { data, truth, total: data.total_weight(), sum: vec![0.0; truth.len()], size: 0 }
    }
}

impl Running for RunningAbsolute<'_> {
    fn scores(&mut self, change: Change, candidates: &[usize]) -> Result<Vec<Score>> {
        let (sign, size) = (change.sign(), change.size(self.size));
        let parts = blocks::map(self.truth.len(), |rows| {
            let arch = pulp::Arch::new();
            // What the candidate has to add for the error to be 0.
            let sums = &self.sum[rows.clone()];
            let gap: Vec<f64> = sums.iter().zip(&self.truth[rows.clone()]).map(|(s, y)| size * y - s).collect();
            let weights = self.data.weights.as_ref().map(|weights| &weights[rows.clone()]);
            let of = |&m: &usize| {
                let p = self.data.predictions().member_rows(m, rows.clone());
                arch.dispatch(|| distance(p, &gap, weights, sign))
            };
            candidates.iter().map(of).collect::<Vec<f64>>()
        });
        let mut sums = vec![0.0; candidates.len()];
        for part in parts {
            for (sum, part) in sums.iter_mut().zip(part) {
                *sum += part;
            }
        }
        Ok(sums.into_iter().map(|sum| Score::from(sum / (size * self.total))).collect())
    }

    fn apply(&mut self, change: Change, member: usize) {
        let sign = change.sign();
        for (sum, &p) in self.sum.iter_mut().zip(self.data.predictions().member(member)) {
            *sum += sign * f64::from(p);
        }
        self.size = change.size(self.size) as usize;
    }

    fn clear(&mut self) {
        self.sum.fill(0.0);
        self.size = 0;
    }
}

/// Σ w·|gap − sign·p|, in lanes.
#[inline(always)]
fn distance(p: &[f32], gap: &[f64], weights: Option<&[f64]>, sign: f64) -> f64 {
    const LANES: usize = 8;
    let term = |p: f32, gap: f64| (gap - sign * f64::from(p)).abs();
    if let Some(weights) = weights {
        return p.iter().zip(gap).zip(weights).map(|((&p, &gap), w)| w * term(p, gap)).sum();
    }
    let mut sums = [0.0f64; LANES];
    let (ps, gaps) = (p.chunks_exact(LANES), gap.chunks_exact(LANES));
    let rest: f64 = ps.remainder().iter().zip(gaps.remainder()).map(|(&p, &gap)| term(p, gap)).sum();
    for (p, gap) in ps.zip(gaps) {
        for l in 0..LANES {
            sums[l] += term(p[l], gap[l]);
        }
    }
    sums.iter().sum::<f64>() + rest
}
