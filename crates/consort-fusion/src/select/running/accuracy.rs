use consort_core::{Outputs, Result, Score, blocks};

use super::{Change, Running};
use crate::select::Labelled;

/// The share of rows whose class is right, or of those whose class is wrong.
pub(super) struct RunningAccuracy<'a> {
    data: &'a Labelled<'a>,
    codes: &'a [u32],
    /// Whether errors are counted rather than hits.
    errors: bool,
    positive: usize,
    total: f64,
    sum: Vec<f64>,
    size: usize,
}

impl<'a> RunningAccuracy<'a> {
    pub(super) fn new(data: &'a Labelled<'a>, codes: &'a [u32], errors: bool) -> Self {
        let predictions = data.predictions();
        let positive = match predictions.outputs() {
            Outputs::Classes(classes) => classes.positive(),
            _ => 0,
        };
        let sum = vec![0.0; predictions.rows() * predictions.columns()];
        Self { data, codes, errors, positive, total: data.total_weight(), sum, size: 0 }
    }

    /// The weight of the rows of a block whose class is right.
    #[inline(always)]
    fn hits(&self, rows: std::ops::Range<usize>, p: &[f32], sign: f64, size: f64) -> f64 {
        let columns = self.data.predictions().columns();
        let sum = &self.sum[rows.start * columns..rows.end * columns];
        let mut hits = 0.0;
        // Rounded as a fusion rounds, so that a tie at a threshold is what the user will see.
        let mean = |s: f64, p: f32| ((s + sign * f64::from(p)) / size) as f32;
        for ((i, p), s) in rows.zip(p.chunks_exact(columns)).zip(sum.chunks_exact(columns)) {
            let code = self.codes[i] as usize;
            let hit = if columns == 2 {
                (mean(s[self.positive], p[self.positive]) >= 0.5) == (code == self.positive)
            } else {
                let own = mean(s[code], p[code]);
                let mut first_greatest = true;
                for k in 0..columns {
                    let other = mean(s[k], p[k]);
                    first_greatest &= if k < code { other < own } else { other <= own };
                }
                first_greatest
            };
            hits += if hit { self.data.weight(i) } else { 0.0 };
        }
        hits
    }
}

impl Running for RunningAccuracy<'_> {
    fn scores(&mut self, change: Change, candidates: &[usize]) -> Result<Vec<Score>> {
        let (sign, size) = (change.sign(), change.size(self.size));
        let parts = blocks::map(self.codes.len(), |rows| {
            let arch = pulp::Arch::new();
            let of = |&m: &usize| {
                let p = self.data.predictions().member_rows(m, rows.clone());
                arch.dispatch(|| self.hits(rows.clone(), p, sign, size))
            };
            candidates.iter().map(of).collect::<Vec<f64>>()
        });
        let mut hits = vec![0.0; candidates.len()];
        for part in parts {
            for (hits, part) in hits.iter_mut().zip(part) {
                *hits += part;
            }
        }
        let score = |hits: f64| if self.errors { self.total - hits } else { hits } / self.total;
        Ok(hits.into_iter().map(|hits| Score::from(score(hits))).collect())
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
