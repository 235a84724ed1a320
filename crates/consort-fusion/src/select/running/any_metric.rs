use std::sync::Arc;

use consort_core::{Estimates, Gives, Metric, Result, Score, Truth};
use rayon::prelude::*;

use super::{Change, Running};
use crate::select::Labelled;

/// Any metric: it reads the mean of each candidate's ensemble. O(candidates × (rows × columns + metric)) a round.
pub(super) struct RunningAny<'a> {
    metric: &'a dyn Metric,
    data: &'a Labelled<'a>,
    truth: Truth<'a>,
    gives: Gives,
    sum: Vec<f64>,
    size: usize,
}

impl<'a> RunningAny<'a> {
    pub(super) fn new(metric: &'a Arc<dyn Metric>, data: &'a Labelled<'a>) -> Result<Self> {
        let predictions = data.predictions();
        let gives = predictions.outputs().gives();
        let sum = vec![0.0; predictions.rows() * predictions.columns()];
        Ok(Self { metric: metric.as_ref(), data, truth: data.truth()?, gives, sum, size: 0 })
    }
}

impl Running for RunningAny<'_> {
    fn scores(&mut self, change: Change, candidates: &[usize]) -> Result<Vec<Score>> {
        let (sign, size) = (change.sign(), change.size(self.size));
        let predictions = self.data.predictions();
        candidates
            .par_iter()
            .map_init(
                || vec![0.0f64; self.sum.len()],
                |mean, &m| {
                    for ((mean, &sum), &p) in mean.iter_mut().zip(&self.sum).zip(predictions.member(m)) {
                        // Rounded as a fusion rounds, so that a tie at a threshold is what the user will see.
                        *mean = f64::from(((sum + sign * f64::from(p)) / size) as f32);
                    }
                    self.metric.score(&Estimates::f64(mean, predictions.columns(), self.gives)?, &self.truth)
                },
            )
            .collect()
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
