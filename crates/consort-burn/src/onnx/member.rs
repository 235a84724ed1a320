use std::path::PathBuf;

use consort_core::{Error, FitContext, Learner, Model, Outputs, Result, Samples, Takes};
use serde::{Deserialize, Serialize};

use super::{OnnxModel, session::Session};
use crate::Scale;

/// What the numbers stand for that an ONNX model puts out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Says {
    /// For classes probabilities, for numbers the numbers.
    #[default]
    Predictions,
    /// For classes logits, whose softmax are the probabilities; one alone is that of the second of two classes.
    Logits,
}

/// A model that was trained elsewhere and lies in an ONNX file. Fitting it reads the file and checks that it suits the rows;
/// the file's bytes go into the saved member.
///
/// Its input is `[rows][features]`: the columns of a table, all numbers, in their order or in that of `columns`; or
/// `[rows][channels][height][width]` for images. A file with a fixed number of rows is asked so many at a time.
///
/// Rows that the model learnt from elsewhere make its estimates here too good: only who trained it knows them.
///
/// ```no_run
/// use consort_burn::{Scale, onnx::{Onnx, Says}};
/// let member = Onnx {
///     says: Says::Logits,
///     scale: Scale::Given { means: vec![0.1307], deviations: vec![0.3081] },
///     ..Onnx::new("lenet.onnx")
/// };
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Onnx {
    /// The file.
    pub file: PathBuf,
    /// The columns that are its inputs; none for all, in their order.
    #[serde(default)]
    pub columns: Vec<String>,
    /// How numbers are scaled before it sees them: not at all, or as given, one pair for all or one for each column or
    /// channel.
    #[serde(default = "unscaled")]
    pub scale: Scale,
    /// What it puts out.
    #[serde(default)]
    pub says: Says,
}

fn unscaled() -> Scale {
    Scale::None
}

impl Onnx {
    /// The model of a file, its inputs as they are.
    pub fn new(file: impl Into<PathBuf>) -> Self {
        Self { file: file.into(), columns: Vec::new(), scale: Scale::None, says: Says::Predictions }
    }

    /// The member.
    ///
    /// # Errors
    /// As [`Learner::fit`].
    pub fn load(&self, train: &Samples<'_>) -> Result<OnnxModel> {
        self.scale.check()?;
        if self.scale == Scale::Standard {
            return Err(Error::parameter("scale", "standard", "none or given: the model was trained elsewhere"));
        }
        let place = self.file.display().to_string();
        let damaged = |problem: String| Error::Damaged { place: place.clone(), problem };
        let bytes = std::fs::read(&self.file).map_err(|error| damaged(format!("it cannot be read: {error}")))?;
        let target = train.dataset().target_for("an ONNX model")?;
        let outputs = target.outputs();
        if matches!(outputs, Outputs::Labels(_)) {
            return Err(Error::Unsupported {
                by: "an ONNX model".into(),
                what: format!("a target of {}", outputs.task()),
                hint: "give classes or numbers".into(),
            });
        }
        let shape = Session::features(train.dataset(), &self.columns);
        if let Scale::Given { means, .. } = &self.scale {
            let channels = shape.row().first().copied().unwrap_or(0);
            if means.len() != 1 && means.len() != channels {
                let value = format!("{} means", means.len());
                return Err(Error::parameter(
                    "scale",
                    value,
                    format!("1, or one for each of the {channels} {}", shape.unit()),
                ));
            }
        }
        OnnxModel::new(self.clone(), bytes, outputs, shape)
    }
}

#[typetag::serde(name = "onnx")]
impl Learner for Onnx {
    fn name(&self) -> String {
        "onnx".into()
    }

    // It needs numbers, but those of the table as they are and not what an encoder makes of them.
    fn takes(&self) -> Takes {
        Takes { categories: true, missing: true, weights: true }
    }

    fn fit(&self, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<Box<dyn Model>> {
        ctx.check()?;
        Ok(Box::new(self.load(train)?))
    }
}
