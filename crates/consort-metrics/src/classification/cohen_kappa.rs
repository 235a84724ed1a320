use consort_core::{Accumulator, Direction, Estimates, Metric, Reads, Result, Score, Task, Truth};
use serde::{Deserialize, Serialize};

use crate::classification::ConfusionMatrix;
use crate::classification::tally::{OfTally, Tally};

/// How much it costs to take one class for another.
///
/// ```
/// use consort_metrics::classification::KappaWeights;
/// assert_eq!(KappaWeights::default(), KappaWeights::Unweighted);
/// assert_eq!(serde_json::to_string(&KappaWeights::Quadratic).unwrap(), r#""quadratic""#);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KappaWeights {
    /// Every mistake costs the same.
    #[default]
    Unweighted,
    /// As many places as the classes are apart in class order.
    Linear,
    /// The square of the places.
    Quadratic,
}

impl KappaWeights {
    fn cost(self, truth: usize, predicted: usize) -> f64 {
        let apart = truth.abs_diff(predicted) as f64;
        match self {
            KappaWeights::Unweighted => f64::from(u8::from(truth != predicted)),
            KappaWeights::Linear => apart,
            KappaWeights::Quadratic => apart * apart,
        }
    }
}

/// Cohen's kappa: the agreement of truth and predictions beyond chance.
///
/// 1 − Σ vⱼₖ·mⱼₖ / Σ vⱼₖ·tⱼ·pₖ/s, where m is the confusion matrix, t and p its margins, s its sum and v the cost of a
/// mistake ([`KappaWeights`]). In \[−1, 1\], 1 is best, 0 is chance. Undefined where truth and predictions are of one and
/// the same class. O(rows × classes + classes²).
///
/// Sources: Cohen (1960); Cohen (1968) for weights.
///
/// ```
/// use consort_core::{Classes, Estimates, Gives, Metric, Target, Truth};
/// use consort_metrics::classification::CohenKappa;
/// let target = Target::from_labels(["a", "b"], &Classes::new(["a", "b"])?, "y")?;
/// let estimates = Estimates::f32(&[0.9, 0.1, 0.7, 0.3], 2, Gives::Probabilities)?;
/// assert_eq!(CohenKappa::default().score(&estimates, &Truth::new(&target))?.value(), Some(0.0));
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CohenKappa {
    /// The cost of a mistake.
    pub weights: KappaWeights,
}

impl CohenKappa {
    /// The same with another cost of a mistake.
    pub fn weights(mut self, weights: KappaWeights) -> Self {
        self.weights = weights;
        self
    }
}

impl ConfusionMatrix {
    /// [`CohenKappa`] of the rows taken. Undefined if truth and predictions are of one and the same class.
    pub fn cohen_kappa(&self, weights: KappaWeights) -> Score {
        let (truths, predicted) = (self.truths(), self.predicted());
        let total: f64 = truths.iter().sum();
        let (mut observed, mut chance) = (0.0, 0.0);
        for (t, truth) in truths.iter().enumerate() {
            for (p, predicted) in predicted.iter().enumerate() {
                let cost = weights.cost(t, p);
                observed += cost * self.at(t, p);
                chance += cost * truth * (predicted / total);
            }
        }
        if total == 0.0 {
            return Score::undefined("no row has weight");
        }
        Score::ratio(observed, chance, "truth and predictions are of one and the same class").map(|ratio| 1.0 - ratio)
    }
}

impl OfTally for CohenKappa {
    fn by(&self) -> String {
        self.name()
    }
    fn of_tally(&self, tally: &Tally) -> Score {
        tally.matrix().map_or_else(|undefined| undefined, |matrix| matrix.cohen_kappa(self.weights))
    }
}

#[typetag::serde]
impl Metric for CohenKappa {
    fn name(&self) -> String {
        match self.weights {
            KappaWeights::Unweighted => "cohen_kappa",
            KappaWeights::Linear => "cohen_kappa_linear",
            KappaWeights::Quadratic => "cohen_kappa_quadratic",
        }
        .into()
    }
    fn direction(&self) -> Direction {
        Direction::Higher
    }
    fn reads(&self) -> Reads {
        Reads::Label
    }
    fn suits(&self, task: Task) -> bool {
        task.is_classification()
    }
    fn range(&self) -> (f64, f64) {
        (-1.0, 1.0)
    }
    fn score(&self, estimates: &Estimates<'_>, truth: &Truth<'_>) -> Result<Score> {
        truth.classes("cohen_kappa")?;
        self.tallied(estimates, truth)
    }
    fn accumulator(&self) -> Option<Box<dyn Accumulator>> {
        self.tally_in_parts()
    }
}
