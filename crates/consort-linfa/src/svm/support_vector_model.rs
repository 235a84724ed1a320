use consort_core::{Error, Matrix, Model, Result, Samples, blocks};
use serde::{Deserialize, Serialize};

use super::{Kernel, decision::Decision, kernel::Alike, platt::Platt};
use crate::{
    classes::Present,
    dense::{Schema, Standard, Table, whole},
};

/// A fitted [`SupportVector`](super::SupportVector): the rows that matter, and how much.
///
/// ```
/// # use consort_core::{Column, Dataset, Features, FitContext, Samples, Seed, Target};
/// # use consort_linfa::SupportVector;
/// # let x = Column::Numeric { name: "x".into(), values: vec![0.0, 1.0, 2.0] };
/// # let y = Target::from_values(vec![1.0, 3.0, 5.0], "y")?;
/// # let data = Dataset::new(Features::Columns(vec![x]))?.with_target(y)?;
/// let model = SupportVector::default().separate(&Samples::all(&data), &FitContext::new(Seed::new(0)))?;
/// assert!(model.vectors() <= 3);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SupportVectorModel {
    features: Schema,
    standard: Standard,
    kernel: Kernel,
    gamma: f64,
    /// `[vector][feature]`, standardised.
    rows: Vec<f64>,
    /// `[decision][vector]`
    values: Vec<f64>,
    /// `[decision]`
    constants: Vec<f64>,
    answers: Answers,
}

/// What the decisions are about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Answers {
    /// One curve a decision: none for one class, one for two, one a class else.
    Classes {
        present: Present,
        curves: Vec<Platt>,
    },
    Values {
        targets: Vec<String>,
    },
}

const BY: &str = "the support vectors";

impl SupportVectorModel {
    pub(super) fn new(
        features: Schema,
        standard: Standard,
        (kernel, gamma): (Kernel, f64),
        rows: &[f64],
        decisions: Vec<Decision>,
        answers: Answers,
    ) -> Self {
        let width = features.len();
        let is_kept = |i: &usize| decisions.iter().any(|decision| decision.values[*i] != 0.0);
        let kept: Vec<usize> = (0..rows.len() / width.max(1)).filter(is_kept).collect();
        let rows = kept.iter().flat_map(|&i| &rows[i * width..(i + 1) * width]).copied().collect();
        let values = decisions.iter().flat_map(|decision| kept.iter().map(|&i| decision.values[i])).collect();
        let constants = decisions.iter().map(|decision| decision.constant).collect();
        Self { features, standard, kernel, gamma, rows, values, constants, answers }
    }

    /// How many training rows matter.
    pub fn vectors(&self) -> usize {
        self.rows.len() / self.features.len().max(1)
    }

    /// The raw scores `f(x)`, `[row][decision]`: one of the second of two classes, one a class for more, one a target.
    ///
    /// # Errors
    /// As [`Model::predict`].
    pub fn scores(&self, rows: &Samples<'_>) -> Result<Matrix> {
        let mut scores = Matrix::zeros(rows.len(), self.constants.len());
        let columns = self.constants.len();
        self.each(rows, &mut scores, columns, |f, out| out.iter_mut().zip(f).for_each(|(to, f)| *to = *f as f32))?;
        Ok(scores)
    }

    fn each(
        &self,
        rows: &Samples<'_>,
        out: &mut Matrix,
        columns: usize,
        finish: impl Fn(&[f64], &mut [f32]) + Sync,
    ) -> Result<()> {
        let (width, vectors, decisions) = (self.features.len(), self.vectors(), self.constants.len());
        whole(BY, "numbers", self.rows.len(), vectors * width)?;
        whole(BY, "values", self.values.len(), decisions * vectors)?;
        whole(BY, "means", self.standard.means.len(), width)?;
        whole(BY, "scales", self.standard.scales.len(), width)?;
        self.kernel.check()?;
        let table = Table::known(BY, &self.features, rows)?;
        let alike = Alike::new(self.kernel, self.gamma, &self.rows, width);
        blocks::fill(out.values_mut(), columns, |rows, out| {
            let (mut raw, mut scores) = (vec![0.0; width], vec![0.0; decisions]);
            for (i, out) in rows.zip(out.chunks_exact_mut(columns)) {
                table.rows(i..i + 1, &mut raw);
                let near = alike.to(&self.standard.apply(&raw));
                for (d, score) in scores.iter_mut().enumerate() {
                    let values = &self.values[d * vectors..(d + 1) * vectors];
                    *score = self.constants[d] + values.iter().zip(&near).map(|(v, k)| v * k).sum::<f64>();
                }
                if let Some(bad) = scores.iter().find(|score| !(**score as f32).is_finite()) {
                    return Err(Error::NotFinite {
                        place: "the scores of the support vectors".into(),
                        row: table.row(i) + 1,
                        id: String::new(),
                        what: "the score".into(),
                        value: *bad,
                    });
                }
                finish(&scores, out);
            }
            Ok(())
        })
    }
}

#[typetag::serde(name = "support_vector")]
impl Model for SupportVectorModel {
    fn predict(&self, rows: &Samples<'_>) -> Result<Matrix> {
        let decisions = self.constants.len();
        match &self.answers {
            Answers::Values { targets } => {
                whole(BY, "targets", targets.len(), decisions)?;
                self.scores(rows)
            }
            Answers::Classes { present, curves } => {
                let places = present.places();
                let needed = if places.len() <= 2 { places.len() - 1 } else { places.len() };
                whole(BY, "curves", curves.len(), needed)?;
                whole(BY, "decisions", decisions, needed)?;
                let mut predicted = Matrix::zeros(rows.len(), present.len());
                self.each(rows, &mut predicted, present.len(), |f, out| match *places {
                    [only] => out[only] = 1.0,
                    [first, second] => {
                        let p = curves[0].probability(f[0]);
                        out[first] = (1.0 - p) as f32;
                        out[second] = p as f32;
                    }
                    _ => {
                        let own = |c: usize| curves[c].probability(f[c]);
                        let total: f64 = (0..places.len()).map(own).sum();
                        for (c, &k) in places.iter().enumerate() {
                            out[k] = if total > 0.0 { own(c) / total } else { 1.0 / places.len() as f64 } as f32;
                        }
                    }
                })?;
                Ok(predicted)
            }
        }
    }
}
