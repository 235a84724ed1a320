use consort_core::{Error, FitContext, Learner, Model, Result, Samples, Takes};
use serde::{Deserialize, Serialize};

use super::{Distance, KNearestModel, k_nearest_model::Answers};
use crate::{classes::Present, dense::Training};

/// How much each neighbour counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Votes {
    /// All alike.
    #[default]
    Uniform,
    /// By `1 / distance`; where some are at distance 0, those alone.
    Distance,
}

/// The `k` nearest training rows: the share of each class among them, or the mean of their values.
///
/// Ties in distance go to the row that is first in the training part. A training part of fewer than `k` rows is taken
/// whole. Features count by their units: scale them before.
///
/// A weight counts copies of a row: neighbours are taken until their weights sum to `k`, and of the last as much counts as
/// is missing. So weights of mean 1 are the natural ones; with weights far below 1 many rows are needed to make `k`.
///
/// The fit keeps the rows. Prediction compares every row with every training row: a blocked matrix product in single
/// precision, whose rounding is bounded, and the candidates again in double precision, so the neighbours are exact;
/// `2 n m p` operations for `n` rows and `m` training rows. No tree: linfa's overflows the stack on equal points, and its
/// plain search was 9 × slower.
///
/// # Errors
/// [`Error::Parameter`]; [`Error::Unsupported`] for categories or missing values; [`Error::NotFinite`].
///
/// Source: Fix, Hodges (1951); Cover, Hart (1967), "Nearest neighbor pattern classification"; Dudani (1976) for votes by distance.
///
/// ```
/// use consort_core::{Column, Dataset, Features, FitContext, Learner, Samples, Seed, Target};
/// use consort_linfa::KNearest;
/// let x = Column::Numeric { name: "x".into(), values: vec![0.0, 1.0, 10.0] };
/// let y = Target::from_values(vec![2.0, 4.0, 9.0], "y")?;
/// let data = Dataset::new(Features::Columns(vec![x]))?.with_target(y)?;
/// let model = KNearest { k: 2, ..Default::default() }.fit(&Samples::all(&data), &FitContext::new(Seed::new(0)))?;
/// assert_eq!(model.predict(&Samples::all(&data))?.at(0, 0), 3.0);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KNearest {
    /// How many neighbours count.
    pub k: usize,
    /// How much each counts.
    pub votes: Votes,
    /// What near means.
    pub distance: Distance,
}

impl Default for KNearest {
    fn default() -> Self {
        Self { k: 5, votes: Votes::Uniform, distance: Distance::Euclidean }
    }
}

const BY: &str = "nearest neighbours";

impl KNearest {
    /// With so many neighbours.
    pub fn k(mut self, k: usize) -> Self {
        self.k = k;
        self
    }

    /// With these votes.
    pub fn votes(mut self, votes: Votes) -> Self {
        self.votes = votes;
        self
    }

    /// With this distance.
    pub fn distance(mut self, distance: Distance) -> Self {
        self.distance = distance;
        self
    }

    /// Refuses what is out of range.
    ///
    /// # Errors
    /// [`Error::Parameter`] for no neighbour.
    pub fn check(&self) -> Result<()> {
        if self.k == 0 {
            return Err(Error::parameter("k", self.k, "at least 1"));
        }
        Ok(())
    }

    /// The fit, with its own type.
    ///
    /// # Errors
    /// As [`Learner::fit`].
    pub fn remember(&self, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<KNearestModel> {
        self.check()?;
        ctx.install(|| {
            let train = Training::new(BY, train)?;
            let answers = if train.is_classification()? {
                let target = train.classes()?;
                let codes = target.codes.clone();
                Answers::Classes { codes, present: Present::new(target) }
            } else {
                let target = train.values()?;
                Answers::Values { values: target.values, targets: target.names }
            };
            ctx.check()?;
            Ok(KNearestModel::new(self.clone(), train.table.all_rows(), answers, train.weights, train.schema))
        })
    }
}

#[typetag::serde(name = "k_nearest")]
impl Learner for KNearest {
    fn name(&self) -> String {
        "knn".into()
    }

    fn takes(&self) -> Takes {
        Takes { categories: false, missing: false, weights: true }
    }

    fn fit(&self, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<Box<dyn Model>> {
        let model = self.remember(train, ctx)?;
        ctx.progress.step(1, 1, "fitted");
        Ok(Box::new(model))
    }
}
