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
        let total = sorted.iter().fold(Exact::default(), |sum, (_, weight)| sum.plus(*weight)).value();
        (!sorted.is_empty()).then_some(Self { sorted, total })
    }

    /// The averaged inverse of the distribution function (Hyndman and Fan 1996, type 2): the least number with at least
    /// `level` of the weight up to it; its mean with the next where the weight is met exactly.
    pub(super) fn quantile(&self, level: f64) -> f64 {
        let goal = level * self.total;
        // Weights such as 0.1 are met but for the last digits of their sum.
        let slack = 4.0 * f64::EPSILON * self.total;
        let mut cumulated = Exact::default();
        let last = self.sorted.len() - 1;
        for (i, (number, weight)) in self.sorted.iter().enumerate() {
            cumulated = cumulated.plus(*weight);
            let beyond = cumulated.value() - goal;
            if beyond >= -slack {
                return if beyond <= slack { 0.5 * (number + self.sorted[(i + 1).min(last)].0) } else { *number };
            }
        }
        self.sorted[last].0
    }
}

/// A sum that keeps what rounding cuts off (Neumaier 1974), so that its error does not grow with the number of terms.
#[derive(Debug, Clone, Copy, Default)]
struct Exact {
    sum: f64,
    lost: f64,
}

impl Exact {
    fn plus(self, term: f64) -> Self {
        let sum = self.sum + term;
        let lost = if self.sum.abs() >= term.abs() { (self.sum - sum) + term } else { (term - sum) + self.sum };
        Self { sum, lost: self.lost + lost }
    }

    fn value(self) -> f64 {
        self.sum + self.lost
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_weights_give_the_plain_median_whatever_they_are() {
        for weight in [1e-300, 0.1, 1.0 / 3.0, 0.7, 1.0, 1e9] {
            for count in [4, 1000, 100_000] {
                let ordered = Ordered::new((0..count).map(|i| (f64::from(i), weight))).unwrap();
                assert_eq!(ordered.quantile(0.5), f64::from(count - 1) / 2.0, "{count} of {weight}");
            }
        }
    }

    #[test]
    fn a_weight_that_is_small_beside_the_others_still_counts() {
        let weights = [0.5, 1e-12, 0.5];
        let ordered = Ordered::new(weights.into_iter().enumerate().map(|(i, weight)| (i as f64, weight))).unwrap();
        assert_eq!(ordered.quantile(0.5), 1.0);
    }
}
