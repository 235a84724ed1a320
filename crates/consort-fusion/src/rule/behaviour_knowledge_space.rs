use std::collections::BTreeMap;

use consort_core::{Error, Fuser, Fusion, Matrix, Missing, Predictions, Result, Seed, Truth, blocks};
use serde::{Deserialize, Serialize};

use super::{
    fixed::same_rows,
    label::{Chooser, ballots},
    mean::Mean,
    panel::Panel,
    roster::{CHOSEN, Roster},
    vote::{Ballot, Vote},
};

/// What to do with a row whose pattern of choices was never seen, or too seldom.
///
/// ```
/// use consort_fusion::rule::Fallback;
/// assert_eq!(Fallback::default(), Fallback::Vote);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fallback {
    /// The shares of votes.
    #[default]
    Vote,
    /// The mean of the members.
    Mean,
    /// How often each class occurs.
    Prior,
    /// No decision: the row is NaN.
    Reject,
}

impl Fallback {
    pub(super) fn name(self) -> &'static str {
        match self {
            Fallback::Vote => "vote",
            Fallback::Mean => "mean",
            Fallback::Prior => "prior",
            Fallback::Reject => "reject",
        }
    }
}

/// Behaviour-knowledge space: looks up what was true when the members chose as they do now.
///
/// The classes that the n members choose make a pattern, of Kⁿ possible ones. The fit counts, for each pattern seen, how often each class was
/// true; the fusion gives these shares. Nothing is assumed about how members depend on each other, so it needs many
/// rows and few members; a pattern that is new, or rarer than `least`, goes to the [`Fallback`].
///
/// Fit: one pass, and a table of the patterns seen. Fusion: one search in it a row.
///
/// Source: Huang and Suen 1995.
///
/// ```
/// use consort_core::{Classes, Fuser, Gives, Ids, Outputs, Predictions, Seed, Target, Truth};
/// use consort_fusion::rule::BehaviourKnowledgeSpace;
/// let classes = Classes::new(["a", "b"])?;
/// let predictions = Predictions::builder(Outputs::Classes(classes.clone()), Ids::positions(3))
///     .member("m1", Gives::Labels, &[1.0, 0.0, 1.0, 0.0, 0.0, 1.0])?
///     .member("m2", Gives::Labels, &[0.0, 1.0, 0.0, 1.0, 0.0, 1.0])?
///     .build()?;
/// let truth = Target::from_labels(["a", "b", "b"], &classes, "the truth")?;
/// let fitted = BehaviourKnowledgeSpace::default().fit(&predictions, &Truth::new(&truth), Seed::new(0))?;
/// // When m1 chose a and m2 chose b, each was right once.
/// assert_eq!(fitted.fuse(&predictions)?.row(0), [0.5, 0.5]);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BehaviourKnowledgeSpace {
    /// The least weight of rows that a pattern needs, at least 0.
    pub least: f64,
    /// What to do with other patterns.
    #[serde(default)]
    pub fallback: Fallback,
}

impl Default for BehaviourKnowledgeSpace {
    /// Any pattern that was seen counts; others go to the vote.
    fn default() -> Self {
        Self { least: 0.0, fallback: Fallback::Vote }
    }
}

impl BehaviourKnowledgeSpace {
    /// With another fall-back.
    pub fn with_fallback(mut self, fallback: Fallback) -> Self {
        self.fallback = fallback;
        self
    }

    /// With a least weight of rows for a pattern to count.
    pub fn with_least(mut self, least: f64) -> Self {
        self.least = least;
        self
    }

    /// Refuses a least weight that is negative or not finite.
    ///
    /// # Errors
    /// [`Error::Parameter`].
    pub fn check(&self) -> Result<()> {
        if self.least.is_finite() && self.least >= 0.0 {
            return Ok(());
        }
        Err(Error::parameter("least", self.least, "finite and at least 0"))
    }
}

/// The table of patterns, fitted.
///
/// ```
/// use consort_fusion::rule::FittedSpace;
/// let saved = r#"{"fallback": "vote", "roster": {"members": ["m"], "outputs": {"labels": []}}, "prior": [], "cells": []}"#;
/// assert_eq!(serde_json::from_str::<FittedSpace>(saved)?.patterns(), 0);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FittedSpace {
    fallback: Fallback,
    roster: Roster,
    /// The share of each class.
    prior: Vec<f64>,
    /// The patterns that count, in ascending order.
    cells: Vec<Cell>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cell {
    /// The class that each member chooses.
    chosen: Vec<u32>,
    /// The share of each class among the rows of this pattern.
    shares: Vec<f64>,
}

impl FittedSpace {
    /// How many patterns it knows.
    pub fn patterns(&self) -> usize {
        self.cells.len()
    }
}

const NAME: &str = "bks";

#[typetag::serde]
impl Fuser for BehaviourKnowledgeSpace {
    fn name(&self) -> String {
        format!("{NAME}:{}", self.fallback.name())
    }

