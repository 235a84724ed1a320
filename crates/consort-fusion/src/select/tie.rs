use serde::{Deserialize, Serialize};

/// Which of several equally good candidates is taken. Where its question leaves several, the first member is.
///
/// ```
/// use consort_fusion::select::{GreedySelection, Tie};
/// assert_eq!(GreedySelection::default().tie(Tie::Used).tie, Tie::Used);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tie {
    /// The first member in order.
    #[default]
    First,
    /// One that is in the ensemble already, so that it stays small.
    Used,
    /// The one of the least cost.
    Cheaper,
    /// The one of the best score alone.
    Single,
}

/// Whether a cost (smaller is better) equals the least one, up to rounding: `tolerance` times the greater of the least cost
/// and `scale`, a cost of ordinary size.
///
/// There is no size that suits all: mean squared errors of a target near 10⁻⁷ are near 10⁻¹⁴. The scale keeps a least
/// cost that is nearly 0 by chance from asking for digits that its sums do not have.
pub(super) fn equal(cost: f64, least: f64, tolerance: f64, scale: f64) -> bool {
    cost <= least + tolerance * least.abs().max(scale)
}

impl Tie {
    /// The candidate among those of the least cost; `None` if none has a finite cost.
    ///
    /// `rank` is what the rule asks of a candidate, smaller is better.
    pub(super) fn choose(
        candidates: &[usize],
        costs: &[f64],
        tolerance: f64,
        scale: f64,
        rank: impl Fn(usize) -> f64,
    ) -> Option<usize> {
        let least = costs.iter().copied().fold(f64::INFINITY, f64::min);
        if least == f64::INFINITY {
            return None;
        }
        let mut chosen: Option<usize> = None;
        for (&candidate, &cost) in candidates.iter().zip(costs) {
            if equal(cost, least, tolerance, scale) && chosen.is_none_or(|best| rank(candidate) < rank(best)) {
                chosen = Some(candidate);
            }
        }
        chosen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_that_differ_by_rounding_are_equal_and_the_first_is_taken() {
        let choose = |costs: &[f64]| Tie::choose(&[4, 7, 9], costs, 1e-12, 0.3, |_| 0.0);
        assert_eq!(choose(&[0.3, 0.1 + 0.2, 0.30000000000000004]), Some(4));
        assert_eq!(choose(&[0.3, 0.3 - 1e-11, 0.3]), Some(7));
        assert_eq!(choose(&[f64::INFINITY, 0.5, f64::INFINITY]), Some(7));
        assert_eq!(choose(&[f64::INFINITY; 3]), None);
    }

    #[test]
    fn the_rank_decides_among_equals_only() {
        let rank = |m: usize| -(m as f64);
        assert_eq!(Tie::choose(&[0, 1, 2], &[0.1, 0.1, 0.2], 1e-12, 0.0, rank), Some(1));
    }

    #[test]
    fn small_costs_differ_as_large_ones_do() {
        for unit in [1e-14, 1.0, 1e9] {
            let costs = [3.0 * unit, 2.0 * unit, 2.0 * unit * (1.0 + 1e-15)];
            assert_eq!(Tie::choose(&[4, 7, 9], &costs, 1e-12, unit, |_| 0.0), Some(7), "{unit}");
        }
        // Nearly nothing beside the scale is nothing.
        assert_eq!(Tie::choose(&[4, 7], &[1e-17, 0.0], 1e-12, 0.1, |_| 0.0), Some(4));
    }
}
