use consort_core::{Dataset, Error, Matrix, Outputs, Result, Target};
use serde::{Deserialize, Serialize};

use super::TrainingRows;
use crate::loss::Loss;

/// What the outputs of a net stand for, and how targets become numbers that it can learn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Head {
    /// An output for each class that the training rows have; the others are predicted with 0.
    Classes { outputs: Outputs, present: Vec<usize> },
    /// An output for each label.
    Labels { outputs: Outputs },
    /// Outputs for each number, which was scaled by its mean and standard deviation.
    Values { outputs: Outputs, means: Vec<f64>, deviations: Vec<f64> },
}

impl Head {
    /// Learns from the target of the rows of a fit.
    ///
    /// # Errors
    /// [`Error::NotFinite`] with the row of a target that is not finite.
    pub(crate) fn fit(data: &Dataset, target: &Target, train: &TrainingRows) -> Result<Self> {
        let outputs = target.outputs();
        match target {
            Target::Classes { codes, classes } => {
                let mut is_present = vec![false; classes.len()];
                train.rows.iter().for_each(|&row| is_present[codes[row as usize] as usize] = true);
                let present = (0..classes.len()).filter(|&k| is_present[k]).collect();
                Ok(Head::Classes { outputs, present })
            }
            Target::Labels { .. } => Ok(Head::Labels { outputs }),
            Target::Values { values, names } => {
                let width = names.len();
                let (mut means, mut deviations) = (vec![0.0; width], vec![1.0; width]);
                for k in 0..width {
                    let first = train.rows.first().map_or(0.0, |&row| values[row as usize * width + k]);
                    let (mut weight, mut sum, mut squares) = (0.0, 0.0, 0.0);
                    for (i, &row) in train.rows.iter().enumerate() {
                        let value = values[row as usize * width + k];
                        if !value.is_finite() {
                            return Err(not_finite(data, row as usize, &names[k], value));
                        }
                        let (w, x) = (train.weight(i), value - first);
                        weight += w;
                        sum += w * x;
                        squares += w * x * x;
                    }
                    let mean = sum / weight;
                    let variance = (squares / weight - mean * mean).max(0.0);
                    means[k] = first + mean;
                    deviations[k] = if variance > 0.0 { variance.sqrt() } else { 1.0 };
                    if !(means[k].is_finite()
                        && deviations[k].is_finite()
                        && means[k].abs() < f64::from(f32::MAX) / 4.0)
                    {
                        return Err(Error::Unsupported {
                            by: "a net".into(),
                            what: format!("a target `{}` whose mean is {:e}", names[k], means[k]),
                            hint: "predictions have single precision: divide the target by its size".into(),
                        });
                    }
                }
                Ok(Head::Values { outputs, means, deviations })
            }
            other => Err(Error::Unsupported {
                by: "a net".into(),
                what: format!("a target of {}", other.outputs().task()),
                hint: "give classes, labels or numbers".into(),
            }),
        }
    }

    /// How many targets a row has.
    pub(crate) fn targets(&self) -> usize {
        match self {
            Head::Classes { present, .. } => present.len(),
            Head::Labels { outputs } | Head::Values { outputs, .. } => outputs.len(),
        }
    }

    /// What predictions have.
    pub(crate) fn outputs(&self) -> &Outputs {
        match self {
            Head::Classes { outputs, .. } | Head::Labels { outputs } | Head::Values { outputs, .. } => outputs,
        }
    }

    /// The targets of some rows, `[row][target]`: shares of classes, labels as 0 and 1, scaled numbers.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for a target of another kind, [`Error::NotFinite`] for one that is not finite.
    pub(crate) fn answers(&self, data: &Dataset, target: &Target, rows: &TrainingRows) -> Result<Vec<f32>> {
        let mut answers = vec![0.0f32; rows.len() * self.targets()];
        let of = answers.chunks_exact_mut(self.targets().max(1)).zip(&rows.rows);
        match (self, target) {
            // A class that the training rows lack has no output: all its shares are 0.
            (Head::Classes { present, .. }, Target::Classes { codes, .. }) => of.for_each(|(out, &row)| {
                if let Ok(k) = present.binary_search(&(codes[row as usize] as usize)) {
                    out[k] = 1.0;
                }
            }),
            (Head::Labels { .. }, Target::Labels { values, names }) => of.for_each(|(out, &row)| {
                let row = &values[row as usize * names.len()..][..names.len()];
                out.iter_mut().zip(row).for_each(|(to, &is)| *to = f32::from(u8::from(is)));
            }),
            (Head::Values { means, deviations, .. }, Target::Values { values, names })
                if names.len() == means.len() =>
            {
                for (out, &row) in of {
                    let row = row as usize;
                    for (k, to) in out.iter_mut().enumerate() {
                        let value = values[row * names.len() + k];
                        if !value.is_finite() {
                            return Err(not_finite(data, row, &names[k], value));
                        }
                        *to = ((value - means[k]) / deviations[k]) as f32;
                    }
                }
            }
            _ => {
                return Err(Error::Unsupported {
                    by: "a net".into(),
                    what: format!("validation rows with a target of {}", target.outputs().task()),
                    hint: "give validation rows of the same problem".into(),
                });
            }
        }
        Ok(answers)
    }

    /// Predictions from the raw outputs of a net, `[row][output]`.
    ///
    /// # Errors
    /// [`Error::NotFinite`] with the row of an output that is not finite.
    pub(crate) fn decode(&self, raw: &Matrix) -> Result<Matrix> {
        let mut out = Matrix::zeros(raw.rows(), self.outputs().len());
        for i in 0..raw.rows() {
            let row = raw.row(i);
            if let Some(k) = row.iter().position(|x| !x.is_finite()) {
                return Err(Error::NotFinite {
                    place: "the outputs of a net".into(),
                    row: i + 1,
                    id: String::new(),
                    what: format!("output {k}"),
                    value: f64::from(row[k]),
                });
            }
            let to = out.row_mut(i);
            match self {
                Head::Classes { present, .. } => {
                    let greatest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                    let shares: Vec<f64> = row.iter().map(|&z| f64::from(z - greatest).exp()).collect();
                    let sum: f64 = shares.iter().sum();
                    present.iter().zip(shares).for_each(|(&k, share)| to[k] = (share / sum) as f32);
                }
                Head::Labels { .. } => {
                    to.iter_mut().zip(row).for_each(|(to, &z)| *to = (1.0 / (1.0 + f64::from(-z).exp())) as f32);
                }
                Head::Values { means, deviations, .. } => {
                    for (k, to) in to.iter_mut().enumerate() {
                        let value = f64::from(row[k]) * deviations[k] + means[k];
                        *to = value.clamp(f64::from(f32::MIN), f64::from(f32::MAX)) as f32;
                    }
                }
            }
        }
        Ok(out)
    }

    /// How many raw outputs a net needs.
    pub(crate) fn width(&self, loss: &Loss) -> usize {
        loss.outputs(self.targets())
    }
}

fn not_finite(data: &Dataset, row: usize, name: &str, value: f64) -> Error {
    Error::NotFinite {
        place: "the target".into(),
        row: row + 1,
        id: data.ids().label(row),
        what: format!("`{name}`"),
        value,
    }
}
