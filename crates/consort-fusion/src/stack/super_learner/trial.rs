use consort_core::{Error, Estimates, Fuser, Fusion, Gives, Matrix, Metric, Predictions, Result, Score, Seed, Truth};

use super::mixture::as_members;
use crate::verdict::{Partitions, answers_of_folds, scores_of_folds};

/// What fusers answer for rows that their fits did not see, and what that costs.
pub(super) struct Trial<'a> {
    pub(super) predictions: &'a Predictions,
    pub(super) truth: &'a Truth<'a>,
    pub(super) folds: &'a Partitions,
    pub(super) metric: &'a dyn Metric,
    pub(super) seed: Seed,
}

/// The answers of one fuser, a matrix a repeat, and what each fold costs; less is better.
pub(super) struct Tried {
    answers: Vec<Matrix>,
    /// What the numbers mean.
    gives: Gives,
    pub(super) costs: Vec<f64>,
}

/// What mixtures of answers cost each fold; and the one that is fitted on all answers of the first repeat, of those that it uses.
pub(super) struct Mixed {
    pub(super) costs: Vec<f64>,
    pub(super) used: Vec<usize>,
    pub(super) over: Box<dyn Fusion>,
}

impl Tried {
    /// Whether the answers can be members of a mixture: scores have no scale that a mean could keep.
    pub(super) fn has_scale(&self) -> bool {
        self.gives != Gives::Scores
    }
}

impl Trial<'_> {
    /// Tries a fuser.
    pub(super) fn of(&self, fuser: &dyn Fuser) -> Result<Tried> {
        let (mut answers, mut costs, mut known) = (Vec::new(), Vec::new(), None);
        for repeat in 0..self.folds.repeats() {
            let (fused, gives) = self.answers(fuser, self.predictions, repeat)?;
            if *known.get_or_insert(gives) != gives {
                return Err(unlike(fuser));
            }
            costs.extend(self.costs(&fused, gives, repeat)?);
            answers.push(fused);
        }
        Ok(Tried { answers, costs, gives: known.unwrap_or(self.predictions.outputs().gives()) })
    }

    /// The answers of one repeat, and what they mean: what the fits say, not what members of the problem give.
    fn answers(&self, fuser: &dyn Fuser, predictions: &Predictions, repeat: usize) -> Result<(Matrix, Gives)> {
        let found = answers_of_folds(fuser, predictions, self.truth, self.folds.repeat(repeat), self.seed)?;
        let gives = found.gives.first().copied().unwrap_or(predictions.outputs().gives());
        if found.gives.iter().any(|&other| other != gives) {
            return Err(unlike(fuser));
        }
        Ok((found.fused, gives))
    }

    /// Tries mixtures of the answers: each fold by what is fitted on the answers of the others.
    pub(super) fn of_mixture(&self, mix: &dyn Fuser, names: &[String], tried: &[&Tried]) -> Result<Mixed> {
        let members = |repeat: usize| {
            let answers = tried.iter().map(|tried| (&tried.answers[repeat], tried.gives));
            as_members(self.predictions.outputs(), self.predictions.ids(), names.to_vec(), answers)
        };
        let mut costs = Vec::new();
        for repeat in 0..self.folds.repeats() {
            let (mixed, gives) = self.answers(mix, &members(repeat)?, repeat)?;
            costs.extend(self.costs(&mixed, gives, repeat)?);
        }
        let members = members(0)?;
        let mut over = mix.fit(&members, self.truth, self.seed)?;
        let mut used: Vec<usize> = (0..tried.len()).collect();
        if let Some(weights) = over.weights() {
            used.retain(|&place| weights[place] > 0.0);
            if used.len() < tried.len() {
                over = mix.fit(&members.subset(&used), self.truth, self.seed)?;
            }
        }
        Ok(Mixed { costs, used, over })
    }

    fn costs(&self, answers: &Matrix, gives: Gives, repeat: usize) -> Result<Vec<f64>> {
        let estimates = Estimates::matrix(answers, gives);
        let scores = scores_of_folds(self.metric, &estimates, self.truth, self.folds.repeat(repeat))?;
        let cost = |score: &Score| score.value().map_or(f64::NAN, |value| self.metric.direction().cost(value));
        Ok(scores.iter().map(cost).collect())
    }
}

/// Some fits of the fuser give numbers of another meaning than others, so they have no score together.
fn unlike(fuser: &dyn Fuser) -> Error {
    Error::Unsupported {
        by: "super learning".into(),
        what: format!("`{}`, whose fits do not all give numbers of the same meaning", fuser.name()),
        hint: "choose among fusers that all give probabilities, or all scores".into(),
    }
}
