use std::sync::Arc;

use consort_core::{Direction, Error, Fuser, Fusion, Metric, Predictions, Result, Score, Seed, Truth};
use consort_metrics::LogLoss;
use serde::{Deserialize, Serialize};

use crate::select::{Labelled, WeightedMembers, suitable};

/// How a member's score becomes its weight. Weights are scaled to sum to 1.
///
/// ```
/// use consort_fusion::weights::{ByScore, Scheme};
/// assert!(ByScore::default().scheme(Scheme::Softmax { temperature: 0.1 }).check().is_ok());
/// assert!(ByScore::default().scheme(Scheme::Softmax { temperature: 0.0 }).check().is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Scheme {
    /// max(score − floor, 0), for scores of which more is better: with floor 0.5, AUC by what it has over chance.
    Proportional {
        /// The score that is worth nothing.
        floor: f64,
    },
    /// exp(−cost / temperature), where the cost is the score or its negative. A lower temperature is sharper.
    Softmax {
        /// Above 0, in units of the score.
        temperature: f64,
    },
    /// The number of members that it is not worse than: M for the best down to 1 for the worst; equal members share.
    Rank,
    /// 1 / errorᵖ, where the error is the score, or 1 − score where more is better and scores are in \[0, 1\]. If
    /// members make no error at all, they share everything.
    InverseError {
        /// The power p, above 0. With squared errors and 1 it is the best weighting of unbiased, uncorrelated members
        /// (Bates and Granger 1969).
        power: f64,
    },
    /// max(ln(score / (1 − score)), 0), for scores in \[0, 1\] of which more is better: with accuracy, the best
    /// weights of independent voters (Littlestone and Warmuth 1994; Kuncheva 2004). Scores are kept
    /// 1 / (2·(total weight of the rows + 1)) away from 0 and 1.
    LogOdds,
    /// exp(−rate × sum of the cost over the rows): the exponentially weighted forecaster, or Hedge (Littlestone and
    /// Warmuth 1994; Freund and Schapire 1997), for metrics that are means over rows. With log loss and rate 1 it is
    /// Bayes' rule on equal priors.
    Exponential {
        /// Above 0; `None` is √(8 ln(members) / total weight), the best for losses in \[0, 1\].
        rate: Option<f64>,
    },
}

/// Weights from the score of each member alone: a weighted mean that takes no account of how members go together.
///
/// O(members × metric). If no member is worth anything (all below the floor, say), all count the same.
///
/// ```
/// use std::sync::Arc;
/// use consort_core::{Classes, Gives, Ids, Outputs, Predictions, Target, Truth};
/// use consort_fusion::weights::{ByScore, Scheme};
/// use consort_metrics::Accuracy;
/// let classes = Classes::new(["no", "yes"])?;
/// let target = Target::from_labels(["yes", "no", "no", "no"], &classes, "y")?;
/// let predictions = Predictions::builder(Outputs::Classes(classes), Ids::positions(4))
///     .member("three_right", Gives::Probabilities, &[0.0, 1.0, 1.0, 0.0, 1.0, 0.0, 0.0, 1.0])?
///     .member("one_right", Gives::Probabilities, &[0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0])?
///     .build()?;
/// let weights = ByScore::new(Arc::new(Accuracy), Scheme::Proportional { floor: 0.0 });
/// assert_eq!(weights.weigh(&predictions, &Truth::new(&target))?.member_weights(), [0.75, 0.25]);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ByScore {
    /// The metric. The default is log loss.
    pub metric: Arc<dyn Metric>,
    /// How scores become weights. The default is the inverse of the error.
    pub scheme: Scheme,
}

impl Default for ByScore {
    fn default() -> Self {
        Self::new(Arc::new(LogLoss::default()), Scheme::InverseError { power: 1.0 })
    }
}

impl ByScore {
    /// Weights by this metric and scheme.
    pub fn new(metric: Arc<dyn Metric>, scheme: Scheme) -> Self {
        Self { metric, scheme }
    }

    /// By another metric.
    pub fn metric(mut self, metric: Arc<dyn Metric>) -> Self {
        self.metric = metric;
        self
    }

    /// By another scheme.
    pub fn scheme(mut self, scheme: Scheme) -> Self {
        self.scheme = scheme;
        self
    }

    /// Checks the parameters.
    ///
    /// # Errors
    /// [`Error::Parameter`] with the parameter, its value and its range.
    pub fn check(&self) -> Result<()> {
        let (name, value) = match self.scheme {
            Scheme::Softmax { temperature } => ("temperature", temperature),
            Scheme::InverseError { power } => ("power", power),
            Scheme::Exponential { rate: Some(rate) } => ("rate", rate),
            Scheme::Proportional { floor } if !floor.is_finite() => {
                return Err(Error::parameter("floor", floor, "finite"));
            }
            _ => return Ok(()),
        };
        if value.is_finite() && value > 0.0 { Ok(()) } else { Err(Error::parameter(name, value, "finite and above 0")) }
    }

