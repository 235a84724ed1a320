use consort_core::Score;
use serde::{Deserialize, Serialize};

/// How often two members are right and wrong together: the weights of the four cases.
///
/// N¹¹ both right, N¹⁰ only the first, N⁰¹ only the second, N⁰⁰ both wrong (Kuncheva and Whitaker 2003).
///
/// ```
/// use consort_metrics::diversity::PairTable;
/// let pair = PairTable { both: 150.0, only_first: 28.0, only_second: 14.0, neither: 8.0 };
/// assert_eq!(pair.double_fault().value(), Some(0.04));
/// assert!((pair.q_statistic().value().unwrap() - 0.5075376884422109).abs() < 1e-12);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PairTable {
    /// Both are right.
    pub both: f64,
    /// Only the first is right.
    pub only_first: f64,
    /// Only the second is right.
    pub only_second: f64,
    /// Both are wrong.
    pub neither: f64,
}

impl PairTable {
    pub(super) fn of(both: f64, first: f64, second: f64, total: f64) -> Self {
        // Sums of weights in another order may differ in the last digit, and no case weighs less than nothing.
        let rest = |x: f64| if x < 1e-12 * total { 0.0 } else { x };
        Self {
            both,
            only_first: rest(first - both),
            only_second: rest(second - both),
            neither: rest(total - first - second + both),
        }
    }

    fn total(&self) -> f64 {
        self.both + self.only_first + self.only_second + self.neither
    }

    /// Yule's Q = (N¹¹N⁰⁰ − N⁰¹N¹⁰) / (N¹¹N⁰⁰ + N⁰¹N¹⁰), in [−1, 1] (Yule 1900): 0 if independent, low is diverse.
    pub fn q_statistic(&self) -> Score {
        let (same, other) = (self.both * self.neither, self.only_first * self.only_second);
        Score::ratio(same - other, same + other, "no product of the four cases is above 0")
    }

    /// The correlation ρ of being right (the phi coefficient), in [−1, 1]: low is diverse.
    pub fn correlation(&self) -> Score {
        let first = (self.both + self.only_first) * (self.only_second + self.neither);
        let second = (self.both + self.only_second) * (self.only_first + self.neither);
        let covariance = self.both * self.neither - self.only_first * self.only_second;
        Score::ratio(covariance, first.sqrt() * second.sqrt(), "a member is always right or always wrong")
    }

    /// The share of rows in which exactly one is right, in [0, 1] (Skalak 1996): high is diverse.
    pub fn disagreement(&self) -> Score {
        Score::ratio(self.only_first + self.only_second, self.total(), "there is no row")
    }

    /// The share of rows in which both are right or both wrong: 1 − disagreement.
    pub fn agreement(&self) -> Score {
        Score::ratio(self.both + self.neither, self.total(), "there is no row")
    }

    /// The share of rows in which both are wrong, in [0, 1] (Giacinto and Roli 2001): low is diverse.
    pub fn double_fault(&self) -> Score {
        Score::ratio(self.neither, self.total(), "there is no row")
    }

    /// Single errors for each double error, (N⁰¹ + N¹⁰) / N⁰⁰ (after Aksela 2003): high is diverse.
    pub fn ratio_errors(&self) -> Score {
        Score::ratio(self.only_first + self.only_second, self.neither, "the two are never wrong together")
    }

    /// The interrater agreement κ of being right, 2(N¹¹N⁰⁰ − N⁰¹N¹⁰) / ((N¹¹+N¹⁰)(N¹⁰+N⁰⁰) + (N¹¹+N⁰¹)(N⁰¹+N⁰⁰)): low is diverse.
    pub fn kappa(&self) -> Score {
        let covariance = self.both * self.neither - self.only_first * self.only_second;
        let chance = (self.both + self.only_first) * (self.only_first + self.neither)
            + (self.both + self.only_second) * (self.only_second + self.neither);
        Score::ratio(2.0 * covariance, chance, "both members are always right or always wrong")
    }
}
