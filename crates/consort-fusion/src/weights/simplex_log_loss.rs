use consort_core::{Result, blocks};
use rayon::prelude::*;

use super::{
    Certificate,
    active_set::{Sum, minimise},
    gram::gram,
};

/// What the members say of what came true: `[member][event]`, one event a row (its true class), or one a row and label.
pub(crate) struct Events {
    /// The probability that each member gave to each event.
    pub(crate) given: Vec<Vec<f32>>,
    /// The weight of each event; they sum to 1.
    pub(crate) weights: Vec<f64>,
    /// The weight (of 1 with that of `weights`, before scaling) of events to which every member gave probability 0.
    pub(crate) impossible: f64,
}

impl Events {
    /// Leaves out what no weights can change: events of weight 0, and those that every member called impossible.
    ///
    /// `given(m, event)` is the probability that member `m` gave to an event.
    pub(crate) fn new(members: usize, weights: &[f64], given: impl Fn(usize, usize) -> f32 + Sync) -> Self {
        let kept: Vec<usize> = blocks::map(weights.len(), |rows| {
            let possible = |&e: &usize| weights[e] > 0.0 && (0..members).any(|m| given(m, e) > 0.0);
            rows.filter(possible).collect::<Vec<_>>()
        })
        .concat();
        let total: f64 = weights.iter().sum();
        let possible: f64 = kept.iter().map(|&e| weights[e]).sum();
        Self {
            given: (0..members).into_par_iter().map(|m| kept.iter().map(|&e| given(m, e)).collect()).collect(),
            weights: kept.iter().map(|&e| weights[e] / possible).collect(),
            impossible: (total - possible) / total,
        }
    }

    fn len(&self) -> usize {
        self.weights.len()
    }
}

/// A column that the search may give weight to.
#[derive(Clone, Copy, PartialEq)]
enum Column {
    /// The equal mean of all members: the search starts there, since it gives no event probability 0.
    Mean,
    Member(usize),
}

/// How many members join the working set at once.
const JOIN: usize = 16;

/// Minimises the weighted log loss `−Σ ω_e ln Σ_m w_m p_me` over the simplex.
///
/// Newton's method on a working set of members: each step is a quadratic programme whose Hessian is the Gram matrix
/// of `p_me / q_e` over the set, with a line search that keeps every `q_e` positive. When the set is solved, the
/// members with the steepest slope join it; those slopes also give the duality gap `max_m Σ ω_e p_me / q_e − 1`. So
/// a pass over all members is needed only for each change of the set, and the many that get no weight cost little.
///
/// Returns the weights, a certificate that has yet to be checked, and the loss of equal weights.
pub(crate) fn simplex_log_loss(events: &Events, tolerance: f64, steps: usize) -> Result<(Vec<f64>, Certificate, f64)> {
    let members = events.given.len();
    if events.len() == 0 {
        let certificate = Certificate { loss: events.impossible * impossible_loss(), gap: 0.0, steps: 0 };
        return Ok((vec![1.0 / members as f64; members], certificate, certificate.loss));
    }
    let mut mean = vec![0.0; events.len()];
    let _ = blocks::fill(&mut mean, 1, |rows, out| {
        for given in &events.given {
            out.iter_mut().zip(&given[rows.clone()]).for_each(|(out, &p)| *out += f64::from(p));
        }
        out.iter_mut().for_each(|out| *out /= members as f64);
        Ok::<(), ()>(())
    });
    let mut search = Search { events, set: vec![Column::Mean], w: vec![1.0], q: mean.clone(), mean, steps: 0 };
    // The set is solved better than the whole, so that the whole can be within the tolerance.
    let equal = search.loss();
    let goal = tolerance * equal;
    loop {
        let slopes = search.slopes_of_all();
        let gap = slopes.iter().fold(0.0, |gap: f64, s| gap.max(s - 1.0));
        if gap <= goal || search.steps >= steps {
            return Ok(search.finish(gap, equal));
        }
        let grown = search.join(&slopes);
        let before = search.steps;
        search.solve_set(goal * 0.1, steps)?;
        if !grown && search.steps == before {
            // Nothing joins and nothing moves: rounding is all that is left.
            let slopes = search.slopes_of_all();
            let gap = slopes.iter().fold(0.0, |gap: f64, s| gap.max(s - 1.0));
            return Ok(search.finish(gap, equal));
        }
    }
}

