use consort_core::{Error, FitContext, Result};

use super::kernel::Alike;

/// `min ½ αᵀQα + pᵀα` with `Σ s α = 0` and `0 ≤ α_t ≤ C_t`, `Q_tu = s_t s_u K(row_t, row_u)`: the problem behind support
/// vectors of classes and of values.
pub(super) struct Problem<'a> {
    pub(super) alike: &'a Alike<'a>,
    /// The row of each unknown; two unknowns may share one.
    pub(super) rows: Vec<u32>,
    /// `s`, 1 or −1.
    pub(super) signs: Vec<f64>,
    pub(super) linear: Vec<f64>,
    pub(super) most: Vec<f64>,
}

/// The solution: the unknowns and the constant of the decision.
pub(super) struct Solved {
    pub(super) alphas: Vec<f64>,
    pub(super) constant: f64,
}

/// How many numbers of the kernel are kept, in bytes.
const KEPT: usize = 200 << 20;

/// Rows of the kernel that were asked for, the oldest let go.
struct Rows<'a> {
    alike: &'a Alike<'a>,
    kept: Vec<Option<Vec<f64>>>,
    order: std::collections::VecDeque<usize>,
    most: usize,
}

impl Rows<'_> {
    fn need(&mut self, row: usize, other: usize) {
        if self.kept[row].is_none() {
            while self.order.len() >= self.most {
                // The row of the other unknown of this step stays.
                let Some(oldest) = self.order.pop_front() else { break };
                if oldest == other {
                    self.order.push_back(oldest);
                    continue;
                }
                self.kept[oldest] = None;
            }
            self.kept[row] = Some(self.alike.row(row));
            self.order.push_back(row);
        }
    }

    fn get(&self, row: usize) -> &[f64] {
        self.kept[row].as_deref().unwrap_or(&[])
    }
}

impl Problem<'_> {
    /// Sequential minimal optimisation with second-order choice of the pair (Fan, Chen, Lin 2005); ties go to the first.
    pub(super) fn solve(&self, tolerance: f64, most: usize, ctx: &FitContext<'_>) -> Result<Solved> {
        let count = self.rows.len();
        let mut alphas = vec![0.0; count];
        let mut slopes = self.linear.clone();
        let own: Vec<f64> = (0..count).map(|t| self.alike.own(self.rows[t] as usize)).collect();
        let fits = KEPT / (8 * self.alike.len().max(1));
        let kept = vec![None; self.alike.len()];
        let mut rows = Rows { alike: self.alike, kept, order: Default::default(), most: fits.max(2) };
        let can_rise = |t: usize, a: f64| if self.signs[t] > 0.0 { a < self.most[t] } else { a > 0.0 };
        let can_fall = |t: usize, a: f64| if self.signs[t] > 0.0 { a > 0.0 } else { a < self.most[t] };
        for step in 0..most {
            if step.is_multiple_of(256) {
                ctx.check()?;
            }
            let mut first: Option<(usize, f64)> = None;
            let mut lowest = f64::INFINITY;
            for t in 0..count {
                let pull = -self.signs[t] * slopes[t];
                if can_rise(t, alphas[t]) && first.is_none_or(|(_, top)| pull > top) {
                    first = Some((t, pull));
                }
                if can_fall(t, alphas[t]) {
                    lowest = lowest.min(pull);
                }
            }
            let Some((i, top)) = first.filter(|(_, top)| top - lowest > tolerance) else {
                return Ok(Solved { constant: self.constant(&alphas, &slopes), alphas });
            };
            let row_i = self.rows[i] as usize;
            rows.need(row_i, row_i);
            let k_i = rows.get(row_i);
            let mut second: Option<(usize, f64)> = None;
            for t in 0..count {
                let gap = top + self.signs[t] * slopes[t];
                if can_fall(t, alphas[t]) && gap > 0.0 {
                    let curvature = (own[i] + own[t] - 2.0 * k_i[self.rows[t] as usize]).max(1e-12);
                    let gain = gap * gap / curvature;
                    if second.is_none_or(|(_, best)| gain > best) {
                        second = Some((t, gain));
                    }
                }
            }
            let Some((j, _)) = second else {
                return Ok(Solved { constant: self.constant(&alphas, &slopes), alphas });
            };
            let row_j = self.rows[j] as usize;
            rows.need(row_j, row_i);
            let (k_i, k_j) = (rows.get(row_i), rows.get(row_j));
            let curvature = (own[i] + own[j] - 2.0 * k_i[row_j]).max(1e-12);
            let gap = top + self.signs[j] * slopes[j];
            // Along this direction s α of i rises and that of j falls by the same.
            let room = |t: usize, rises: bool| {
                if rises == (self.signs[t] > 0.0) { self.most[t] - alphas[t] } else { alphas[t] }
            };
            let (room_i, room_j) = (room(i, true), room(j, false));
            let by = (gap / curvature).min(room_i).min(room_j);
            let is_full = |t: usize, rises: bool| rises == (self.signs[t] > 0.0);
            for (t, rises, room) in [(i, true, room_i), (j, false, room_j)] {
                // At a bound it lies on the bound, to the bit.
                alphas[t] = match (by == room, is_full(t, rises)) {
                    (true, true) => self.most[t],
                    (true, false) => 0.0,
                    (false, true) => alphas[t] + by,
                    (false, false) => alphas[t] - by,
                };
            }
            for ((slope, sign), &row) in slopes.iter_mut().zip(&self.signs).zip(&self.rows) {
                *slope += sign * by * (k_i[row as usize] - k_j[row as usize]);
            }
        }
        Err(Error::NotConverged {
            method: "the support vector machine",
            problem: format!(
                "after {most} steps some pair still gains more than {tolerance:e}: scale the features, lower `c`, or allow more steps"
            ),
        })
    }

    /// The constant: the mean over the unknowns between their bounds, or the middle of what the others allow.
    fn constant(&self, alphas: &[f64], slopes: &[f64]) -> f64 {
        let (mut sum, mut free) = (0.0, 0.0);
        let (mut low, mut high) = (f64::NEG_INFINITY, f64::INFINITY);
        for t in 0..alphas.len() {
            let pull = -self.signs[t] * slopes[t];
            if alphas[t] > 0.0 && alphas[t] < self.most[t] {
                sum += pull;
                free += 1.0;
            } else if (alphas[t] == 0.0) == (self.signs[t] > 0.0) {
                low = low.max(pull);
            } else {
                high = high.min(pull);
            }
        }
        match (free > 0.0, low.is_finite(), high.is_finite()) {
            (true, ..) => sum / free,
            (_, true, true) => 0.5 * (low + high),
            (_, true, false) => low,
            (_, false, true) => high,
            _ => 0.0,
        }
    }
}
