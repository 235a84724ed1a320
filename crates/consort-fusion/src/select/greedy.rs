use std::collections::BTreeMap;
use std::sync::Arc;

use consort_core::{Error, Fuser, Fusion, Metric, Predictions, Result, Seed, Truth};
use consort_metrics::LogLoss;
use serde::{Deserialize, Serialize};

use super::forward::Search;
use super::running::running;
use super::weighted_members::exact_weights;
use super::{Bags, Labelled, Run, Selection, Tie, suitable};
use crate::device::Device;

/// Which rounds of a search are kept.
///
/// ```
/// use consort_fusion::select::{GreedySelection, Keep};
/// assert_eq!(GreedySelection::default().keep, Keep::Best);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keep {
    /// Those up to the best score; the first on ties.
    #[default]
    Best,
    /// All.
    Last,
}

/// What it costs to have a member in the ensemble, as time, memory or money.
///
/// ```
/// use std::collections::BTreeMap;
/// use consort_fusion::select::GreedySelection;
/// // A second of `net` is worth 0.001 of the score.
/// let costs = BTreeMap::from([("tree".to_string(), 0.1), ("net".to_string(), 20.0)]);
/// let greedy = GreedySelection::default().costs(costs, 0.001);
/// assert_eq!(greedy.costs.unwrap().of["net"], 20.0);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Costs {
    /// The cost of each member, by name; each member needs one.
    pub of: BTreeMap<String, f64>,
    /// How much of the score one unit of cost is worth.
    pub penalty: f64,
}

/// Greedy ensemble selection: each round adds the member that makes the mean of the picks best.
///
/// From an empty ensemble or the `start` best members, each round tries every member m and picks
/// argminₘ L((S + pₘ) / (n + 1)), where S is the sum of the n picks so far and L the metric as a cost. A member may
/// be picked again, which gives it weight. The weights are picks / number of picks.
///
/// - **Ties.** Costs within `tolerance` × max(|least|, |cost of the best member alone|) of the least are equal; the default
///   is 10⁻¹², so that rounding never decides, whatever the unit of the target. Among equals, [`Tie`] chooses, and last the
///   order of the members.
/// - **What is scored** is what the ensemble would give: the mean in `f64`, rounded to `f32` where a metric reads
///   labels or ranks. So a mean of 0.3 and 0.7 is a probability of 0.5, whatever the last bits of both.
/// - **Costs** of members add penalty × (cost of the set of members that are in) to what is made small.
/// - **Backward removal** takes picks away from what was kept, the best to be rid of first, as long as the score
///   gets better, or stays equal with one member less.
///
/// Shapes: `[members][rows][columns]` probabilities, or values of a regression. Members must give every row that
/// has weight.
///
/// Complexity: O(rounds × members × rows × columns). Log loss reads `[members][rows]` numbers a round; squared
/// error (Brier) takes a pass only for the first pick of each member; accuracy and AUC of two classes have roads of
/// their own; every other metric, a user's own included, reads the candidates' means one by one.
///
/// Sources: Caruana, Niculescu-Mizil, Crew and Ksikes (2004), Ensemble selection from libraries of models; Caruana,
/// Munson and Niculescu-Mizil (2006), Getting the most out of ensemble selection.
///
/// ```
/// use consort_core::{Classes, Gives, Ids, Outputs, Predictions, Seed, Target, Truth};
/// use consort_fusion::select::GreedySelection;
/// let classes = Classes::new(["no", "yes"])?;
/// let target = Target::from_labels(["yes", "no", "yes"], &classes, "y")?;
/// let predictions = Predictions::builder(Outputs::Classes(classes), Ids::positions(3))
///     .member("a", Gives::Probabilities, &[0.1, 0.9, 0.4, 0.6, 0.2, 0.8])?
///     .member("b", Gives::Probabilities, &[0.4, 0.6, 0.9, 0.1, 0.5, 0.5])?
///     .build()?;
/// let greedy = GreedySelection::default().rounds(10);
/// let selection = greedy.select(&predictions, &Truth::new(&target), Seed::new(0))?;
/// assert_eq!(selection.runs()[0].picks[..2], [0, 1]);
/// assert_eq!(selection.member_weights().iter().sum::<f64>(), 1.0);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GreedySelection {
    /// How many picks there are at most, the sorted start included. The default is 50.
    pub rounds: usize,
    /// What is made better. The default is log loss.
    pub metric: Arc<dyn Metric>,
    /// With how many of the best members (at most all) the ensemble starts. The default is 0: empty.
    pub start: usize,
    /// Whether a member may be picked again. The default is yes.
    pub replacement: bool,
    /// Several selections from random parts of the library. The default is one from all of it.
    pub bags: Option<Bags>,
    /// After how many rounds without a gain the search stops. The default is never.
    pub patience: Option<usize>,
    /// A gain counts for `patience` if it is greater than this. The default is 0.
    pub min_gain: f64,
    /// Which rounds are kept. The default is those up to the best.
    pub keep: Keep,
    /// Whether picks are taken away again at the end. The default is no.
    pub removal: bool,
    /// What members cost. The default is nothing.
    pub costs: Option<Costs>,
    /// Which of equal candidates is picked. The default is the first.
    pub tie: Tie,
    /// How many different members may be in. The default is all.
    pub max_members: Option<usize>,
    /// Up to which difference costs are equal, relative to the greater of the cost and that of the best member alone. The default
    /// is 10⁻¹².
    pub tolerance: f64,
    /// What scores the candidates in the place of the CPU; it is not saved. The default is nothing.
    #[serde(skip)]
    pub device: Option<Arc<dyn Device>>,
}