    /// The weights on these predictions.
    ///
    /// # Errors
    /// If a parameter is out of range, the truth is not parallel, the metric is not defined for the problem or for some
    /// member, its scores do not suit the scheme, or a member gives logits or scores or lacks a row that has weight.
    pub fn weigh(&self, predictions: &Predictions, truth: &Truth<'_>) -> Result<WeightedMembers> {
        const BY: &str = "by_score";
        self.check()?;
        suitable(self.metric.as_ref(), predictions, BY)?;
        let data = Labelled::new(predictions, truth, BY)?;
        let names: Vec<&str> = predictions.names().collect();
        let scores = data.member_scores(self.metric.as_ref())?;
        let defined: Result<Vec<f64>> = names
            .iter()
            .zip(&scores)
            .map(|(name, score)| match score {
                Score::Value(value) => Ok(*value),
                Score::Undefined(reason) => Err(Error::Unsupported {
                    by: BY.into(),
                    what: format!("member `{name}`, whose `{}` is undefined: {reason}", self.metric.name()),
                    hint: "leave it out, or choose another metric".into(),
                }),
            })
            .collect();
        let mut weights = self.of_scores(&defined?, data.total_weight())?;
        if weights.iter().all(|&weight| weight == 0.0) {
            weights.fill(1.0);
        }
        Ok(WeightedMembers::new(BY, &names, &weights, scores.iter().map(Score::value).collect()))
    }

    fn of_scores(&self, scores: &[f64], rows: f64) -> Result<Vec<f64>> {
        let direction = self.metric.direction();
        let costs: Vec<f64> = scores.iter().map(|&score| direction.cost(score)).collect();
        let least = costs.iter().copied().fold(f64::INFINITY, f64::min);
        Ok(match self.scheme {
            Scheme::Proportional { floor } => {
                self.more_is_better("inverse_error", direction)?;
                scores.iter().map(|score| (score - floor).max(0.0)).collect()
            }
            Scheme::Softmax { temperature } => costs.iter().map(|cost| ((least - cost) / temperature).exp()).collect(),
            Scheme::Rank => costs
                .iter()
                .map(|cost| {
                    let worse = costs.iter().filter(|other| *other > cost).count() as f64;
                    let equal = costs.iter().filter(|other| *other == cost).count() as f64;
                    worse + (equal + 1.0) / 2.0
                })
                .collect(),
            Scheme::InverseError { power } => {
                let errors: Vec<f64> = match direction {
                    Direction::Lower => scores.to_vec(),
                    Direction::Higher => self.shares(scores)?.iter().map(|score| 1.0 - score).collect(),
                };
                if let Some(error) = errors.iter().find(|error| **error < 0.0) {
                    return Err(self.unsuited(format!("a score of {error}"), "it needs scores of at least 0"));
                }
                // Relative to the least error, so that nothing runs over.
                let least = errors.iter().copied().fold(f64::INFINITY, f64::min);
                let inverse = |error: &f64| if *error == least { 1.0 } else { (least / error).powf(power) };
                errors.iter().map(inverse).collect()
            }
            Scheme::LogOdds => {
                self.more_is_better("exponential", direction)?;
                let edge = 0.5 / (rows + 1.0);
                let odds = |score: &f64| {
                    let p = score.clamp(edge, 1.0 - edge);
                    (p / (1.0 - p)).ln().max(0.0)
                };
                self.shares(scores)?.iter().map(odds).collect()
            }
            Scheme::Exponential { rate } => {
                let rate = rate.unwrap_or((8.0 * (scores.len() as f64).ln() / rows).sqrt());
                costs.iter().map(|cost| (rate * rows * (least - cost)).exp()).collect()
            }
        })
    }

    fn more_is_better(&self, instead: &str, direction: Direction) -> Result<()> {
        match direction {
            Direction::Higher => Ok(()),
            Direction::Lower => {
                Err(self.unsuited("a score of which less is better".into(), &format!("use `{instead}`")))
            }
        }
    }

    fn shares<'a>(&self, scores: &'a [f64]) -> Result<&'a [f64]> {
        match scores.iter().find(|score| !(0.0..=1.0).contains(*score)) {
            None => Ok(scores),
            Some(score) => Err(self.unsuited(format!("a score of {score}"), "it needs scores from 0 to 1")),
        }
    }

    fn unsuited(&self, what: String, hint: &str) -> Error {
        Error::Unsupported {
            by: "by_score".into(),
            what: format!("{what} (metric `{}`) in this scheme", self.metric.name()),
            hint: hint.into(),
        }
    }
}

#[typetag::serde]
impl Fuser for ByScore {
    fn name(&self) -> String {
        "by_score".into()
    }

    fn fit(&self, predictions: &Predictions, truth: &Truth<'_>, _: Seed) -> Result<Box<dyn Fusion>> {
        Ok(Box::new(self.weigh(predictions, truth)?))
    }
}
