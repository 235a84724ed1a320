use consort_core::{Error, Estimates, Gives, Result, Score, Truth};

use super::subject::{Fused, Subject};

/// A member or the ensemble, with the truth of the rows that it predicts.
pub(super) struct Model<'a> {
    pub(super) name: String,
    pub(super) ensemble: bool,
    /// Its number among the members.
    pub(super) member: Option<usize>,
    pub(super) estimates: Estimates<'a>,
    /// The weight of each row; 0 where it makes no prediction. `None` where every row counts 1.
    pub(super) weights: Option<Vec<f64>>,
    /// How many rows that count it does not predict.
    pub(super) silent: usize,
}

impl<'a> Model<'a> {
    fn new(name: String, member: Option<usize>, estimates: Estimates<'a>, truth: Option<&Truth<'_>>) -> Self {
        let weight = |i: usize| truth.map_or(1.0, |truth| truth.weight(i));
        let lacks = |i: usize| (0..estimates.columns()).any(|k| !estimates.at(i, k).is_finite());
        let silent = (0..estimates.rows()).filter(|&i| weight(i) > 0.0 && lacks(i)).count();
        let weighted = truth.is_some_and(|truth| truth.weights().is_some());
        let weights = (silent > 0 || weighted).then(|| {
            (0..estimates.rows()).map(|i| if weight(i) > 0.0 && !lacks(i) { weight(i) } else { 0.0 }).collect()
        });
        Self { name, ensemble: member.is_none(), member, estimates, weights, silent }
    }

    pub(super) fn fused(fused: &Fused<'a>, rows: usize, truth: Option<&Truth<'_>>) -> Result<Self> {
        if fused.matrix.rows() != rows {
            return Err(Error::Length {
                what: format!("the ensemble `{}`", fused.name),
                got: fused.matrix.rows(),
                expected: rows,
                unit: "rows",
                hint: "members and ensemble must be of the same rows".into(),
            });
        }
        Ok(Self::new(fused.name.clone(), None, Estimates::matrix(fused.matrix, fused.gives), truth))
    }

    /// The share of the rows, by weight, that it predicts; `None` where it predicts all.
    pub(super) fn share(&self, truth: &Truth<'_>) -> Option<f64> {
        let sum = |weight: &dyn Fn(usize) -> f64| (0..truth.rows()).map(weight).sum::<f64>();
        (self.silent > 0).then(|| sum(&|i| self.weight(i)) / sum(&|i| truth.weight(i)))
    }

    /// What the row counts; 0 where there is no prediction.
    pub(super) fn weight(&self, i: usize) -> f64 {
        self.weights.as_ref().map_or(1.0, |weights| weights[i])
    }

    /// The truth of the rows that it predicts; `None` where it predicts none.
    pub(super) fn truth<'t>(&'t self, truth: &Truth<'t>) -> Option<Truth<'t>> {
        match &self.weights {
            None => Some(*truth),
            Some(weights) => Truth::weighted(truth.target(), weights).ok(),
        }
    }

    /// Its score, undefined where it cannot give what the metric reads.
    pub(super) fn score(&self, metric: &dyn consort_core::Metric, truth: &Truth<'_>) -> Result<Score> {
        match self.truth(truth) {
            None => Ok(Score::undefined("there is no row with a prediction")),
            Some(truth) => match metric.score(&self.estimates, &truth) {
                Err(Error::Unsupported { what, hint, .. }) => {
                    Ok(Score::undefined(format!("{what} do not suit: {hint}")))
                }
                other => other,
            },
        }
    }

    /// Whether its numbers can be ordered.
    pub(super) fn ranks(&self) -> bool {
        !matches!(self.estimates.gives(), Gives::Labels)
    }
}

/// The members and, last, the ensemble.
pub(super) fn models<'a>(subject: &Subject<'a>) -> Result<Vec<Model<'a>>> {
    let truth = subject.truth.as_ref();
    let rows = subject.predictions.rows();
    let mut models: Vec<Model<'a>> = (0..subject.predictions.members().len())
        .map(|m| {
            let name = subject.predictions.members()[m].name.clone();
            Model::new(name, Some(m), subject.predictions.estimates(m), truth)
        })
        .collect();
    if let Some(fused) = &subject.ensemble {
        models.push(Model::fused(fused, rows, truth)?);
    }
    Ok(models)
}
