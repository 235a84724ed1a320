use consort_core::{Fusion, Gives, Ids, Matrix, Missing, Outputs, Predictions, Result};
use serde::{Deserialize, Serialize};

use crate::verdict::parts;

/// Fitted fusions whose answers another fusion makes one of: what a [`SuperLearner`](super::SuperLearner) gives where none of its
/// fusers is enough by itself.
///
/// ```
/// use consort_core::{Fusion, Gives, Ids, Outputs, Predictions};
/// use consort_fusion::{rule::{Maximum, Mean, Minimum}, stack::FusionMixture};
/// let predictions = Predictions::builder(Outputs::target("y"), Ids::positions(1))
///     .member("a", Gives::Values, &[1.0])?
///     .member("b", Gives::Values, &[2.0])?
///     .member("c", Gives::Values, &[9.0])?
///     .build()?;
/// let among: [(&str, Box<dyn Fusion>); 2] = [("least", Box::new(Minimum::default())), ("most", Box::new(Maximum::default()))];
/// let middle = FusionMixture::new(among.map(|(name, fusion)| (name.into(), fusion)).into(), Box::new(Mean::default()));
/// assert_eq!(middle.fuse(&predictions)?.values(), [5.0]);
/// assert_eq!(middle.name(), "mean(minimum, maximum)");
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Serialize, Deserialize)]
pub struct FusionMixture {
    fusions: Vec<(String, Box<dyn Fusion>)>,
    over: Box<dyn Fusion>,
}

impl FusionMixture {
    /// These, and what makes one answer of theirs: it sees them as members of these names, in this order.
    pub fn new(fusions: Vec<(String, Box<dyn Fusion>)>, over: Box<dyn Fusion>) -> Self {
        Self { fusions, over }
    }

    /// The fusions with their names as members, in order.
    pub fn fusions(&self) -> impl Iterator<Item = (&str, &dyn Fusion)> {
        self.fusions.iter().map(|(name, fusion)| (name.as_str(), &**fusion))
    }

    /// What makes one answer of theirs.
    pub fn over(&self) -> &dyn Fusion {
        &*self.over
    }

    fn fuse_part(&self, predictions: &Predictions) -> Result<Matrix> {
        let answers = self.fusions().map(|(_, fusion)| fusion.fuse(predictions)).collect::<Result<Vec<Matrix>>>()?;
        let names = self.fusions().map(|(name, _)| name.to_owned()).collect();
        let gives = self.fusions().map(|(_, fusion)| fusion.gives(predictions.outputs()));
        self.over.fuse(&as_members(predictions.outputs(), predictions.ids(), names, answers.iter().zip(gives))?)
    }
}

/// What members are called by these names: twins get a number.
pub(super) fn names_of(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut given = Vec::<String>::new();
    for name in names {
        let twins = given.iter().filter(|other| other.split(" #").next() == Some(&name)).count();
        given.push(if twins == 0 { name } else { format!("{name} #{}", twins + 1) });
    }
    given
}

/// Answers, each with what its numbers mean, as members. A row without an answer is a row that the member lacks.
pub(super) fn as_members<'a>(
    outputs: &Outputs,
    ids: Ids,
    names: Vec<String>,
    answers: impl Iterator<Item = (&'a Matrix, Gives)>,
) -> Result<Predictions> {
    let mut members = Predictions::builder(outputs.clone(), ids).missing(Missing::Available).reserve(names.len());
    for (name, (answer, gives)) in names.into_iter().zip(answers) {
        members = members.member(name, gives, answer.values())?;
    }
    members.build()
}

#[typetag::serde(name = "fusion_mixture")]
impl Fusion for FusionMixture {
    fn name(&self) -> String {
        let names: Vec<String> = self.fusions().map(|(_, fusion)| fusion.name()).collect();
        format!("{}({})", self.over.name(), names.join(", "))
    }

    fn fuse(&self, predictions: &Predictions) -> Result<Matrix> {
        let mut fused = Matrix::zeros(predictions.rows(), predictions.columns());
        for rows in parts(self, predictions.rows()) {
            let part = self.fuse_part(&predictions.slice(rows.clone()))?;
            fused.values_mut()[rows.start * part.columns()..rows.end * part.columns()].copy_from_slice(part.values());
        }
        Ok(fused)
    }

    fn row_by_row(&self) -> bool {
        self.over.row_by_row() && self.fusions().all(|(_, fusion)| fusion.row_by_row())
    }

    fn gives(&self, outputs: &Outputs) -> Gives {
        self.over.gives(outputs)
    }

    /// The weights of the members, where every fusion that counts has such and so has what is over them.
    fn weights(&self) -> Option<Vec<f64>> {
        let mut sum: Vec<f64> = Vec::new();
        for ((_, fusion), weight) in self.fusions().zip(self.over.weights()?) {
            let weights = fusion.weights()?;
            sum.resize(weights.len(), 0.0);
            sum.iter_mut().zip(&weights).for_each(|(sum, own)| *sum += weight * own);
        }
        Some(sum)
    }
}
