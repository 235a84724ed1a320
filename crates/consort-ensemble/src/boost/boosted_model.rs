use std::{ops::Range, sync::Arc};

use consort_core::{Error, Matrix, Model, Outputs, Predictions, Result, Samples};
use consort_trees::boosting::{loss::Loss, snapshots_of};
use serde::{Deserialize, Serialize};

/// A fitted sum of models of scores, round after round.
#[derive(Debug, Serialize, Deserialize)]
#[serde(try_from = "Parts")]
pub struct BoostedModel {
    loss: Arc<dyn Loss>,
    outputs: Outputs,
    base: Vec<f64>,
    stages: Vec<Stage>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parts {
    loss: Arc<dyn Loss>,
    outputs: Outputs,
    base: Vec<f64>,
    stages: Vec<Stage>,
}

impl TryFrom<Parts> for BoostedModel {
    type Error = Error;

    fn try_from(Parts { loss, outputs, base, stages }: Parts) -> Result<Self> {
        BoostedModel::new(loss, outputs, base, stages)
    }
}

/// What a round added: one model a score, and the step that they are multiplied with.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Stage {
    pub(super) models: Vec<Box<dyn Model>>,
    pub(super) step: f64,
}

impl BoostedModel {
    pub(super) fn new(loss: Arc<dyn Loss>, outputs: Outputs, base: Vec<f64>, stages: Vec<Stage>) -> Result<Self> {
        let fits = |stage: &Stage| stage.models.len() == base.len() && stage.step.is_finite();
        if base.is_empty() || loss.columns(base.len()) != outputs.len() || !stages.iter().all(fits) {
            let problem = format!("it has {} scores, but stages or outputs of another number", base.len());
            return Err(Error::Damaged { place: "a boosted model".into(), problem });
        }
        Ok(Self { loss, outputs, base, stages })
    }

    /// What the scores were fitted to.
    pub fn loss(&self) -> &Arc<dyn Loss> {
        &self.loss
    }

    /// The scores before the first round, one an output of the loss.
    pub fn base(&self) -> &[f64] {
        &self.base
    }

    /// How many rounds were boosted.
    pub fn rounds(&self) -> usize {
        self.stages.len()
    }

    /// What the models of each round are multiplied with.
    pub fn steps(&self) -> impl Iterator<Item = f64> + '_ {
        self.stages.iter().map(|stage| stage.step)
    }

    /// The raw scores, `[rows][scores]`.
    ///
    /// # Errors
    /// Those of the models.
    pub fn scores(&self, rows: &Samples<'_>) -> Result<Vec<f64>> {
        let mut scores = self.first_scores(rows.len());
        self.add(rows, 0..self.stages.len(), &mut scores)?;
        Ok(scores)
    }

    /// The predictions after every `every` rounds and after the last, each from the one before it: `each` gets the number
    /// of rounds and `[rows][columns]`.
    ///
    /// # Errors
    /// [`Error::Parameter`] if `every` is 0, those of the models, and that of `each`.
    pub fn staged(
        &self,
        rows: &Samples<'_>,
        every: usize,
        mut each: impl FnMut(usize, Matrix) -> Result<()>,
    ) -> Result<()> {
        if every == 0 {
            return Err(Error::parameter("every", 0, "at least 1"));
        }
        let rounds: Vec<usize> =
            (1..=self.rounds()).filter(|round| round % every == 0 || *round == self.rounds()).collect();
        self.walk(rows, &rounds, &mut each)
    }

    /// The model after some of its rounds as members, named `round 10` and so on: what a fusion or a chart of the boosting
    /// path reads.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a round that there is none of, and those of the models.
    pub fn snapshots(&self, rows: &Samples<'_>, rounds: &[usize]) -> Result<Predictions> {
        let outputs = self.outputs.clone();
        snapshots_of(rows, outputs, self.loss.gives(), self.rounds(), rounds, |rounds, each| {
            self.walk(rows, rounds, each)
        })
    }

    fn walk(
        &self,
        rows: &Samples<'_>,
        rounds: &[usize],
        each: &mut dyn FnMut(usize, Matrix) -> Result<()>,
    ) -> Result<()> {
        let mut scores = self.first_scores(rows.len());
        let mut before = 0;
        for &round in rounds {
            self.add(rows, before..round, &mut scores)?;
            each(round, self.predictions(&scores))?;
            before = round;
        }
        Ok(())
    }

    pub(super) fn push(&mut self, stage: Stage) {
        self.stages.push(stage);
    }

    pub(super) fn truncate(&mut self, rounds: usize) {
        self.stages.truncate(rounds);
    }

    /// The scores of so many rows before the first round.
    pub(super) fn first_scores(&self, rows: usize) -> Vec<f64> {
        std::iter::repeat_n(&self.base, rows).flatten().copied().collect()
    }

    /// Adds some stages to the scores, `[rows][scores]`.
    pub(super) fn add(&self, rows: &Samples<'_>, stages: Range<usize>, scores: &mut [f64]) -> Result<()> {
        let width = self.base.len();
        for stage in &self.stages[stages] {
            for (k, model) in stage.models.iter().enumerate() {
                let along = model.predict(rows)?;
                if along.values().len() != rows.len() {
                    let problem = format!("a model gives {} numbers for {} rows", along.values().len(), rows.len());
                    return Err(Error::Damaged { place: "a boosted model".into(), problem });
                }
                for (score, &by) in scores.iter_mut().skip(k).step_by(width).zip(along.values()) {
                    *score += stage.step * f64::from(by);
                }
            }
        }
        Ok(())
    }

    pub(super) fn predictions(&self, scores: &[f64]) -> Matrix {
        let (width, columns) = (self.base.len(), self.outputs.len());
        let mut out = Matrix::zeros(scores.len() / width, columns);
        for (row, scores) in out.values_mut().chunks_exact_mut(columns).zip(scores.chunks_exact(width)) {
            self.loss.predict(scores, row);
        }
        out
    }
}

#[typetag::serde(name = "boosted_model")]
impl Model for BoostedModel {
    fn predict(&self, rows: &Samples<'_>) -> Result<Matrix> {
        Ok(self.predictions(&self.scores(rows)?))
    }
}
