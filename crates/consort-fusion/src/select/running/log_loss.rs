use std::ops::Range;

use consort_core::{Result, Score, blocks};

use super::{Change, Running};
use crate::select::Labelled;

/// Log loss reads nothing but the probability of each row's true class, so that is gathered once, and
/// rows of weight 0 are passed over without a copy of the rest.
///
/// A round reads `[members][rows]` numbers. Logarithms are the cost, so probabilities are multiplied in lanes, the
/// exponents are moved to integers before they could run under, and one logarithm is taken a lane and block.
pub(super) struct RunningLogLoss<'a> {
    /// `[members][rows]`.
    probabilities: Vec<f32>,
    rows: usize,
    weights: Option<&'a [f64]>,
    total: f64,
    eps: f64,
    sum: Vec<f64>,
    size: usize,
}

impl<'a> RunningLogLoss<'a> {
    pub(super) fn new(data: &'a Labelled<'a>, codes: &[u32], eps: f64) -> Self {
        let predictions = data.all();
        let (rows, columns, members) = (codes.len(), predictions.columns(), predictions.members().len());
        let mut probabilities = vec![0.0f32; members * rows];
        for (m, out) in probabilities.chunks_exact_mut(rows).enumerate() {
            let values = predictions.member(m);
            let gathered: std::result::Result<(), std::convert::Infallible> = blocks::fill(out, 1, |range, out| {
                for (out, i) in out.iter_mut().zip(range) {
                    *out = values[data.place(i) * columns + codes[i] as usize];
                }
                Ok(())
            });
            match gathered {
                Ok(()) => {}
            }
        }
        Self {
            probabilities,
            rows,
            weights: data.weights.as_deref(),
            total: data.total_weight(),
            eps,
            sum: vec![0.0; rows],
            size: 0,
        }
    }

    fn member(&self, m: usize, rows: Range<usize>) -> &[f32] {
        &self.probabilities[m * self.rows..][rows]
    }
}

impl Running for RunningLogLoss<'_> {
    fn scores(&mut self, change: Change, candidates: &[usize]) -> Result<Vec<Score>> {
        let size = change.size(self.size);
        let (floor, log_size) = (self.eps * size, size.ln());
        // Rows outside, candidates inside: the block's running sum stays in the cache.
        let parts = blocks::map(self.rows, |rows| {
            let sum = &self.sum[rows.clone()];
            let arch = pulp::Arch::new();
            candidates
                .iter()
                .map(|&m| {
                    let p = self.member(m, rows.clone());
                    match (self.weights, change) {
                        (None, Change::Add) => {
                            arch.dispatch(|| log_product::<true>(sum, p, floor)) - rows.len() as f64 * log_size
                        }
                        (None, Change::Remove) => {
                            arch.dispatch(|| log_product::<false>(sum, p, floor)) - rows.len() as f64 * log_size
                        }
                        (Some(weights), _) => {
                            let sign = change.sign();
                            let terms = sum.iter().zip(p).zip(&weights[rows.clone()]);
                            terms.map(|((s, p), w)| w * ((s + sign * f64::from(*p)).max(floor) / size).ln()).sum()
                        }
                    }
                })
                .collect::<Vec<f64>>()
        });
        let mut sums = vec![0.0; candidates.len()];
        for part in parts {
            for (sum, part) in sums.iter_mut().zip(part) {
                *sum += part;
            }
        }
        // The clip at 1 − ε is worth at most ε a row, so a loss of 0 is all that is left of it.
        Ok(sums.into_iter().map(|sum| Score::from((-sum / self.total).max(0.0))).collect())
    }

    fn apply(&mut self, change: Change, member: usize) {
        let sign = change.sign();
        let p = &self.probabilities[member * self.rows..(member + 1) * self.rows];
        for (sum, &p) in self.sum.iter_mut().zip(p) {
            *sum += sign * f64::from(p);
        }
        self.size = change.size(self.size) as usize;
    }

    fn clear(&mut self) {
        self.sum.fill(0.0);
        self.size = 0;
    }
}

const LANES: usize = 8;
/// How many factors are multiplied before their exponent is taken out. Each is at least 2⁻⁵² (the least epsilon)
/// and at most the number of picks, so that 16 neither run under nor over.
const FACTORS: usize = 16;

/// The logarithm of Π max(sum ± p, floor).
#[inline(always)]
fn log_product<const ADD: bool>(sum: &[f64], p: &[f32], floor: f64) -> f64 {
    const MANTISSA: u64 = (1 << 52) - 1;
    const ONE: u64 = 1023 << 52;
    let factor = |s: f64, p: f32| {
        let p = f64::from(p);
        let x = if ADD { s + p } else { s - p };
        if x > floor { x } else { floor }
    };
    let mut product = [1.0f64; LANES];
    let mut exponent = [0u64; LANES];
    let mut chunks = 0u64;
    let (s_chunks, p_chunks) = (sum.chunks_exact(LANES * FACTORS), p.chunks_exact(LANES * FACTORS));
    let rest = (s_chunks.remainder(), p_chunks.remainder());
    for (s, p) in s_chunks.zip(p_chunks) {
        for (s, p) in s.chunks_exact(LANES).zip(p.chunks_exact(LANES)) {
            for l in 0..LANES {
                product[l] *= factor(s[l], p[l]);
            }
        }
        for l in 0..LANES {
            let bits = product[l].to_bits();
            exponent[l] += bits >> 52;
            product[l] = f64::from_bits((bits & MANTISSA) | ONE);
        }
        chunks += 1;
    }
    let mut exponents = 0i64;
    let mut logs = 0.0;
    for l in 0..LANES {
        exponents += exponent[l] as i64 - (chunks * 1023) as i64;
        logs += product[l].ln();
    }
    let rest: f64 = rest.0.iter().zip(rest.1).map(|(&s, &p)| factor(s, p).ln()).sum();
    exponents as f64 * std::f64::consts::LN_2 + (logs + rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_logarithm_of_the_product_is_the_sum_of_the_logarithms() {
        let mut stream = consort_core::Seed::new(1).stream();
        for rows in [0, 1, 7, 8, 127, 128, 129, 1000, 4096] {
            let sum: Vec<f64> = (0..rows).map(|_| 3.0 * stream.unit().powi(9)).collect();
            let p: Vec<f32> = (0..rows).map(|_| (stream.unit() as f32).powi(20) + 1e-30).collect();
            let floor = 4.0 * f64::EPSILON;
            let expected: f64 = sum.iter().zip(&p).map(|(s, &p)| (s + f64::from(p)).max(floor).ln()).sum();
            let got = log_product::<true>(&sum, &p, floor);
            assert!((got - expected).abs() <= 1e-12 * expected.abs().max(1.0), "{rows}: {got} {expected}");
        }
    }

    #[test]
    fn a_block_of_the_least_factors_does_not_run_under() {
        let got = log_product::<true>(&[0.0; 4096], &[0.0; 4096], f64::EPSILON);
        assert!((got / (4096.0 * f64::EPSILON.ln()) - 1.0).abs() < 1e-14);
        let got = log_product::<true>(&[1e6; 4096], &[1.0; 4096], f64::EPSILON);
        assert!((got / (4096.0 * 1_000_001f64.ln()) - 1.0).abs() < 1e-13);
    }
}
