use consort_core::{Error, Gives, LossHistory, Matrix, Model, Outputs, Predictions, Result, Samples, Seed};
use serde::{Deserialize, Serialize};

use crate::net::NetModel;

/// How the members of a [`NetEnsemble`] become one prediction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Combine {
    /// The mean of their predictions.
    Mean,
    /// The prediction of their mean output: for classes the normalised geometric mean of their probabilities.
    MeanOutput,
    /// The prediction of the sum of their outputs, each times its rate: boosting.
    Sum {
        /// What the outputs of each member are multiplied with.
        rates: Vec<f64>,
    },
}

/// Where the members are.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Source {
    /// A net each.
    Nets(Vec<NetModel>),
    /// Several in one net that share weights.
    Shared { net: NetModel, members: usize },
    /// One net, its units dropped at random anew for each.
    Dropped { net: NetModel, members: usize, seed: Seed },
}

/// Nets that were trained as an ensemble.
///
/// As a model it gives one prediction; [`predictions`](Self::predictions) gives those of the members.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetEnsemble {
    source: Source,
    combine: Combine,
    name: String,
    /// How it was trained, in words.
    how: String,
}

impl NetEnsemble {
    pub(super) fn new(name: &str, source: Source, combine: Combine) -> Self {
        Self { source, combine, name: name.into(), how: String::new() }
    }

    pub(super) fn trained(mut self, how: impl Into<String>) -> Self {
        self.how = how.into();
        self
    }

    /// How it was trained, in words: what was chosen for the person who did not choose.
    pub fn how(&self) -> &str {
        &self.how
    }

    /// The nets: one a member, or the one that all members share.
    pub fn nets(&self) -> &[NetModel] {
        match &self.source {
            Source::Nets(nets) => nets,
            Source::Shared { net, .. } | Source::Dropped { net, .. } => std::slice::from_ref(net),
        }
    }

    /// How many members there are.
    pub fn len(&self) -> usize {
        match &self.source {
            Source::Nets(nets) => nets.len(),
            Source::Shared { members, .. } | Source::Dropped { members, .. } => *members,
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How the members become one prediction.
    pub fn combine(&self) -> &Combine {
        &self.combine
    }

    /// What columns predictions have.
    ///
    /// # Errors
    /// [`Error::Empty`] without a member.
    pub fn outputs(&self) -> Result<&Outputs> {
        Ok(self.first()?.outputs())
    }

    fn first(&self) -> Result<&NetModel> {
        self.nets()
            .first()
            .ok_or_else(|| Error::Empty { what: "the ensemble".into(), hint: "it needs at least one member".into() })
    }

    /// The raw outputs of each member.
    fn raw(&self, rows: &Samples<'_>) -> Result<Vec<Matrix>> {
        match &self.source {
            Source::Nets(nets) => nets.iter().map(|net| net.raw(rows)).collect(),
            Source::Shared { net, members } => (0..*members).map(|k| net.raw_of_member(rows, k)).collect(),
            Source::Dropped { net, members, seed } => {
                (0..*members).map(|k| net.raw_sampled(rows, seed.nth("pass", k as u64))).collect()
            }
        }
    }

    fn decode(&self, member: usize, raw: &Matrix) -> Result<Matrix> {
        match &self.source {
            Source::Nets(nets) => nets[member].decode(raw),
            Source::Shared { net, .. } | Source::Dropped { net, .. } => net.decode(raw),
        }
    }

    /// The prediction of each member: for boosting, that of all rounds up to it.
    ///
    /// # Errors
    /// If the features are not those that it was fitted on.
    pub fn member_predictions(&self, rows: &Samples<'_>) -> Result<Vec<Matrix>> {
        let raw = self.raw(rows)?;
        let Combine::Sum { rates } = &self.combine else {
            return raw.iter().enumerate().map(|(m, raw)| self.decode(m, raw)).collect();
        };
        let mut sum: Vec<f64> = Vec::new();
        raw.iter()
            .enumerate()
            .map(|(m, raw)| {
                sum.resize(raw.values().len(), 0.0);
                sum.iter_mut().zip(raw.values()).for_each(|(sum, &x)| *sum += rates[m] * f64::from(x));
                let sums = sum.iter().map(|&x| x as f32).collect();
                self.decode(m, &Matrix::new(raw.rows(), raw.columns(), sums)?)
            })
            .collect()
    }

    /// The members' predictions of some rows as a cube, named `NAME-1`, `NAME-2`, …
    ///
    /// # Errors
    /// If the features are not those that it was fitted on, or a row is asked for twice.
    pub fn predictions(&self, rows: &Samples<'_>) -> Result<Predictions> {
        let outputs = self.outputs()?.clone();
        let gives: Gives = outputs.gives();
        let all = rows.dataset().ids();
        let ids = match rows.row_numbers() {
            None => all.clone(),
            Some(rows) => all.take(rows),
        };
        let width = self.len().to_string().len();
        let mut builder = Predictions::builder(outputs, ids);
        for (m, matrix) in self.member_predictions(rows)?.iter().enumerate() {
            builder = builder.member(format!("{}-{:0width$}", self.name, m + 1), gives, matrix.values())?;
        }
        builder.build()
    }
}

#[typetag::serde(name = "net_ensemble")]
impl Model for NetEnsemble {
    fn predict(&self, rows: &Samples<'_>) -> Result<Matrix> {
        self.first()?;
        let same = || vec![1.0 / self.len() as f64; self.len()];
        match &self.combine {
            Combine::Mean => sum(&self.member_predictions(rows)?, &same()),
            Combine::MeanOutput => self.decode(0, &sum(&self.raw(rows)?, &same())?),
            Combine::Sum { rates } => self.decode(0, &sum(&self.raw(rows)?, rates)?),
        }
    }

    /// One a training run: members that were taken from one run, or learnt together, have it in common.
    fn histories(&self) -> Vec<LossHistory> {
        let mut runs: Vec<LossHistory> = self.nets().iter().flat_map(|net| net.histories()).collect();
        runs.dedup_by(|a, b| a == b);
        if !self.how.is_empty() {
            runs.iter_mut().for_each(|run| run.how = format!("{}, {}", self.how, run.how));
        }
        if runs.len() > 1 {
            (1..).zip(&mut runs).for_each(|(number, run)| run.name = format!("{} {number}", run.name));
        }
        runs
    }
}

/// The sum of matrices of one shape, each times its factor, in f64.
fn sum(of: &[Matrix], factors: &[f64]) -> Result<Matrix> {
    let Some(first) = of.first() else {
        return Err(Error::Empty { what: "the ensemble".into(), hint: "it needs at least one member".into() });
    };
    let mut sums = vec![0.0f64; first.values().len()];
    for (matrix, factor) in of.iter().zip(factors) {
        sums.iter_mut().zip(matrix.values()).for_each(|(sum, &x)| *sum += factor * f64::from(x));
    }
    Matrix::new(first.rows(), first.columns(), sums.into_iter().map(|sum| sum as f32).collect())
}
