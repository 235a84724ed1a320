use consort_core::{Estimates, Fuser, Fusion, Matrix, Metric, Predictions, Result, Score, Seed, Truth};

use super::mixture::as_members;
use crate::verdict::{Partitions, out_of_fold, scores_of_folds};

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
    pub(super) costs: Vec<f64>,
}

/// What mixtures of answers cost each fold; and the one that is fitted on all answers of the first repeat, of those that it uses.
pub(super) struct Mixed {
    pub(super) costs: Vec<f64>,
    pub(super) used: Vec<usize>,
    pub(super) over: Box<dyn Fusion>,
}

impl Trial<'_> {
    /// Tries a fuser.
    pub(super) fn of(&self, fuser: &dyn Fuser) -> Result<Tried> {
        let (mut answers, mut costs) = (Vec::new(), Vec::new());
        for repeat in 0..self.folds.repeats() {
            let fused = out_of_fold(fuser, self.predictions, self.truth, self.folds.repeat(repeat), self.seed)?;
            costs.extend(self.costs(&fused, repeat)?);
            answers.push(fused);
        }
        Ok(Tried { answers, costs })
    }

    /// Tries mixtures of the answers: each fold by what is fitted on the answers of the others.
    pub(super) fn of_mixture(&self, mix: &dyn Fuser, names: &[String], tried: &[&Tried]) -> Result<Mixed> {
        let members = |repeat: usize| {
            let answers = tried.iter().map(|tried| &tried.answers[repeat]);
            as_members(self.predictions.outputs(), self.predictions.ids(), names.to_vec(), answers)
        };
        let mut costs = Vec::new();
        for repeat in 0..self.folds.repeats() {
            let mixed = out_of_fold(mix, &members(repeat)?, self.truth, self.folds.repeat(repeat), self.seed)?;
            costs.extend(self.costs(&mixed, repeat)?);
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

    fn costs(&self, answers: &Matrix, repeat: usize) -> Result<Vec<f64>> {
        let estimates = Estimates::matrix(answers, self.predictions.outputs().gives());
        let scores = scores_of_folds(self.metric, &estimates, self.truth, self.folds.repeat(repeat))?;
        let cost = |score: &Score| score.value().map_or(f64::NAN, |value| self.metric.direction().cost(value));
        Ok(scores.iter().map(cost).collect())
    }
}