    fn fit(&self, predictions: &Predictions, truth: &Truth<'_>, _seed: Seed) -> Result<Box<dyn Fusion>> {
        self.check()?;
        same_rows(NAME, predictions, truth)?;
        let (roster, predictions) = Roster::take(NAME, predictions)?;
        Panel::new(NAME, &predictions, None, &CHOSEN)?;
        let (codes, classes) = truth.classes(NAME)?;
        let chooser = Chooser::new(predictions.outputs());
        let parts = blocks::map(predictions.rows(), |rows| {
            let (mut seen, mut pattern) = (BTreeMap::<Vec<u32>, Vec<f64>>::new(), Vec::new());
            for i in rows.filter(|&i| truth.weight(i) > 0.0) {
                ballots(&predictions, chooser, i, &mut pattern);
                // A row that a member lacks has no pattern.
                let Some(chosen) = pattern.iter().copied().collect::<Option<Vec<u32>>>() else { continue };
                seen.entry(chosen).or_insert_with(|| vec![0.0; classes.len()])[codes[i] as usize] += truth.weight(i);
            }
            seen
        });
        let mut seen = BTreeMap::<Vec<u32>, Vec<f64>>::new();
        for (chosen, counts) in parts.into_iter().flatten() {
            let sums = seen.entry(chosen).or_insert_with(|| vec![0.0; classes.len()]);
            sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
        }
        let prior = class_shares(truth, codes, classes.len());
        let cells = seen.into_iter().filter(|(_, counts)| counts.iter().sum::<f64>() >= self.least);
        let cells = cells.map(|(chosen, counts)| Cell { chosen, shares: shares(&counts) }).collect();
        Ok(Box::new(FittedSpace { fallback: self.fallback, roster, prior, cells }))
    }
}

/// The share of each class in the weight of all rows.
pub(super) fn class_shares(truth: &Truth<'_>, codes: &[u32], classes: usize) -> Vec<f64> {
    let mut counts = vec![0.0; classes];
    codes.iter().enumerate().for_each(|(i, &code)| counts[code as usize] += truth.weight(i));
    shares(&counts)
}

fn shares(counts: &[f64]) -> Vec<f64> {
    let total: f64 = counts.iter().sum();
    counts.iter().map(|count| count / total).collect()
}

#[typetag::serde]
impl Fusion for FittedSpace {
    fn name(&self) -> String {
        format!("{NAME}:{}", self.fallback.name())
    }

    fn fuse(&self, predictions: &Predictions) -> Result<Matrix> {
        let predictions = self.roster.call(NAME, predictions)?;
        Panel::new(NAME, &predictions, None, &CHOSEN)?;
        let (columns, members) = (self.roster.classes(), self.roster.members());
        let whole = |cell: &Cell| cell.chosen.len() == members && cell.shares.len() == columns;
        if self.prior.len() != columns || !self.cells.iter().all(whole) {
            let problem = "the table does not fit the members and classes: fit again".into();
            return Err(Error::Damaged { place: format!("rule `{NAME}`"), problem });
        }
        let chooser = Chooser::new(predictions.outputs());
        let mut fused = Matrix::zeros(predictions.rows(), columns);
        blocks::fill(fused.values_mut(), columns, |rows, out| -> Result<()> {
            let (mut pattern, mut chosen) = (Vec::new(), Vec::new());
            for (i, out) in rows.zip(out.chunks_exact_mut(columns)) {
                ballots(&predictions, chooser, i, &mut pattern);
                chosen.clear();
                chosen.extend(pattern.iter().flatten());
                let whole = chosen.len() == members;
                let found = self.cells.binary_search_by(|cell| cell.chosen.as_slice().cmp(&chosen));
                match found {
                    Ok(at) if whole => out.iter_mut().zip(&self.cells[at].shares).for_each(|(out, &x)| *out = x as f32),
                    _ => out.fill(f32::NAN),
                }
            }
            Ok(())
        })?;
        self.fall_back(&predictions, &mut fused)?;
        Ok(fused)
    }

    fn row_by_row(&self) -> bool {
        true
    }
}

impl FittedSpace {
    /// Fills the rows whose pattern is unknown.
    fn fall_back(&self, predictions: &Predictions, fused: &mut Matrix) -> Result<()> {
        let open: Vec<u32> = (0..fused.rows() as u32).filter(|&i| fused.at(i as usize, 0).is_nan()).collect();
        if open.is_empty() {
            return Ok(());
        }
        let rest = predictions.take(&open);
        let answers = match self.fallback {
            Fallback::Vote => Vote::new().with_ballot(Ballot::Share).fuse(&rest)?,
            Fallback::Mean => Mean::new().fuse(&rest)?,
            Fallback::Prior => {
                let mut answers = Matrix::zeros(rest.rows(), rest.columns());
                for i in 0..rest.rows() {
                    let lacking = (0..rest.members().len()).filter(|&m| rest.is_missing(m, i)).count();
                    let lost = lacking == rest.members().len() || (lacking > 0 && rest.missing() == Missing::Propagate);
                    let row = answers.row_mut(i);
                    row.iter_mut().zip(&self.prior).for_each(|(x, &p)| *x = if lost { f32::NAN } else { p as f32 });
                }
                answers
            }
            Fallback::Reject => return Ok(()),
        };
        for (answer, &i) in open.iter().enumerate() {
            fused.row_mut(i as usize).copy_from_slice(answers.row(answer));
        }
        Ok(())
    }
}
