use consort_core::{Error, Matrix, Model, Outputs, Result, Samples};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use super::{
    Onnx, Says,
    session::{Session, Shape},
};
use crate::Scale;

/// An ONNX model as a fitted member; saved, it holds the bytes of its file.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "Parts", into = "Parts")]
pub struct OnnxModel {
    member: Onnx,
    bytes: Vec<u8>,
    outputs: Outputs,
    session: Session,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Parts {
    member: Onnx,
    bytes: ByteBuf,
    outputs: Outputs,
    shape: Shape,
}

impl From<OnnxModel> for Parts {
    fn from(model: OnnxModel) -> Self {
        let shape = model.session.shape().clone();
        Parts { member: model.member, bytes: ByteBuf::from(model.bytes), outputs: model.outputs, shape }
    }
}

impl TryFrom<Parts> for OnnxModel {
    type Error = Error;

    fn try_from(Parts { member, bytes, outputs, shape }: Parts) -> Result<Self> {
        Self::new(member, bytes.into_vec(), outputs, shape)
    }
}

impl OnnxModel {
    pub(super) fn new(member: Onnx, bytes: Vec<u8>, outputs: Outputs, shape: Shape) -> Result<Self> {
        let session = Session::open(&member.file.display().to_string(), &bytes, shape)?;
        Ok(Self { member, bytes, outputs, session })
    }

    /// What columns its predictions have.
    pub fn outputs(&self) -> &Outputs {
        &self.outputs
    }

    fn by(&self) -> String {
        format!("the ONNX model `{}`", self.member.file.display())
    }

    fn scale(&self, row: &mut [f32]) {
        let Scale::Given { means, deviations } = &self.member.scale else { return };
        let run = row.len().div_ceil(means.len()).max(1);
        for ((run, mean), deviation) in row.chunks_mut(run).zip(means).zip(deviations) {
            run.iter_mut().for_each(|x| *x = (*x - mean) / deviation);
        }
    }

    /// Predictions out of what the model said of a row.
    fn decode(&self, i: usize, said: &[f32], to: &mut [f32]) -> Result<()> {
        let wrong = |what: String, hint: &str| Error::Unsupported { by: self.by(), what, hint: hint.into() };
        if let Some(k) = said.iter().position(|x| !x.is_finite()) {
            return Err(Error::NotFinite {
                place: self.by(),
                row: i + 1,
                id: String::new(),
                what: format!("output {k}"),
                value: f64::from(said[k]),
            });
        }
        let is_one_of_two = said.len() == 1 && to.len() == 2;
        if said.len() != to.len() && !is_one_of_two {
            let what = format!("{} outputs a row where {} are due", said.len(), to.len());
            return Err(wrong(what, "take a model of the same classes or targets"));
        }
        if !matches!(self.outputs, Outputs::Classes(_)) {
            to.copy_from_slice(said);
            return Ok(());
        }
        match (self.member.says, is_one_of_two) {
            (Says::Logits, true) => {
                let share = 1.0 / (1.0 + f64::from(-said[0]).exp());
                (to[0], to[1]) = ((1.0 - share) as f32, share as f32);
            }
            (Says::Logits, false) => {
                let greatest = said.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                let shares: Vec<f64> = said.iter().map(|&z| f64::from(z - greatest).exp()).collect();
                let sum: f64 = shares.iter().sum();
                to.iter_mut().zip(shares).for_each(|(to, share)| *to = (share / sum) as f32);
            }
            (Says::Predictions, true) => (to[0], to[1]) = (1.0 - said[0], said[0]),
            (Says::Predictions, false) => to.copy_from_slice(said),
        }
        let sum: f32 = to.iter().sum();
        if to.iter().any(|p| !(-1e-4..=1.0001).contains(p)) || (sum - 1.0).abs() > 1e-3 {
            let what = format!("numbers that are no probabilities: {said:?} in row {}", i + 1);
            return Err(wrong(what, "set `says` to logits"));
        }
        Ok(())
    }
}

#[typetag::serde(name = "onnx")]
impl Model for OnnxModel {
    fn predict(&self, rows: &Samples<'_>) -> Result<Matrix> {
        let (said, each) = self.session.run(&self.by(), rows, |row| self.scale(row))?;
        let mut out = Matrix::zeros(rows.len(), self.outputs.len());
        for (i, said) in said.chunks_exact(each.max(1)).enumerate() {
            self.decode(i, said, out.row_mut(i))?;
        }
        Ok(out)
    }
}
