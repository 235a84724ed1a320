use std::sync::Arc;

use consort_core::{Error, Fuser, Fusion, Matrix, Predictions, Result, Seed, Truth};
use serde::{Deserialize, Serialize};

use super::{Competence, FittedDynamic, KnoraEliminate, Known, Training, fitted_dynamic::Space};
use crate::rule::{Panel, Roster, same_rows};

/// What the members that are asked do together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Voting {
    /// Their weighted mean.
    #[default]
    Soft,
    /// The shares of their weighted votes; for classes only.
    Hard,
}

/// Dynamic selection: for each row the members are asked that did well on the known rows near it.
///
/// Where near is, is a choice: by features ([`fit_near`](Self::fit_near)), by what the members give for the row (as a [`Fuser`], which
/// has no features), or by [`Neighbours`](super::Neighbours) found elsewhere. How well is the [`Competence`]. A row whose members all choose the same
/// class is not looked at: the answer is theirs.
///
/// The known rows must be rows that the members were not fitted on. Fit: one pass over them. Fusion: a search of every
/// disputed row among the known ones, exact, `2 n m p` operations for `n` disputed and `m` known rows of `p` numbers. The known rows
/// are kept with the fitted fusion.
///
/// A known row of weight 2 is there twice. A row that a member lacks is not learnt from; where it is to be fused, those that have it are asked, and
/// in the space of outputs the lacking numbers are the mean of theirs.
///
/// Sources: Woods, Kegelmeyer and Bowyer 1997; the survey of Cruz, Sabourin and Cavalcanti 2018; each competence names its own.
///
/// ```
/// use consort_core::{Classes, Fuser, Gives, Ids, Outputs, Predictions, Seed, Target, Truth};
/// use consort_fusion::dynamic::{DynamicSelection, KnoraUnion};
/// let classes = Classes::new(["a", "b"])?;
/// let predictions = Predictions::builder(Outputs::Classes(classes.clone()), Ids::positions(3))
///     .member("m1", Gives::Probabilities, &[0.9, 0.1, 0.8, 0.2, 0.7, 0.3])?
///     .member("m2", Gives::Probabilities, &[0.6, 0.4, 0.3, 0.7, 0.2, 0.8])?
///     .build()?;
/// let truth = Target::from_labels(["a", "b", "b"], &classes, "the truth")?;
/// let fitted = DynamicSelection::new(KnoraUnion).neighbours(1).fit(&predictions, &Truth::new(&truth), Seed::new(0))?;
/// // On the rows in dispute m2 was right.
/// assert_eq!(fitted.fuse(&predictions)?.row(2), [0.2, 0.8]);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DynamicSelection {
    competence: Arc<dyn Competence>,
    #[serde(default)]
    neighbours: Option<usize>,
    #[serde(default)]
    voting: Voting,
    #[serde(default)]
    prunes_by_frienemies: bool,
}

impl Default for DynamicSelection {
    /// KNORA-E.
    fn default() -> Self {
        Self::new(KnoraEliminate)
    }
}

impl DynamicSelection {
    /// By this competence, with its usual number of neighbours.
    pub fn new(competence: impl Competence + 'static) -> Self {
        Self::by(Arc::new(competence))
    }

    /// The same for a competence that is shared.
    pub fn by(competence: Arc<dyn Competence>) -> Self {
        Self { competence, neighbours: None, voting: Voting::default(), prunes_by_frienemies: false }
    }

    /// With so many neighbours.
    pub fn neighbours(mut self, neighbours: usize) -> Self {
        self.neighbours = Some(neighbours);
        self
    }

    /// With this voting.
    pub fn voting(mut self, voting: Voting) -> Self {
        self.voting = voting;
        self
    }

    /// Leaves out, where the neighbours are of several classes, the members that are not right on two of different class;
    /// unless that is all of them. Source: Oliveira, Cavalcanti and Sabourin 2017 (dynamic frienemy pruning).
    pub fn prune_by_frienemies(mut self, prunes: bool) -> Self {
        self.prunes_by_frienemies = prunes;
        self
    }

    /// The fit with neighbours by features, `[row][feature]`, scaled so that a distance means something.
    ///
    /// # Errors
    /// As [`Fuser::fit`]; [`Error::Length`] unless there is a row of features for each row, [`Error::NotFinite`] for a
    /// feature that is not finite.
    pub fn fit_near(&self, predictions: &Predictions, truth: &Truth<'_>, features: &Matrix) -> Result<FittedDynamic> {
        self.fit_in(predictions, truth, Some(features))
    }

    fn label(&self) -> String {
        match self.neighbours {
            Some(neighbours) => format!("{}:{neighbours}", self.competence.name()),
            None => self.competence.name(),
        }
    }

    fn fit_in(&self, predictions: &Predictions, truth: &Truth<'_>, features: Option<&Matrix>) -> Result<FittedDynamic> {
        let name = self.label();
        if self.neighbours == Some(0) {
            return Err(Error::parameter("neighbours", 0, "at least 1"));
        }
        same_rows(&name, predictions, truth)?;
        let (roster, predictions) = Roster::of(predictions)?;
        let panel = Panel::new(&name, &predictions, None, &super::fitted_dynamic::ACCEPTS)?;
        let known = Known::new(&name, &predictions, &panel, truth)?;
        if self.voting == Voting::Hard && !known.is_classification() {
            return Err(Error::Unsupported {
                by: format!("dynamic selection `{name}`"),
                what: "votes for values".into(),
                hint: "leave the voting soft".into(),
            });
        }
        let space = match features {
            None => Space::Profiles,
            Some(features) => {
                super::fitted_dynamic::check_features(&name, features, predictions.rows(), None)?;
                let rows = known.origins().iter().flat_map(|&i| features.row(i as usize)).copied().collect();
                Space::Features { width: features.columns(), rows }
            }
        };
        let neighbours = self.neighbours.or(self.competence.neighbours());
        let judge = self.competence.fit(&Training {
            by: &name,
            known: &known,
            space: match &space {
                Space::Profiles => known.profiles(),
                Space::Features { rows, .. } => rows,
            },
            neighbours: neighbours.map_or(known.rows(), |count| count.min(known.copies())),
        })?;
        let mut fitted = FittedDynamic {
            name,
            judge,
            known,
            roster,
            neighbours,
            voting: self.voting,
            prunes_by_frienemies: self.prunes_by_frienemies,
            space,
        };
        fitted.let_go();
        Ok(fitted)
    }
}

#[typetag::serde(name = "dynamic_selection")]
impl Fuser for DynamicSelection {
    fn name(&self) -> String {
        self.label()
    }

    fn fit(&self, predictions: &Predictions, truth: &Truth<'_>, _seed: Seed) -> Result<Box<dyn Fusion>> {
        Ok(Box::new(self.fit_in(predictions, truth, None)?))
    }
}
