use consort_core::Score;
use serde::{Deserialize, Serialize};

/// In what weight of rows 0, 1, … L of the L members are right. All measures of a whole ensemble follow from it.
///
/// Notation: l is the number of members that are right in a row, E the weighted mean over rows, p̄ = E\[l\]/L.
/// Formulas as collected by Kuncheva and Whitaker (2003).
///
/// ```
/// use consort_metrics::diversity::Correctness;
/// let right = Correctness::from_bits(
///     ["a", "b", "c"],
///     &[vec![true, true, false], vec![true, false, false], vec![true, true, false]],
/// )?;
/// let counts = right.counts();
/// assert_eq!(counts.weights(), [1.0, 0.0, 1.0, 1.0]);
/// assert_eq!(counts.entropy().value(), Some(1.0 / 3.0));
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CorrectCounts {
    weights: Vec<f64>,
}

const FEW: &str = "there is only one member";

impl CorrectCounts {
    pub(super) fn of(weights: Vec<f64>) -> Self {
        Self { weights }
    }

    /// The weight of the rows in which `l` members are right, at place `l`.
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// The number of members, L.
    pub fn members(&self) -> usize {
        self.weights.len() - 1
    }

    fn l(&self) -> f64 {
        self.members() as f64
    }

    fn total(&self) -> f64 {
        self.weights.iter().sum()
    }

    /// E\[f(l)\].
    fn mean(&self, f: impl Fn(f64) -> f64) -> f64 {
        self.weights.iter().enumerate().map(|(l, w)| w * f(l as f64)).sum::<f64>() / self.total()
    }

    /// The mean accuracy of the members, p̄.
    pub fn mean_accuracy(&self) -> f64 {
        self.mean(|l| l) / self.l()
    }

    /// The entropy measure E = E\[min(l, L − l)\] / (L − ⌈L/2⌉), in [0, 1]: 1 is the most diverse (Cunningham and Carney 2000).
    pub fn entropy(&self) -> Score {
        let l = self.l();
        Score::ratio(self.mean(|right| right.min(l - right)), l - (l / 2.0).ceil(), FEW)
    }

    /// The variance KW = E\[l(L − l)\] / L², in [0, ¼]: high is diverse (Kohavi and Wolpert 1996).
    pub fn kohavi_wolpert(&self) -> f64 {
        let l = self.l();
        self.mean(|right| right * (l - right)) / (l * l)
    }

    /// The interrater agreement κ = 1 − E\[l(L − l)\] / (L(L − 1) p̄(1 − p̄)) (Fleiss 1981): low is diverse.
    pub fn interrater_agreement(&self) -> Score {
        let (l, p) = (self.l(), self.mean_accuracy());
        if self.members() < 2 {
            return Score::undefined(FEW);
        }
        Score::ratio(
            self.mean(|right| right * (l - right)),
            l * (l - 1.0) * p * (1.0 - p),
            "all members are always right or always wrong",
        )
        .map(|x| 1.0 - x)
    }

    /// The difficulty θ = Var(l / L), with the number of rows as divisor (Hansen and Salamon 1990): low is diverse.
    pub fn difficulty(&self) -> f64 {
        let p = self.mean_accuracy();
        self.mean(|right| (right / self.l() - p).powi(2))
    }

    /// The generalised diversity GD = 1 − p(2)/p(1), in [0, 1]: 1 is the most diverse (Partridge and Krzanowski 1997).
    ///
    /// p(1) and p(2) are the chances that one, and that two, members drawn at random are wrong.
    pub fn generalized_diversity(&self) -> Score {
        let l = self.l();
        if self.members() < 2 {
            return Score::undefined(FEW);
        }
        let one = self.mean(|right| (l - right) / l);
        let two = self.mean(|right| (l - right) * (l - right - 1.0) / (l * (l - 1.0)));
        Score::ratio(two, one, "no member is ever wrong").map(|x| 1.0 - x)
    }

    /// The coincident failure diversity, in [0, 1]: 1 if every failure is of one member alone, 0 if all fail together
    /// or none ever fails (Partridge and Krzanowski 1997).
    ///
    /// CFD = Σᵢ (L − i)/(L − 1) pᵢ / (1 − p₀), pᵢ the share of rows in which i members are wrong.
    pub fn coincident_failure_diversity(&self) -> Score {
        let l = self.l();
        if self.members() < 2 {
            return Score::undefined(FEW);
        }
        let failing = self.mean(|right| if right < l { 1.0 } else { 0.0 });
        if failing == 0.0 {
            return Score::Value(0.0);
        }
        // L − i of the formula is the number of members that are right.
        Score::from(self.mean(|right| if right < l { right / (l - 1.0) } else { 0.0 }) / failing)
    }

    /// The share of rows in which some member is right: what a perfect choice among the members would reach.
    pub fn oracle_accuracy(&self) -> f64 {
        1.0 - self.weights[0] / self.total()
    }

    /// The share of rows in which all members are right.
    pub fn unanimous_accuracy(&self) -> f64 {
        self.weights[self.members()] / self.total()
    }

    /// The share of rows in which more than half of the members are right: an absolute majority.
    ///
    /// With more than two classes a plurality is right more often than that.
    pub fn majority_accuracy(&self) -> f64 {
        self.mean(|right| if 2.0 * right > self.l() { 1.0 } else { 0.0 })
    }
}
