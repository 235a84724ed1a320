//! The forward search of one library, and the backward removal after it.

use consort_core::{Direction, Error, Result, Score};

use super::greedy::{GreedySelection, Keep};
use super::running::{Change, Running};
use super::selection::Run;
use super::tie::{Tie, equal};

/// What a search knows of the members.
pub(super) struct Search<'a> {
    pub(super) params: &'a GreedySelection,
    pub(super) direction: Direction,
    /// The cost in the metric of each member alone; infinite where it has no score.
    pub(super) single: &'a [f64],
    /// The price of having each member in the set, the penalty included.
    pub(super) prices: &'a [f64],
}

/// The picks so far.
struct State {
    counts: Vec<u32>,
    picks: Vec<usize>,
    path: Vec<Option<f64>>,
    /// The cost of each round with the price of its set; infinite where the round has no score.
    costs: Vec<f64>,
}

impl State {
    fn distinct(&self) -> usize {
        self.counts.iter().filter(|&&count| count > 0).count()
    }
}

impl Search<'_> {
    /// Picks from the members of `library`.
    ///
    /// # Errors
    /// Those of the metric, or if no candidate of the first round has a score.
    pub(super) fn run(&self, running: &mut dyn Running, library: &[usize]) -> Result<Run> {
        running.clear();
        let members = self.single.len();
        let mut state = State { counts: vec![0; members], picks: Vec::new(), path: Vec::new(), costs: Vec::new() };
        self.start(running, library, &mut state)?;
        let mut best = state.costs.last().copied().unwrap_or(f64::INFINITY);
        let mut idle = 0;
        while state.picks.len() < self.params.rounds {
            let full = self.params.max_members.is_some_and(|most| state.distinct() >= most);
            let free = |m: &usize| {
                let used = state.counts[*m] > 0;
                (self.params.replacement || !used) && (!full || used)
            };
            let candidates: Vec<usize> = library.iter().copied().filter(free).collect();
            if candidates.is_empty() {
                break;
            }
            let scores = running.scores(Change::Add, &candidates)?;
            let costs: Vec<f64> =
                candidates.iter().zip(&scores).map(|(&m, score)| self.cost(score, &state.counts, Some(m))).collect();
            let Some(chosen) = self.choose(&candidates, &costs, |m| self.rank(m, &state.counts)) else {
                let reason = scores.first().and_then(Score::reason).unwrap_or("no candidate has a score");
                return Err(self.undefined(reason));
            };
            let at = candidates.iter().position(|&m| m == chosen).unwrap_or(0);
            running.apply(Change::Add, chosen);
            state.counts[chosen] += 1;
            state.picks.push(chosen);
            state.path.push(scores[at].value());
            state.costs.push(costs[at]);
            if costs[at] < best - self.params.min_gain && !self.equal(best, costs[at]) {
                idle = 0;
            } else {
                idle += 1;
            }
            best = best.min(costs[at]);
            if self.params.patience.is_some_and(|patience| idle >= patience) {
                break;
            }
        }
        self.finish(running, library, state)
    }

    /// The best members alone, all at once.
    fn start(&self, running: &mut dyn Running, library: &[usize], state: &mut State) -> Result<()> {
        let size = self.params.start.min(library.len());
        if size == 0 {
            return Ok(());
        }
        let mut order = library.to_vec();
        // Stable, so that the first member wins a tie.
        order.sort_by(|&a, &b| self.single[a].total_cmp(&self.single[b]));
        for (n, &m) in order[..size].iter().enumerate() {
            let last = n + 1 == size;
            let score = if last { running.scores(Change::Add, &[m])?.pop() } else { None };
            let cost = score.as_ref().map_or(f64::INFINITY, |score| self.cost(score, &state.counts, Some(m)));
            running.apply(Change::Add, m);
            state.counts[m] += 1;
            state.picks.push(m);
            state.path.push(score.and_then(|score| score.value()));
            state.costs.push(cost);
        }
        Ok(())
    }

    fn finish(&self, running: &mut dyn Running, library: &[usize], mut state: State) -> Result<Run> {
        let least = state.costs.iter().copied().fold(f64::INFINITY, f64::min);
        let best = state.costs.iter().position(|&cost| self.equal(cost, least)).unwrap_or(0);
        let kept = match self.params.keep {
            Keep::Best => best + 1,
            Keep::Last => state.picks.len(),
        };
        for &m in &state.picks[kept..] {
            running.apply(Change::Remove, m);
            state.counts[m] -= 1;
        }
        let mut score = state.path[kept - 1];
        let mut removed = Vec::new();
        if self.params.removal {
            let mut cost = state.costs[kept - 1];
            while state.counts.iter().sum::<u32>() > 1 {
                let candidates: Vec<usize> = (0..state.counts.len()).filter(|&m| state.counts[m] > 0).collect();
                let scores = running.scores(Change::Remove, &candidates)?;
                let costs: Vec<f64> = candidates
                    .iter()
                    .zip(&scores)
                    .map(|(&m, score)| {
                        let mut counts = state.counts.clone();
                        counts[m] -= 1;
                        self.cost(score, &counts, None)
                    })
                    .collect();
                // Of equals, the last to come in order goes first: it is the mirror of the first that is taken.
                let Some(chosen) = self.choose(&candidates, &costs, |m| -(m as f64)) else { break };
                let at = candidates.iter().position(|&m| m == chosen).unwrap_or(0);
                // An equal score with one pick less is a gain only if it drops a member; else it could go on for ever
                // smaller without being another ensemble (2:2 and 1:1).
                let better = costs[at] < cost && !self.equal(cost, costs[at]);
                let leaner = state.counts[chosen] == 1 && self.equal(costs[at], cost);
                if !(better || leaner) {
                    break;
                }
                running.apply(Change::Remove, chosen);
                state.counts[chosen] -= 1;
                removed.push(chosen);
                (cost, score) = (costs[at], scores[at].value());
            }
        }
        Ok(Run {
            library: library.to_vec(),
            picks: state.picks,
            path: state.path,
            best_round: best + 1,
            kept_rounds: kept,
            removed,
            counts: state.counts,
            score,
        })
    }

    /// The score as a cost, and the price of the members that are in, `with` among them.
    fn cost(&self, score: &Score, counts: &[u32], with: Option<usize>) -> f64 {
        let Some(score) = score.value() else { return f64::INFINITY };
        let used = |(m, &price): (usize, &f64)| if counts[m] > 0 || with == Some(m) { price } else { 0.0 };
        self.direction.cost(score) + self.prices.iter().enumerate().map(used).sum::<f64>()
    }

    /// The cost of the best member alone: what costs are like here.
    fn scale(&self) -> f64 {
        let least = self.single.iter().copied().fold(f64::INFINITY, f64::min);
        if least.is_finite() { least.abs() } else { 0.0 }
    }

    fn equal(&self, cost: f64, least: f64) -> bool {
        equal(cost, least, self.params.tolerance, self.scale())
    }

    fn choose(&self, candidates: &[usize], costs: &[f64], rank: impl Fn(usize) -> f64) -> Option<usize> {
        Tie::choose(candidates, costs, self.params.tolerance, self.scale(), rank)
    }

    fn rank(&self, m: usize, counts: &[u32]) -> f64 {
        match self.params.tie {
            Tie::First => 0.0,
            Tie::Used => f64::from(u8::from(counts[m] == 0)),
            Tie::Cheaper => self.params.costs.as_ref().map_or(0.0, |_| self.prices[m]),
            Tie::Single => self.single[m],
        }
    }

    fn undefined(&self, reason: &str) -> Error {
        Error::Unsupported {
            by: "greedy".into(),
            what: format!("rows on which `{}` has no value ({reason})", self.params.metric.name()),
            hint: "choose another metric, or rows on which it has one".into(),
        }
    }
}
