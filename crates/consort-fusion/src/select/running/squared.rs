use std::collections::BTreeMap;

use consort_core::{Result, Score, Target, blocks};

use super::{Change, Running};
use crate::select::Labelled;

/// Squared error is a quadratic form: with the members' errors e, and u picks of each of n,
/// Σᵢ ‖Σₐ uₐ·eₐᵢ‖² / n² = uᵀEu / n², where `E[a][b] = Σᵢ eₐᵢ·e_bᵢ`.
///
/// Only the columns of E that belong to members picked are needed: one pass over the predictions for each distinct
/// pick, and O(members) for every other round. Errors rather than predictions, so that nothing large cancels.
pub(super) struct RunningSquared<'a> {
    data: &'a Labelled<'a>,
    /// What the mean square is multiplied by.
    scale: f64,
    /// Whether its root is the score.
    root: bool,
    total: f64,
    /// E[m][m] of each member.
    diagonal: Vec<f64>,
    /// E[m][a] of each member m, for the members a that were ever picked.
    columns: BTreeMap<usize, Vec<f64>>,
    counts: Vec<f64>,
    size: usize,
}

impl<'a> RunningSquared<'a> {
    pub(super) fn new(data: &'a Labelled<'a>, scale: f64, root: bool) -> Self {
        let members = data.predictions().members().len();
        let mut running = Self {
            data,
            scale,
            root,
            total: data.total_weight(),
            diagonal: Vec::new(),
            columns: BTreeMap::new(),
            counts: vec![0.0; members],
            size: 0,
        };
        running.diagonal = running.products(None);
        running
    }

    /// Σᵢ wᵢ·eₘᵢ·e_with,ᵢ for each member m; with itself for `None`.
    fn products(&self, with: Option<usize>) -> Vec<f64> {
        /// Rows whose errors stay in the nearest cache.
        const TILE: usize = 256;
        let predictions = self.data.predictions();
        let columns = predictions.columns();
        let members = self.counts.len();
        let parts = blocks::map(predictions.rows(), |rows| {
            let arch = pulp::Arch::new();
            let mut sums = vec![0.0; members];
            let (mut truth, mut factor) = (vec![0.0f64; TILE * columns], vec![0.0f64; TILE * columns]);
            for start in rows.clone().step_by(TILE) {
                let tile = start..(start + TILE).min(rows.end);
                let truth = &mut truth[..tile.len() * columns];
                let factor = &mut factor[..tile.len() * columns];
                self.write_truth(tile.clone(), truth);
                for (m, sum) in sums.iter_mut().enumerate() {
                    let values = predictions.member_rows(m, tile.clone());
                    if with.is_none() || m == 0 {
                        let of = predictions.member_rows(with.unwrap_or(m), tile.clone());
                        for (j, (factor, (p, t))) in factor.iter_mut().zip(of.iter().zip(&*truth)).enumerate() {
                            let weight = self.data.weights.as_ref().map_or(1.0, |w| w[tile.start + j / columns]);
                            *factor = weight * (f64::from(*p) - t);
                        }
                    }
                    *sum += arch.dispatch(|| error_dot(values, truth, factor));
                }
            }
            sums
        });
        let mut sums = vec![0.0; members];
        for part in parts {
            for (sum, part) in sums.iter_mut().zip(part) {
                *sum += part;
            }
        }
        sums
    }

    /// What a perfect member would predict, row after row.
    fn write_truth(&self, rows: std::ops::Range<usize>, out: &mut [f64]) {
        let columns = self.data.predictions().columns();
        match &*self.data.target {
            Target::Classes { codes, .. } => {
                out.fill(0.0);
                for (row, &code) in out.chunks_exact_mut(columns).zip(&codes[rows]) {
                    row[code as usize] = 1.0;
                }
            }
            Target::Labels { values, .. } => {
                for (out, &y) in out.iter_mut().zip(&values[rows.start * columns..rows.end * columns]) {
                    *out = f64::from(u8::from(y));
                }
            }
            Target::Values { values, .. } => out.copy_from_slice(&values[rows.start * columns..rows.end * columns]),
            // The kinds of target are those above; another has no squared error.
            _ => out.fill(f64::NAN),
        }
    }
}

impl Running for RunningSquared<'_> {
    fn scores(&mut self, change: Change, candidates: &[usize]) -> Result<Vec<Score>> {
        let (sign, size) = (change.sign(), change.size(self.size));
        let picked: Vec<(f64, &Vec<f64>)> = self
            .columns
            .iter()
            .map(|(&a, column)| (self.counts[a], column))
            .filter(|(count, _)| *count > 0.0)
            .collect();
        // (Eu)[m] for each member, and uᵀEu.
        let product: Vec<f64> =
            (0..self.counts.len()).map(|m| picked.iter().map(|(count, column)| count * column[m]).sum()).collect();
        let form: f64 = self.counts.iter().zip(&product).map(|(count, product)| count * product).sum();
        Ok(candidates
            .iter()
            .map(|&m| {
                let sum = form + 2.0 * sign * product[m] + self.diagonal[m];
                // Below 0 by rounding only.
                let mean = self.scale * (sum.max(0.0) / (size * size * self.total));
                Score::from(if self.root { mean.sqrt() } else { mean })
            })
            .collect())
    }

    fn apply(&mut self, change: Change, member: usize) {
        if !self.columns.contains_key(&member) {
            let column = self.products(Some(member));
            self.columns.insert(member, column);
        }
        self.counts[member] += change.sign();
        self.size = change.size(self.size) as usize;
    }

    fn clear(&mut self) {
        self.counts.fill(0.0);
        self.size = 0;
    }
}

/// Σ (p − t)·factor, in lanes.
#[inline(always)]
fn error_dot(p: &[f32], t: &[f64], factor: &[f64]) -> f64 {
    const LANES: usize = 16;
    let mut sums = [0.0f64; LANES];
    let (ps, ts, fs) = (p.chunks_exact(LANES), t.chunks_exact(LANES), factor.chunks_exact(LANES));
    let rest = ps.remainder().iter().zip(ts.remainder()).zip(fs.remainder());
    let rest: f64 = rest.map(|((p, t), f)| (f64::from(*p) - t) * f).sum();
    for ((p, t), f) in ps.zip(ts).zip(fs) {
        for l in 0..LANES {
            sums[l] += (f64::from(p[l]) - t[l]) * f[l];
        }
    }
    sums.iter().sum::<f64>() + rest
}
