use consort_core::{Error, Matrix, Model, Result, Samples};
use serde::{Deserialize, Serialize};

use crate::dense::{Schema, Standard, linear_scores, whole};

/// A fitted linear model of one value or several: `ŷ_k = b_k + Σ_j w_kj x_j`.
///
/// ```
/// use consort_core::{Column, Dataset, Features, FitContext, Samples, Seed, Target};
/// use consort_linfa::LinearRegression;
/// let x = Column::Numeric { name: "x".into(), values: vec![0.0, 1.0, 2.0] };
/// let y = Target::from_values(vec![1.0, 3.0, 5.0], "y")?;
/// let data = Dataset::new(Features::Columns(vec![x]))?.with_target(y)?;
/// let model = LinearRegression::default().regress(&Samples::all(&data), &FitContext::new(Seed::new(0)))?;
/// assert!((model.coefficients(0)[0] - 2.0).abs() < 1e-12 && (model.intercepts()[0] - 1.0).abs() < 1e-12);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinearModel {
    features: Schema,
    targets: Vec<String>,
    /// `[output][feature]`, in units of the features.
    coefficients: Vec<f64>,
    /// `[output]`
    intercepts: Vec<f64>,
    /// The penalty that was used, where there is one.
    penalty: Option<f64>,
}

impl LinearModel {
    /// From coefficients `[output][feature]` of standardised features and from the means of the targets.
    pub(crate) fn new(
        features: Schema,
        targets: Vec<String>,
        mut coefficients: Vec<f64>,
        standard: &Standard,
        means: &[f64],
        penalty: Option<f64>,
    ) -> Self {
        let width = features.len();
        let mut intercepts = means.to_vec();
        for (row, intercept) in coefficients.chunks_exact_mut(width.max(1)).zip(&mut intercepts) {
            for ((w, scale), mean) in row.iter_mut().zip(&standard.scales).zip(&standard.means) {
                *w /= scale;
                *intercept -= *w * mean;
            }
        }
        Self { features, targets, coefficients, intercepts, penalty }
    }

    /// The names of the features, in the order of the coefficients.
    pub fn features(&self) -> &[String] {
        self.features.names()
    }

    /// The names of the targets.
    pub fn targets(&self) -> &[String] {
        &self.targets
    }

    /// One coefficient a feature for target `k`, in units of the target for a unit of the feature.
    pub fn coefficients(&self, k: usize) -> &[f64] {
        &self.coefficients[k * self.features.len()..(k + 1) * self.features.len()]
    }

    /// One constant a target.
    pub fn intercepts(&self) -> &[f64] {
        &self.intercepts
    }

    /// The penalty that was used, where the learner chose one or had one.
    pub fn penalty(&self) -> Option<f64> {
        self.penalty
    }

    /// The predictions of some rows, each score turned into a prediction by `link`.
    pub(crate) fn predictions(&self, by: &str, rows: &Samples<'_>, link: impl Fn(f64) -> f64 + Sync) -> Result<Matrix> {
        let mut predicted = Matrix::zeros(rows.len(), self.intercepts.len());
        whole(by, "targets", self.targets.len(), self.intercepts.len())?;
        let (w, b) = (&self.coefficients, &self.intercepts);
        linear_scores(by, &self.features, w, b, rows, &mut predicted, |z, out, i| {
            for (k, (to, &z)) in out.iter_mut().zip(&*z).enumerate() {
                *to = link(z) as f32;
                if !to.is_finite() {
                    return Err(Error::NotFinite {
                        place: format!("the predictions of {by}"),
                        row: rows.row(i) + 1,
                        id: rows.dataset().ids().label(rows.row(i)),
                        what: format!("target `{}`", self.targets[k]),
                        value: f64::from(*to),
                    });
                }
            }
            Ok(())
        })?;
        Ok(predicted)
    }
}

#[typetag::serde(name = "linear")]
impl Model for LinearModel {
    fn predict(&self, rows: &Samples<'_>) -> Result<Matrix> {
        self.predictions("the linear model", rows, |z| z)
    }
}
