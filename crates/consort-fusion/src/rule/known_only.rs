use consort_core::{Error, Fusion, Gives, Matrix, Predictions, Result};
use serde::{Deserialize, Serialize};

use super::panel::{Panel, Rows};

/// The mean of each class over the members that know it, scaled to a sum of 1.
///
/// outₖ ∝ Σ wₘ·xₘₖ / Σ wₘ over the members m that know class k. A member that never saw a class in training so does not
/// vote against it, where [`Mean`](super::Mean) counts its 0. Where no member that has the row knows a class it gets 0.
///
/// One pass over the cube, O(members × rows × columns).
///
/// ```
/// use consort_core::{Classes, Fusion, Gives, Ids, Outputs, Predictions};
/// use consort_fusion::rule::KnownOnly;
/// let predictions = Predictions::builder(Outputs::Classes(Classes::new(["a", "b", "c"])?), Ids::positions(1))
///     .member("m1", Gives::Probabilities, &[0.2, 0.3, 0.5])?
///     .member("m2", Gives::Probabilities, &[0.4, 0.6, 0.0])?
///     .build()?;
/// let rule = KnownOnly::new(vec![vec![true; 3], vec![true, true, false]]);
/// let fused = rule.fuse(&predictions)?; // 0.3, 0.45 and 0.5, scaled
/// assert!((fused.at(0, 2) - 0.4).abs() < 1e-6);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownOnly {
    /// `[member][class]`: whether the member knows the class.
    pub known: Vec<Vec<bool>>,
    /// One weight a member, at least 0; a member of weight 0 is not read. `None`: all count the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights: Option<Vec<f64>>,
}

impl KnownOnly {
    /// With what each member knows, `[member][class]`; all members count the same.
    pub fn new(known: Vec<Vec<bool>>) -> Self {
        Self { known, weights: None }
    }

    with_weights!();

    fn check(&self, predictions: &Predictions) -> Result<()> {
        let wrong = |got: usize, expected: usize, unit: &'static str| {
            let hint = "say for each member and class whether the member knows it".into();
            Err(Error::Length { what: "the table of known classes".into(), got, expected, unit, hint })
        };
        if self.known.len() != predictions.members().len() {
            return wrong(self.known.len(), predictions.members().len(), "members");
        }
        match self.known.iter().find(|known| known.len() != predictions.columns()) {
            Some(known) => wrong(known.len(), predictions.columns(), "classes"),
            None => Ok(()),
        }
    }
}

#[typetag::serde]
impl Fusion for KnownOnly {
    fn name(&self) -> String {
        "known-only".into()
    }

    fn fuse(&self, predictions: &Predictions) -> Result<Matrix> {
        predictions.outputs().classes("rule `known-only`")?;
        self.check(predictions)?;
        let accepts = [Gives::Probabilities, Gives::Logits, Gives::Labels];
        let panel = Panel::new("known-only", predictions, self.weights.as_deref(), &accepts)?;
        panel.fuse(|rows: &Rows<'_>, scratch: &mut (Vec<f64>, Vec<f64>), out: &mut [f32]| {
            let (sums, weights) = scratch;
            weights.clear();
            weights.resize(rows.columns, 0.0);
            sums.clear();
            sums.resize(out.len(), 0.0);
            for (m, values) in rows.values.iter().enumerate() {
                let known = &self.known[rows.places[m]];
                let weight = |k: usize| if known[k] { rows.shares[m] } else { 0.0 };
                weights.iter_mut().enumerate().for_each(|(k, sum)| *sum += weight(k));
                for (values, sums) in values.chunks_exact(rows.columns).zip(sums.chunks_exact_mut(rows.columns)) {
                    for k in 0..rows.columns {
                        sums[k] += weight(k) * f64::from(values[k]);
                    }
                }
            }
            for (sums, out) in sums.chunks_exact_mut(rows.columns).zip(out.chunks_exact_mut(rows.columns)) {
                sums.iter_mut().zip(weights.iter()).for_each(|(sum, &w)| *sum = if w > 0.0 { *sum / w } else { 0.0 });
                let total: f64 = sums.iter().sum();
                for (out, &sum) in out.iter_mut().zip(sums.iter()) {
                    *out = if total > 0.0 { sum / total } else { 1.0 / rows.columns as f64 } as f32;
                }
            }
        })
    }

    fn row_by_row(&self) -> bool {
        true
    }

    fn weights(&self) -> Option<Vec<f64>> {
        shares!(self)
    }
}
