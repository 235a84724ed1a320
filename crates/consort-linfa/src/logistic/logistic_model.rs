use consort_core::{Classes, Matrix, Model, Result, Samples};
use serde::{Deserialize, Serialize};

use crate::{
    classes::{Present, log_softmax},
    dense::{ClassTarget, Schema, Standard, linear_scores, whole},
    descent::sigmoid,
};

/// A fitted [`LogisticRegression`](super::LogisticRegression).
///
/// ```
/// # use consort_core::{Classes, Column, Dataset, Features, FitContext, Samples, Seed, Target};
/// # use consort_linfa::LogisticRegression;
/// # let x = Column::Numeric { name: "x".into(), values: vec![0.0, 1.0, 2.0, 3.0] };
/// # let classes = Classes::new(["no", "yes"])?;
/// # let y = Target::from_labels(["no", "no", "yes", "yes"], &classes, "y")?;
/// # let data = Dataset::new(Features::Columns(vec![x]))?.with_target(y)?;
/// let model = LogisticRegression::default().classify(&Samples::all(&data), &FitContext::new(Seed::new(0)))?;
/// assert!(model.coefficients(0)[0] > 0.0); // of the second class
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogisticModel {
    features: Schema,
    present: Present,
    /// What the features were standardised by.
    standard: Standard,
    /// `[output][feature]`, in units of the features.
    coefficients: Vec<f64>,
    /// `[output]`
    intercepts: Vec<f64>,
}

impl LogisticModel {
    /// From unknowns `[output][feature]` of standardised features, each output's intercept after its features.
    pub(crate) fn new(features: Schema, target: ClassTarget, standard: Standard, unknowns: &[f64]) -> Self {
        let width = features.len();
        let (mut coefficients, mut intercepts) = (Vec::new(), Vec::new());
        for output in unknowns.chunks_exact(width + 1) {
            let raw: Vec<f64> = output[..width].iter().zip(&standard.scales).map(|(w, scale)| w / scale).collect();
            intercepts.push(output[width] - raw.iter().zip(&standard.means).map(|(w, mean)| w * mean).sum::<f64>());
            coefficients.extend(raw);
        }
        Self { features, present: Present::new(target), standard, coefficients, intercepts }
    }

    /// The classes, in class order.
    pub fn classes(&self) -> &Classes {
        self.present.classes()
    }

    /// The names of the features, in the order of the coefficients.
    pub fn features(&self) -> &[String] {
        self.features.names()
    }

    /// One coefficient a feature, in log-odds for a unit of the feature. With two classes `k` is 0, and it is of the
    /// second; with more it is of the `k`-th class that the training rows have.
    pub fn coefficients(&self, k: usize) -> &[f64] {
        &self.coefficients[k * self.features.len()..(k + 1) * self.features.len()]
    }

    /// The standard deviations that the features were divided by, or 1: a coefficient times its own is what was penalised.
    pub fn scales(&self) -> &[f64] {
        &self.standard.scales
    }

    /// One constant for two classes, one a class of the training rows else.
    pub fn intercepts(&self) -> &[f64] {
        &self.intercepts
    }
}

#[typetag::serde(name = "logistic")]
impl Model for LogisticModel {
    fn predict(&self, rows: &Samples<'_>) -> Result<Matrix> {
        let outputs = self.intercepts.len();
        let mut predicted = Matrix::zeros(rows.len(), self.present.len());
        let by = "the logistic model";
        let scores = if self.present.places().len() == 2 { 1 } else { self.present.places().len() };
        whole(by, "constants", outputs, scores)?;
        whole(by, "scales", self.standard.scales.len(), self.features.len())?;
        whole(by, "means", self.standard.means.len(), self.features.len())?;
        linear_scores(by, &self.features, &self.coefficients, &self.intercepts, rows, &mut predicted, |z, out, _| {
            match (self.present.places(), outputs) {
                (&[only], _) => out[only] = 1.0,
                (&[first, second], 1) => {
                    out[first] = sigmoid(-z[0]) as f32;
                    out[second] = sigmoid(z[0]) as f32;
                }
                (places, _) => {
                    log_softmax(z);
                    places.iter().zip(&*z).for_each(|(&k, z)| out[k] = z.exp() as f32);
                }
            }
            Ok(())
        })?;
        Ok(predicted)
    }
}
