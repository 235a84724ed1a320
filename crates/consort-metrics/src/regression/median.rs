//! Quantiles of weighted numbers.

/// Numbers in ascending order with what they weigh.
pub(super) struct Ordered {
    sorted: Vec<(f64, f64)>,
    total: f64,
}

impl Ordered {
    /// Sorts numbers (first) by themselves; `None` without one.
    pub(super) fn new(numbers: impl Iterator<Item = (f64, f64)>) -> Option<Self> {
        let mut sorted: Vec<(f64, f64)> = numbers.collect();
        sorted.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        let total = sorted.iter().map(|(_, weight)| weight).sum();
        (!sorted.is_empty()).then_some(Self { sorted, total })
    }

    /// The averaged inverse of the distribution function (Hyndman and Fan 1996, type 2): the least number with at least
    /// `level` of the weight up to it; its mean with the next where the weight is met exactly.
    pub(super) fn quantile(&self, level: f64) -> f64 {
        let goal = level * self.total;
        let mut cumulated = 0.0;
        let last = self.sorted.len() - 1;
        for (i, (number, weight)) in self.sorted.iter().enumerate() {
            cumulated += weight;
            if cumulated >= goal {
                // Equal to the last digits that a sum of weights has.
                let met = cumulated - goal <= f64::EPSILON * self.total.max(1.0);
                return if met { 0.5 * (number + self.sorted[(i + 1).min(last)].0) } else { *number };
            }
        }
        self.sorted[last].0
    }
}
