use consort_core::{Fusion, Matrix, Model, Outputs, Predictions, Result, Samples};
use serde::{Deserialize, Serialize};

use super::{MetaInputs, meta_features};
use crate::fitted_member::{FittedMember, predictions};

/// Fitted layers of members, and what fuses the last of them.
#[derive(Debug, Serialize, Deserialize)]
pub struct StackedModel {
    layers: Vec<FittedLayer>,
    meta: FittedMeta,
    outputs: Outputs,
    passthrough: bool,
}

/// The members of one layer.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct FittedLayer {
    pub(super) members: Vec<FittedMember>,
}

/// What is on top.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum FittedMeta {
    Fusion(Box<dyn Fusion>),
    Learner { model: Box<dyn Model>, inputs: MetaInputs },
}

impl StackedModel {
    pub(super) fn new(layers: Vec<FittedLayer>, meta: FittedMeta, outputs: Outputs, passthrough: bool) -> Self {
        Self { layers, meta, outputs, passthrough }
    }

    /// The members of the last layer; those that the fusion does not read have no models.
    pub fn members(&self) -> &[FittedMember] {
        self.layers.last().map(|layer| layer.members.as_slice()).unwrap_or_default()
    }

    /// The fusion, where it is one.
    pub fn fusion(&self) -> Option<&dyn Fusion> {
        match &self.meta {
            FittedMeta::Fusion(fusion) => Some(&**fusion),
            FittedMeta::Learner { .. } => None,
        }
    }

    /// The predictions of the last layer's members that are read.
    ///
    /// # Errors
    /// Those of the models.
    pub fn member_predictions(&self, rows: &Samples<'_>) -> Result<Predictions> {
        let mut below: Option<Predictions> = None;
        for layer in &self.layers {
            let made = match below {
                None => predictions(&layer.members, &self.outputs, rows)?,
                Some(seen) => {
                    let through = self.passthrough.then_some(rows);
                    let data = meta_features::dataset(&seen, self.inputs(), through)?;
                    predictions(&layer.members, &self.outputs, &Samples::all(&data))?
                }
            };
            below = Some(made);
        }
        below.ok_or_else(|| consort_core::Error::Empty {
            what: "the list of layers".into(),
            hint: "the saved model has none".into(),
        })
    }

    /// The prediction of these rows, made of what [`member_predictions`](Self::member_predictions) gave for them.
    ///
    /// # Errors
    /// If they are not the predictions of this model's members, and those of what is on top.
    pub fn fuse(&self, seen: &Predictions, rows: &Samples<'_>) -> Result<Matrix> {
        match &self.meta {
            FittedMeta::Fusion(fusion) => {
                let members = self.members();
                let names: Vec<&str> = members.iter().map(|member| member.name.as_str()).collect();
                fusion.fuse(&seen.named_where(&names, |m| !members[m].models.is_empty())?)
            }
            FittedMeta::Learner { model, inputs } => {
                let data = meta_features::dataset(seen, *inputs, self.passthrough.then_some(rows))?;
                model.predict(&Samples::all(&data))
            }
        }
    }

    fn inputs(&self) -> MetaInputs {
        match &self.meta {
            FittedMeta::Learner { inputs, .. } => *inputs,
            FittedMeta::Fusion(_) => MetaInputs::default(),
        }
    }
}

#[typetag::serde(name = "stacked_model")]
impl Model for StackedModel {
    fn predict(&self, rows: &Samples<'_>) -> Result<Matrix> {
        self.fuse(&self.member_predictions(rows)?, rows)
    }
}
