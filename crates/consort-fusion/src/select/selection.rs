use consort_core::{Direction, Fusion, Matrix, Predictions, Result};
use serde::{Deserialize, Serialize};

use super::weighted_members::mean_of_named;

/// A fitted selection: a weighted mean of members, and how it came about.
///
/// The weights are multiples of 2⁻⁵³ whose sum is exactly 1 in any order of addition; each is within 2⁻⁵⁰ of
/// picks / number of picks. Members of weight 0 are not needed to [`fuse`](Fusion::fuse).
///
/// ```
/// use consort_core::{Classes, Fusion, Gives, Ids, Outputs, Predictions, Seed, Target, Truth};
/// use consort_fusion::select::GreedySelection;
/// let classes = Classes::new(["no", "yes"])?;
/// let target = Target::from_labels(["yes", "no"], &classes, "y")?;
/// let predictions = Predictions::builder(Outputs::Classes(classes), Ids::positions(2))
///     .member("poor", Gives::Probabilities, &[0.6, 0.4, 0.5, 0.5])?
///     .member("good", Gives::Probabilities, &[0.2, 0.8, 0.9, 0.1])?
///     .build()?;
/// let selection = GreedySelection::default().select(&predictions, &Truth::new(&target), Seed::new(0))?;
/// assert_eq!(selection.member_weights(), [0.0, 1.0]);
/// assert_eq!(selection.fuse(&predictions)?.row(0), [0.2, 0.8]);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Selection {
    pub(super) members: Vec<String>,
    pub(super) weights: Vec<f64>,
    pub(super) metric: String,
    pub(super) direction: Direction,
    pub(super) single_scores: Vec<Option<f64>>,
    pub(super) runs: Vec<Run>,
}

/// One search: of the whole library, or of a bag of it. Members are numbers in [`Selection::members`].
///
/// ```
/// use consort_core::{Gives, Ids, Outputs, Predictions, Seed, Target, Truth};
/// use consort_fusion::select::GreedySelection;
/// use consort_metrics::regression::RootMeanSquaredError;
/// let predictions = Predictions::builder(Outputs::target("y"), Ids::positions(2))
///     .member("low", Gives::Values, &[0.0, 1.0])?
///     .member("high", Gives::Values, &[2.0, 3.0])?
///     .build()?;
/// let target = Target::from_values(vec![1.0, 2.0], "y")?;
/// let greedy = GreedySelection::new(std::sync::Arc::new(RootMeanSquaredError)).rounds(4);
/// let selection = greedy.select(&predictions, &Truth::new(&target), Seed::new(0))?;
/// let run = &selection.runs()[0];
/// assert_eq!((&run.picks[..2], run.best_round, run.path[1]), (&[0, 1][..], 2, Some(0.0)));
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// The members that it could pick.
    pub library: Vec<usize>,
    /// The member picked in each round, the sorted start first.
    pub picks: Vec<usize>,
    /// The score after each round; `None` within the sorted start, which comes as a whole, or where it is undefined.
    pub path: Vec<Option<f64>>,
    /// The first round of the best score (and price, where members have costs), from 1.
    pub best_round: usize,
    /// How many rounds were kept.
    pub kept_rounds: usize,
    /// The members of which a pick was taken away again, in order.
    pub removed: Vec<usize>,
    /// How often each member of the selection is in, after all.
    pub counts: Vec<u32>,
    /// The score of what was kept, on the rows that it was chosen on.
    pub score: Option<f64>,
}

impl Selection {
    /// The names of the members, those of weight 0 included.
    pub fn members(&self) -> &[String] {
        &self.members
    }

    /// One weight a member.
    pub fn member_weights(&self) -> &[f64] {
        &self.weights
    }

    /// The name of the metric that chose.
    pub fn metric(&self) -> &str {
        &self.metric
    }

    /// Which way that metric gets better.
    pub fn direction(&self) -> Direction {
        self.direction
    }

    /// The score of each member alone; `None` where it is undefined.
    pub fn single_scores(&self) -> &[Option<f64>] {
        &self.single_scores
    }

    /// The search, or one search a bag.
    pub fn runs(&self) -> &[Run] {
        &self.runs
    }
}

#[typetag::serde]
impl Fusion for Selection {
    fn name(&self) -> String {
        "greedy".into()
    }

    fn fuse(&self, predictions: &Predictions) -> Result<Matrix> {
        mean_of_named(&self.members, &self.weights, predictions)
    }

    fn row_by_row(&self) -> bool {
        true
    }

    fn weights(&self) -> Option<Vec<f64>> {
        Some(self.weights.clone())
    }
}