impl Default for GreedySelection {
    fn default() -> Self {
        Self::new(Arc::new(LogLoss::default()))
    }
}

impl GreedySelection {
    /// Selection by this metric, all else by default.
    pub fn new(metric: Arc<dyn Metric>) -> Self {
        Self {
            rounds: 50,
            metric,
            start: 0,
            replacement: true,
            bags: None,
            patience: None,
            min_gain: 0.0,
            keep: Keep::Best,
            removal: false,
            costs: None,
            tie: Tie::First,
            max_members: None,
            tolerance: 1e-12,
            device: None,
        }
    }

    /// On a device, if it has the metric and rows have no weights. Where costs differ by less than a device's rounding
    /// (10⁻⁶ of them) another member may be picked than on the CPU.
    pub fn on(mut self, device: Arc<dyn Device>) -> Self {
        self.device = Some(device);
        self
    }

    /// With at most so many picks.
    pub fn rounds(mut self, rounds: usize) -> Self {
        self.rounds = rounds;
        self
    }

    /// By another metric.
    pub fn metric(mut self, metric: Arc<dyn Metric>) -> Self {
        self.metric = metric;
        self
    }

    /// Starting with so many of the best members.
    pub fn start(mut self, members: usize) -> Self {
        self.start = members;
        self
    }

    /// With or without replacement.
    pub fn replacement(mut self, replacement: bool) -> Self {
        self.replacement = replacement;
        self
    }

    /// From random parts of the library.
    pub fn bags(mut self, bags: Bags) -> Self {
        self.bags = Some(bags);
        self
    }

    /// Stopping after so many rounds without a gain of more than `min_gain`.
    pub fn patience(mut self, rounds: usize, min_gain: f64) -> Self {
        (self.patience, self.min_gain) = (Some(rounds), min_gain);
        self
    }

    /// Keeping the best prefix or all rounds.
    pub fn keep(mut self, keep: Keep) -> Self {
        self.keep = keep;
        self
    }

    /// With backward removal at the end, or without.
    pub fn removal(mut self, removal: bool) -> Self {
        self.removal = removal;
        self
    }

    /// With a cost of each member, by name, and what one unit of it is worth in the score.
    pub fn costs(mut self, of: BTreeMap<String, f64>, penalty: f64) -> Self {
        self.costs = Some(Costs { of, penalty });
        self
    }

    /// With another rule for ties.
    pub fn tie(mut self, tie: Tie) -> Self {
        self.tie = tie;
        self
    }

    /// With at most so many different members.
    pub fn max_members(mut self, members: usize) -> Self {
        self.max_members = Some(members);
        self
    }

