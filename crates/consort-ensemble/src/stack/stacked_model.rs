use consort_core::{Dataset, Encoding, Error, Fusion, Matrix, Model, Outputs, Predictions, Result, Samples};
use serde::{Deserialize, Serialize};

use super::{MetaInputs, meta_features};
use crate::fitted_member::{FittedMember, predictions};

/// Fitted layers of members, and what fuses the last of them.
#[derive(Debug, Serialize, Deserialize)]
pub struct StackedModel {
    layers: Vec<FittedLayer>,
    meta: FittedMeta,
    outputs: Outputs,
    passthrough: FittedPassthrough,
}

/// What learners above the first layer read beside the predictions.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum FittedPassthrough {
    Nothing,
    Features,
    Encoded(Box<dyn Encoding>),
}

/// Rows, and what is passed through of them: encoded once, when it is first asked for.
struct Passed<'a> {
    rows: &'a Samples<'a>,
    by: &'a FittedPassthrough,
    encoded: Option<Dataset>,
}

impl<'a> Passed<'a> {
    fn new(rows: &'a Samples<'a>, by: &'a FittedPassthrough) -> Self {
        Self { rows, by, encoded: None }
    }

    /// The predictions as features, and what is passed through beside them.
    fn dataset(&mut self, seen: &Predictions, inputs: MetaInputs) -> Result<Dataset> {
        if let (FittedPassthrough::Encoded(encoding), None) = (self.by, &self.encoded) {
            self.encoded = Some(encoding.apply(self.rows)?);
        }
        let through = match self.by {
            FittedPassthrough::Nothing => None,
            FittedPassthrough::Features => Some(*self.rows),
            FittedPassthrough::Encoded(_) => self.encoded.as_ref().map(Samples::all),
        };
        meta_features::dataset(seen, inputs, through.as_ref())
    }
}

/// The members of one layer.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct FittedLayer {
    pub(super) members: Vec<FittedMember>,
}

/// What is on top.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum FittedMeta {
    Fusion(Box<dyn Fusion>),
    Learner { model: Box<dyn Model>, inputs: MetaInputs },
}

impl StackedModel {
    pub(super) fn new(
        layers: Vec<FittedLayer>,
        meta: FittedMeta,
        outputs: Outputs,
        passthrough: FittedPassthrough,
    ) -> Self {
        Self { layers, meta, outputs, passthrough }
    }

    /// The members of the last layer; those that the fusion does not read have no models.
    pub fn members(&self) -> &[FittedMember] {
        self.layers.last().map(|layer| layer.members.as_slice()).unwrap_or_default()
    }

    /// The names of the foreign members that are read: whoever predicts new rows must bring their predictions.
    pub fn foreign(&self) -> impl Iterator<Item = &str> {
        self.members().iter().filter(|member| member.is_foreign).map(|member| member.name.as_str())
    }

    /// The same layers with other members on the last one, fused anew: what a run becomes when a member is added,
    /// dropped or replaced. Members that the fusion gives weight 0 may be [unread](FittedMember::unread).
    ///
    /// # Errors
    /// [`Error::Empty`] without a layer or a member.
    pub fn with_members(mut self, members: Vec<FittedMember>, fusion: Box<dyn Fusion>) -> Result<Self> {
        let hint = || "an ensemble has at least one".to_owned();
        let last =
            self.layers.last_mut().ok_or_else(|| Error::Empty { what: "the list of layers".into(), hint: hint() })?;
        if members.is_empty() {
            return Err(Error::Empty { what: "the list of members".into(), hint: hint() });
        }
        last.members = members;
        self.meta = FittedMeta::Fusion(fusion);
        Ok(self)
    }

    /// Takes the models of the last layer's members out, each under its name, for
    /// [`with_members`](Self::with_members).
    pub fn take_members(&mut self) -> Vec<FittedMember> {
        self.layers.last_mut().map(|layer| std::mem::take(&mut layer.members)).unwrap_or_default()
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
    /// Those of the models, and [`Error::Unsupported`] if there is a foreign member.
    pub fn member_predictions(&self, rows: &Samples<'_>) -> Result<Predictions> {
        self.member_predictions_with(rows, &[])
    }

    /// As [`member_predictions`](Self::member_predictions), with the foreign members' predictions of these rows, by name.
    ///
    /// # Errors
    /// Those of the models; [`Error::Unsupported`] if a foreign member is not given; if what is given does not fit the
    /// rows or the outputs.
    pub fn member_predictions_with(&self, rows: &Samples<'_>, given: &[(String, Matrix)]) -> Result<Predictions> {
        self.layers_on(&mut Passed::new(rows, &self.passthrough), given)
    }

    fn layers_on(&self, passed: &mut Passed<'_>, given: &[(String, Matrix)]) -> Result<Predictions> {
        let mut below: Option<Predictions> = None;
        for layer in &self.layers {
            let made = match below {
                None => predictions(&layer.members, &self.outputs, passed.rows, given)?,
                Some(seen) => {
                    let data = passed.dataset(&seen, self.inputs())?;
                    predictions(&layer.members, &self.outputs, &Samples::all(&data), given)?
                }
            };
            below = Some(made);
        }
        below.ok_or_else(|| Error::Empty { what: "the list of layers".into(), hint: "the saved model has none".into() })
    }

    /// The prediction of these rows, made of what [`member_predictions`](Self::member_predictions) gave for them.
    ///
    /// # Errors
    /// If they are not the predictions of this model's members, and those of what is on top.
    pub fn fuse(&self, seen: &Predictions, rows: &Samples<'_>) -> Result<Matrix> {
        self.fuse_on(seen, &mut Passed::new(rows, &self.passthrough))
    }

    fn fuse_on(&self, seen: &Predictions, passed: &mut Passed<'_>) -> Result<Matrix> {
        match &self.meta {
            FittedMeta::Fusion(fusion) => {
                let members = self.members();
                let names: Vec<&str> = members.iter().map(|member| member.name.as_str()).collect();
                fusion.fuse(&seen.named_where(&names, |m| members[m].is_read())?)
            }
            FittedMeta::Learner { model, inputs } => {
                let data = passed.dataset(seen, *inputs)?;
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
        let mut passed = Passed::new(rows, &self.passthrough);
        self.fuse_on(&self.layers_on(&mut passed, &[])?, &mut passed)
    }
}