/// What an event of probability 0 costs: `−ln` of the spacing of `f64` at 1, where log loss is cut by convention.
fn impossible_loss() -> f64 {
    -f64::EPSILON.ln()
}

struct Search<'a> {
    events: &'a Events,
    set: Vec<Column>,
    w: Vec<f64>,
    /// The probability that the weighted mean gives to each event.
    q: Vec<f64>,
    mean: Vec<f64>,
    steps: usize,
}

impl Search<'_> {
    fn loss(&self) -> f64 {
        let [sum] = blocks::sum(self.q.len(), |rows| [rows.map(|e| -self.events.weights[e] * self.q[e].ln()).sum()]);
        sum
    }

    fn given(&self, column: Column, e: usize) -> f64 {
        match column {
            Column::Mean => self.mean[e],
            Column::Member(m) => f64::from(self.events.given[m][e]),
        }
    }

    /// `Σ ω_e p_me / q_e` of every member: minus the slope of the loss along its weight.
    fn slopes_of_all(&self) -> Vec<f64> {
        let ratio: Vec<f64> = self.events.weights.iter().zip(&self.q).map(|(w, q)| w / q).collect();
        self.events
            .given
            .par_iter()
            .map(|given| {
                let mut sum = 0.0;
                for (given, ratio) in given.chunks(blocks::ROWS).zip(ratio.chunks(blocks::ROWS)) {
                    sum += dot(given, ratio);
                }
                sum
            })
            .collect()
    }

    /// Lets in the steepest members and puts out those without weight that slope upwards; says whether any came in.
    fn join(&mut self, slopes: &[f64]) -> bool {
        let stays = |column: &Column, w: f64| w > 0.0 || matches!(column, Column::Member(m) if slopes[*m] >= 1.0);
        let kept: Vec<bool> = self.set.iter().zip(&self.w).map(|(column, &w)| stays(column, w)).collect();
        let mut keep = kept.iter();
        self.set.retain(|_| *keep.next().unwrap_or(&true));
        let mut keep = kept.iter();
        self.w.retain(|_| *keep.next().unwrap_or(&true));
        let mut outside: Vec<usize> =
            (0..slopes.len()).filter(|&m| slopes[m] > 1.0 && !self.set.contains(&Column::Member(m))).collect();
        outside.sort_by(|&a, &b| slopes[b].total_cmp(&slopes[a]).then(a.cmp(&b)));
        outside.truncate(JOIN);
        for &m in &outside {
            self.set.push(Column::Member(m));
            self.w.push(0.0);
        }
        self.spend_the_mean();
        !outside.is_empty()
    }

    /// Once all members are in the set, the mean is one of their combinations: its weight goes to them.
    fn spend_the_mean(&mut self) {
        let members = self.events.given.len();
        if self.set.len() != members + 1 {
            return;
        }
        if let Some(place) = self.set.iter().position(|column| *column == Column::Mean) {
            self.set.remove(place);
            let share = self.w.remove(place) / members as f64;
            self.w.iter_mut().for_each(|w| *w += share);
        }
    }

    /// Newton's method on the working set until its own gap is at most `goal`.
    fn solve_set(&mut self, goal: f64, most: usize) -> Result<()> {
        let mut before = f64::INFINITY;
        while self.steps < most {
            let n = self.set.len();
            let h = gram(self.q.len(), 1, n, |rows, buffer| {
                for (column, buffer) in self.set.iter().zip(buffer.chunks_exact_mut(rows.len())) {
                    for (x, e) in buffer.iter_mut().zip(rows.clone()) {
                        *x = self.given(*column, e) * self.events.weights[e].sqrt() / self.q[e];
                    }
                }
            });
            // Since Σ w p = q, the slopes are H w.
            let slopes: Vec<f64> = (0..n).map(|a| (0..n).map(|b| h[a * n + b] * self.w[b]).sum()).collect();
            let gap = slopes.iter().fold(0.0, |gap: f64, s| gap.max(s - 1.0));
            // A gap of rounding size that no longer shrinks is as small as it gets.
            if gap <= goal || (gap <= 1e-12 && gap >= before) {
                return Ok(());
            }
            before = gap;
            let twice: Vec<f64> = slopes.iter().map(|s| 2.0 * s).collect();
            let aim = minimise(&h, &twice, Sum::One, Some(&self.w))?;
            self.steps += 1;
            if !self.step_towards(&aim) {
                return Ok(());
            }
        }
        Ok(())
    }

    /// The longest of the steps 1, ½, ¼, … that lowers the loss enough (Armijo 1966); false if none does.
    fn step_towards(&mut self, aim: &[f64]) -> bool {
        let mut direction: Vec<f64> = aim.iter().zip(&self.w).map(|(aim, w)| aim - w).collect();
        // The aim sums to 1 up to rounding. Near the end that rounding is more than the gain of the step, since to
        // scale all weights changes the loss in the first order: the widest part takes it up.
        let drift: f64 = direction.iter().sum();
        let wider = |widest: usize, i: usize| if direction[i].abs() > direction[widest].abs() { i } else { widest };
        let widest = (0..direction.len()).fold(0, wider);
        direction[widest] -= drift;
        let mut change = vec![0.0; self.q.len()];
        let _ = blocks::fill(&mut change, 1, |rows, out| {
            for (column, d) in self.set.iter().zip(&direction).filter(|(_, d)| **d != 0.0) {
                out.iter_mut().zip(rows.clone()).for_each(|(out, e)| *out += d * self.given(*column, e));
            }
            Ok::<(), ()>(())
        });
        let weights = &self.events.weights;
        let [slope] = blocks::sum(self.q.len(), |rows| [rows.map(|e| weights[e] * change[e] / self.q[e]).sum()]);
        let mut t = 1.0;
        for _ in 0..60 {
            // `ln_1p` of the relative change: the loss itself would lose the last digits of a small gain.
            let [gain] = blocks::sum(self.q.len(), |rows| {
                [rows.map(|e| weights[e] * (t * change[e] / self.q[e]).ln_1p()).sum()]
            });
            // NaN and -inf (an event's probability would be 0 or less) fail the comparison, as they must.
            let enough = gain >= 0.1 * t * slope && gain > 0.0;
            // So near the minimum the gain is all rounding, and the full step of Newton's method is safe.
            let near = t == 1.0 && slope.abs() <= 1e-12 && gain.is_finite();
            if enough || near {
                let mut moved = false;
                for ((w, d), aim) in self.w.iter_mut().zip(&direction).zip(aim) {
                    let next = if t == 1.0 && *aim == 0.0 { 0.0 } else { (*w + t * d).max(0.0) };
                    moved |= next != *w;
                    *w = next;
                }
                self.refresh();
                return moved;
            }
            t *= 0.5;
        }
        false
    }

    /// The probabilities of the events from the weights, so that rounding does not build up.
    fn refresh(&mut self) {
        let mut q = std::mem::take(&mut self.q);
        let _ = blocks::fill(&mut q, 1, |rows, out| {
            out.fill(0.0);
            for (column, w) in self.set.iter().zip(&self.w).filter(|(_, w)| **w != 0.0) {
                out.iter_mut().zip(rows.clone()).for_each(|(out, e)| *out += w * self.given(*column, e));
            }
            Ok::<(), ()>(())
        });
        self.q = q;
    }

    fn finish(self, gap: f64, equal: f64) -> (Vec<f64>, Certificate, f64) {
        let members = self.events.given.len();
        let mut weights = vec![0.0; members];
        for (column, w) in self.set.iter().zip(&self.w) {
            match column {
                Column::Mean => weights.iter_mut().for_each(|weight| *weight += w / members as f64),
                Column::Member(m) => weights[*m] += w,
            }
        }
        let possible = 1.0 - self.events.impossible;
        let of_all = |loss: f64| possible * loss + self.events.impossible * impossible_loss();
        let certificate = Certificate { loss: of_all(self.loss()), gap: possible * gap, steps: self.steps };
        (weights, certificate, of_all(equal))
    }
}

/// A sum of products in eight lanes, in a fixed order.
fn dot(given: &[f32], ratio: &[f64]) -> f64 {
    let mut lanes = [0.0; 8];
    let (a, b) = (given.chunks_exact(8), ratio.chunks_exact(8));
    let tail: f64 = a.remainder().iter().zip(b.remainder()).map(|(&p, r)| f64::from(p) * r).sum();
    for (given, ratio) in a.zip(b) {
        for ((lane, &p), r) in lanes.iter_mut().zip(given).zip(ratio) {
            *lane += f64::from(p) * r;
        }
    }
    lanes.iter().sum::<f64>() + tail
}
