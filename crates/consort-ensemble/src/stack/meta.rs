use std::sync::Arc;

use consort_core::{
    Error, FitContext, Fuser, Fusion, Learner, Matrix, Model, Predictions, Result, Samples, Seed, Truth,
};
use serde::{Deserialize, Serialize};

use super::meta_features;

/// What a learner on the second level reads of probabilities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MetaInputs {
    /// The probabilities themselves.
    #[default]
    Probabilities,
    /// The logarithms of their odds, which suit linear learners.
    Logits,
}

/// Any learner as a fuser: its features are the members' predictions (stacked generalisation, Wolpert 1992).
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LearnerFuser {
    /// The learner of the second level.
    pub learner: Arc<dyn Learner>,
    /// What it reads of probabilities.
    #[serde(default)]
    pub inputs: MetaInputs,
}

impl LearnerFuser {
    /// A learner that reads probabilities or values.
    pub fn new(learner: impl Learner + 'static) -> Self {
        Self { learner: Arc::new(learner), inputs: MetaInputs::default() }
    }
}

#[typetag::serde(name = "learner")]
impl Fuser for LearnerFuser {
    fn name(&self) -> String {
        format!("stack by {}", self.learner.name())
    }

    fn fit(&self, predictions: &Predictions, truth: &Truth<'_>, seed: Seed) -> Result<Box<dyn Fusion>> {
        let rows: Vec<u32> = (0..truth.rows() as u32).filter(|&row| truth.weight(row as usize) > 0.0).collect();
        let mut data = meta_features::dataset(predictions, self.inputs, None)?.with_target(truth.target().clone())?;
        if let Some(weights) = truth.weights() {
            data = data.with_weights(weights.to_vec())?;
        }
        let model = self.learner.fit(&Samples::rows(&data, &rows)?, &FitContext::new(seed))?;
        let members = predictions.names().map(String::from).collect();
        Ok(Box::new(LearnerFusion { learner: self.learner.name(), inputs: self.inputs, members, model }))
    }
}

/// A fitted learner of the second level.
#[derive(Debug, Serialize, Deserialize)]
pub struct LearnerFusion {
    learner: String,
    inputs: MetaInputs,
    members: Vec<String>,
    model: Box<dyn Model>,
}

#[typetag::serde(name = "learner")]
impl Fusion for LearnerFusion {
    fn name(&self) -> String {
        format!("stack by {}", self.learner)
    }

    fn fuse(&self, predictions: &Predictions) -> Result<Matrix> {
        let predictions = predictions.named(&self.members)?;
        if predictions.has_missing() {
            return Err(Error::Unsupported {
                by: self.name(),
                what: "rows that a member does not predict".into(),
                hint: "leave those rows out, or take a rule that can do without a member".into(),
            });
        }
        let data = meta_features::dataset(&predictions, self.inputs, None)?;
        self.model.predict(&Samples::all(&data))
    }
}
