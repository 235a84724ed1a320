use consort_core::{Matrix, Model, Result, Samples};
use consort_neighbours::{Neighbour, QUERIES, Search};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{KNearest, Votes};
use crate::{
    classes::Present,
    dense::{Schema, Table, whole},
};

/// A fitted [`KNearest`]: the training rows themselves.
///
/// ```
/// # use consort_core::{Column, Dataset, Features, FitContext, Samples, Seed, Target};
/// # use consort_linfa::KNearest;
/// # let x = Column::Numeric { name: "x".into(), values: vec![0.0, 1.0, 10.0] };
/// # let y = Target::from_values(vec![2.0, 4.0, 9.0], "y")?;
/// # let data = Dataset::new(Features::Columns(vec![x]))?.with_target(y)?;
/// let model = KNearest::default().remember(&Samples::all(&data), &FitContext::new(Seed::new(0)))?;
/// assert_eq!(model.len(), 3);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KNearestModel {
    learner: KNearest,
    features: Schema,
    /// `[row][feature]`
    rows: Vec<f32>,
    weights: Option<Vec<f64>>,
    answers: Answers,
}

/// What the training rows are known to be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Answers {
    /// The place of each row's class among those present.
    Classes { codes: Vec<u32>, present: Present },
    /// `[output][row]`
    Values { values: Vec<f64>, targets: Vec<String> },
}

const BY: &str = "the nearest neighbours";

impl KNearestModel {
    pub(super) fn new(
        learner: KNearest,
        rows: Vec<f32>,
        answers: Answers,
        weights: Option<Vec<f64>>,
        features: Schema,
    ) -> Self {
        Self { learner, features, rows, weights, answers }
    }

    /// How many training rows there are.
    pub fn len(&self) -> usize {
        self.rows.len() / self.features.len().max(1)
    }

    /// Whether there is none; a fit gives at least one.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    fn outputs(&self) -> usize {
        match &self.answers {
            Answers::Classes { present, .. } => present.len(),
            Answers::Values { targets, .. } => targets.len(),
        }
    }

    /// Refuses a loaded model whose parts do not fit together.
    fn check(&self) -> Result<()> {
        self.learner.check()?;
        let rows = self.len();
        whole(BY, "numbers", self.rows.len(), rows * self.features.len())?;
        if let Some(weights) = &self.weights {
            whole(BY, "weights", weights.len(), rows)?;
        }
        if self.is_empty() {
            return whole(BY, "rows", 0, 1);
        }
        match &self.answers {
            Answers::Classes { codes, present } => {
                whole(BY, "classes of rows", codes.len(), rows)?;
                let known = codes.iter().filter(|&&code| (code as usize) < present.places().len()).count();
                whole(BY, "rows of known class", known, rows)
            }
            Answers::Values { values, targets } => whole(BY, "values", values.len(), rows * targets.len()),
        }
    }

    /// What the neighbours of a row say, `sums` being a place for one number an output.
    fn answer(&self, neighbours: &mut [Neighbour], sums: &mut [f64], out: &mut [f32]) {
        if self.learner.votes == Votes::Distance {
            let is_met = neighbours.iter().any(|n| n.distance == 0.0);
            // Shares of the nearest one's vote: no distance is so small that its inverse overflows.
            let nearest = neighbours.iter().map(|n| n.distance).find(|&d| d > 0.0).unwrap_or(1.0);
            for n in neighbours.iter_mut() {
                n.weight *= match (is_met, n.distance == 0.0) {
                    (true, true) => 1.0,
                    (true, false) => 0.0,
                    (false, _) => nearest / n.distance,
                };
            }
        }
        let total: f64 = neighbours.iter().map(|n| n.weight).sum();
        sums.fill(0.0);
        match &self.answers {
            Answers::Classes { codes, present } => {
                neighbours.iter().for_each(|n| sums[codes[n.row] as usize] += n.weight);
                present.places().iter().zip(&*sums).for_each(|(&k, sum)| out[k] = (sum / total) as f32);
            }
            Answers::Values { values, .. } => {
                let rows = self.len();
                for ((values, to), sum) in values.chunks_exact(rows).zip(out).zip(sums) {
                    neighbours.iter().for_each(|n| *sum += n.weight * values[n.row]);
                    *to = (*sum / total) as f32;
                }
            }
        }
    }
}

#[typetag::serde(name = "k_nearest")]
impl Model for KNearestModel {
    fn predict(&self, rows: &Samples<'_>) -> Result<Matrix> {
        self.check()?;
        let table = Table::known(BY, &self.features, rows)?;
        let (width, outputs) = (self.features.len(), self.outputs());
        let search = Search::new(self.learner.distance, width, &self.rows, self.weights.as_deref())?;
        let need = self.learner.k as f64;
        let mut predicted = Matrix::zeros(table.len(), outputs);
        predicted.values_mut().par_chunks_mut(QUERIES * outputs).enumerate().for_each(|(part, out)| {
            let rows = part * QUERIES..part * QUERIES + out.len() / outputs;
            let mut queries = vec![0.0; rows.len() * width];
            table.rows(rows, &mut queries);
            let mut sums = vec![0.0; outputs];
            for (mut neighbours, out) in search.nearest(&queries, need).into_iter().zip(out.chunks_mut(outputs)) {
                self.answer(&mut neighbours, &mut sums, out);
            }
        });
        Ok(predicted)
    }
}
