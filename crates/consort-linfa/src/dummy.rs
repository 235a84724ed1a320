use consort_core::{FitContext, Learner, Matrix, Model, Result, Samples, Takes};
use serde::{Deserialize, Serialize};

use crate::{
    classes::Present,
    dense::{Training, whole},
};

/// What a [`Dummy`] predicts of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Middle {
    /// The weighted mean.
    #[default]
    Mean,
    /// The weighted median: the least value that has at least half of the weight at or below it; halfway to the next
    /// value where it is exactly half.
    Median,
}

/// Predicts the same for every row: the share of each class, or the middle of the values. What no member should be worse
/// than.
///
/// It reads no feature, so it takes any. Weights are honoured.
///
/// # Errors
/// [`Error::Unsupported`](consort_core::Error::Unsupported) without a target of classes or values.
///
/// ```
/// use consort_core::{Column, Dataset, Features, FitContext, Learner, Samples, Seed, Target};
/// use consort_linfa::Dummy;
/// let x = Column::Numeric { name: "x".into(), values: vec![f32::NAN, 1.0] };
/// let y = Target::from_values(vec![2.0, 4.0], "y")?;
/// let data = Dataset::new(Features::Columns(vec![x]))?.with_target(y)?;
/// let model = Dummy::default().fit(&Samples::all(&data), &FitContext::new(Seed::new(0)))?;
/// assert_eq!(model.predict(&Samples::all(&data))?.at(0, 0), 3.0);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Dummy {
    /// What it predicts of values.
    pub middle: Middle,
}

const BY: &str = "the dummy";

impl Dummy {
    /// With this middle.
    pub fn middle(mut self, middle: Middle) -> Self {
        self.middle = middle;
        self
    }
}

#[typetag::serde(name = "dummy")]
impl Learner for Dummy {
    fn name(&self) -> String {
        "dummy".into()
    }

    fn takes(&self) -> Takes {
        Takes { categories: true, missing: true, weights: true }
    }

    fn fit(&self, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<Box<dyn Model>> {
        ctx.check()?;
        let train = Training::without_features(BY, train)?;
        let predictions = if train.is_classification()? {
            let target = train.classes()?;
            let shares = target.shares(&train);
            let present = Present::new(target);
            let mut all = vec![0.0; present.len()];
            present.places().iter().zip(shares).for_each(|(&k, share)| all[k] = share as f32);
            all
        } else {
            let target = train.values()?;
            match self.middle {
                Middle::Mean => target.means(train.weights.as_deref()).into_iter().map(|mean| mean as f32).collect(),
                Middle::Median => (0..target.names.len()).map(|k| median(&train, target.of(k)) as f32).collect(),
            }
        };
        ctx.progress.step(1, 1, "fitted");
        Ok(Box::new(DummyModel { predictions }))
    }
}

fn median(train: &Training<'_>, values: &[f64]) -> f64 {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let half = 0.5 * order.iter().map(|&i| train.weight(i)).sum::<f64>();
    let mut below = 0.0;
    for (n, &i) in order.iter().enumerate() {
        below += train.weight(i);
        // Weights that sum to half by their decimals may miss it by rounding.
        let is_half = (below - half).abs() <= 1e-12 * half;
        if below > half && !is_half {
            return values[i];
        }
        if is_half {
            return order.get(n + 1).map_or(values[i], |&next| 0.5 * (values[i] + values[next]));
        }
    }
    order.last().map_or(0.0, |&i| values[i])
}

/// A fitted [`Dummy`].
///
/// ```
/// use consort_linfa::DummyModel;
/// let model: DummyModel = serde_json::from_str(r#"{"predictions":[0.25,0.75]}"#)?;
/// assert_eq!(model.predictions(), [0.25, 0.75]);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DummyModel {
    predictions: Vec<f32>,
}

impl DummyModel {
    /// What it predicts for every row, one number an output.
    pub fn predictions(&self) -> &[f32] {
        &self.predictions
    }
}

#[typetag::serde(name = "dummy")]
impl Model for DummyModel {
    fn predict(&self, rows: &Samples<'_>) -> Result<Matrix> {
        if self.predictions.is_empty() {
            whole(BY, "predictions", 0, 1)?;
        }
        Matrix::new(rows.len(), self.predictions.len(), self.predictions.repeat(rows.len()))
    }
}