    /// With another difference up to which costs are equal.
    pub fn tolerance(mut self, tolerance: f64) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// Checks the parameters.
    ///
    /// # Errors
    /// [`Error::Parameter`] with the parameter, its value and its range.
    pub fn check(&self) -> Result<()> {
        let at_least_one = |name, value: Option<usize>| match value {
            Some(0) => Err(Error::parameter(name, 0, "at least 1")),
            _ => Ok(()),
        };
        at_least_one("rounds", Some(self.rounds))?;
        at_least_one("patience", self.patience)?;
        at_least_one("max_members", self.max_members)?;
        if self.start > self.rounds {
            return Err(Error::parameter("start", self.start, format!("at most the {} rounds", self.rounds)));
        }
        if let Some(most) = self.max_members.filter(|&most| most < self.start) {
            return Err(Error::parameter("max_members", most, format!("at least the {} of the start", self.start)));
        }
        for (name, value) in [("min_gain", self.min_gain), ("tolerance", self.tolerance)] {
            if !(value.is_finite() && value >= 0.0) {
                return Err(Error::parameter(name, value, "finite and at least 0"));
            }
        }
        if let Some(bags) = &self.bags {
            bags.check()?;
        }
        if let Some(costs) = &self.costs {
            if !(costs.penalty.is_finite() && costs.penalty >= 0.0) {
                return Err(Error::parameter("costs.penalty", costs.penalty, "finite and at least 0"));
            }
            if let Some((name, cost)) = costs.of.iter().find(|(_, cost)| !(cost.is_finite() && **cost >= 0.0)) {
                return Err(Error::parameter("costs.of", format!("{cost} for `{name}`"), "finite and at least 0"));
            }
        }
        Ok(())
    }

    /// The selection fitted on these predictions. Rows of weight 0 are not read.
    ///
    /// The predictions must be out-of-fold or of held-out rows. The seed decides the bags and nothing else.
    ///
    /// # Errors
    /// If a parameter is out of range, the truth is not parallel, the metric is not defined for the problem or has
    /// no value on these rows, a member gives logits or scores or lacks a row that has weight, or has no cost where
    /// members have costs.
    pub fn select(&self, predictions: &Predictions, truth: &Truth<'_>, seed: Seed) -> Result<Selection> {
        self.check()?;
        suitable(self.metric.as_ref(), predictions, "greedy")?;
        let data = Labelled::new(predictions, truth, "greedy")?;
        let names: Vec<&str> = predictions.names().collect();
        let direction = self.metric.direction();
        let single_scores: Vec<Option<f64>> =
            data.member_scores(self.metric.as_ref())?.iter().map(consort_core::Score::value).collect();
        let single: Vec<f64> =
            single_scores.iter().map(|score| score.map_or(f64::INFINITY, |score| direction.cost(score))).collect();
        let prices = self.prices(&names)?;
        let search = Search { params: self, direction, single: &single, prices: &prices };

        let mut running = running(&self.metric, &data, self.device.as_deref())?;
        let libraries: Vec<Vec<usize>> = match &self.bags {
            None => vec![(0..names.len()).collect()],
            Some(bags) => (0..bags.count).map(|b| bags.library(b, &names, seed)).collect(),
        };
        let runs: Result<Vec<Run>> = libraries.iter().map(|library| search.run(running.as_mut(), library)).collect();
        let runs = runs?;
        let mut weights = vec![0.0; names.len()];
        for run in &runs {
            let size = f64::from(run.counts.iter().sum::<u32>());
            for (weight, &count) in weights.iter_mut().zip(&run.counts) {
                *weight += f64::from(count) / size;
            }
        }
        Ok(Selection {
            weights: exact_weights(&weights, &names),
            members: names.into_iter().map(String::from).collect(),
            metric: self.metric.name(),
            direction,
            single_scores,
            runs,
        })
    }

    /// Penalty × cost of each member.
    fn prices(&self, names: &[&str]) -> Result<Vec<f64>> {
        let Some(costs) = &self.costs else { return Ok(vec![0.0; names.len()]) };
        if let Some(name) = costs.of.keys().find(|name| !names.contains(&name.as_str())) {
            return Err(Error::UnknownName {
                what: "member in the costs",
                name: name.clone(),
                known: format!("the members are {}", names.join(", ")),
            });
        }
        let price = |name: &&str| {
            let cost = costs.of.get(*name).ok_or_else(|| Error::UnknownName {
                what: "cost of member",
                name: (*name).into(),
                known: "give every member a cost, 0 if it is free".into(),
            })?;
            Ok(costs.penalty * cost)
        };
        names.iter().map(price).collect()
    }
}

#[typetag::serde]
impl Fuser for GreedySelection {
    fn name(&self) -> String {
        "greedy".into()
    }

    fn fit(&self, predictions: &Predictions, truth: &Truth<'_>, seed: Seed) -> Result<Box<dyn Fusion>> {
        Ok(Box::new(self.select(predictions, truth, seed)?))
    }
}
