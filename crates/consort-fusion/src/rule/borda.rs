use consort_core::{Error, Fusion, Gives, Matrix, Outputs, Predictions, Result};
use serde::{Deserialize, Serialize};

use super::panel::{Panel, Rows};

/// Borda count: each member ranks the classes and gives each the points of its rank.
///
/// A member gives class k as many points as there are classes below it, plus half of those that are level with it (K
/// minus its average rank). Points are averaged by weight and divided by all points of a member, K(K−1)/2, so that
/// they sum to 1. They are scores, not probabilities.
///
/// One pass over the cube, O(members × rows × K²).
///
/// Source: Borda 1781; as a fusion Ho, Hull and Srihari 1994.
///
/// ```
/// use consort_core::{Classes, Fusion, Gives, Ids, Outputs, Predictions};
/// use consort_fusion::rule::Borda;
/// let predictions = Predictions::builder(Outputs::Classes(Classes::new(["a", "b", "c"])?), Ids::positions(1))
///     .member("m1", Gives::Probabilities, &[0.5, 0.3, 0.2])?
///     .member("m2", Gives::Scores, &[1.0, 7.0, 7.0])?
///     .build()?;
/// // Points 2, 1, 0 and 0, 1.5, 1.5, of 6 in all.
/// let fused = Borda::new().fuse(&predictions)?;
/// assert!((fused.at(0, 0) - 2.0 / 6.0).abs() < 1e-6 && (fused.at(0, 1) - 2.5 / 6.0).abs() < 1e-6);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Borda {
    /// One weight a member, at least 0; a member of weight 0 is not read. `None`: all count the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights: Option<Vec<f64>>,
}

impl Borda {
    /// All members count the same.
    pub fn new() -> Self {
        Self::default()
    }

    with_weights!();
}

#[typetag::serde]
impl Fusion for Borda {
    fn name(&self) -> String {
        "borda".into()
    }

    fn fuse(&self, predictions: &Predictions) -> Result<Matrix> {
        if predictions.outputs().classes("rule `borda`")?.len() < 2 {
            return Err(Error::Unsupported {
                by: "rule `borda`".into(),
                what: "a single class".into(),
                hint: "there is nothing to rank".into(),
            });
        }
        let accepts = [Gives::Probabilities, Gives::Logits, Gives::Scores];
        let panel = Panel::new("borda", predictions, self.weights.as_deref(), &accepts)?.keep_logits();
        panel.fuse(|rows: &Rows<'_>, sums: &mut Vec<f64>, out: &mut [f32]| {
            let columns = rows.columns;
            sums.clear();
            sums.resize(out.len(), 0.0);
            for (values, share) in rows.values.iter().zip(rows.shares) {
                for (row, sums) in values.chunks_exact(columns).zip(sums.chunks_exact_mut(columns)) {
                    for (&x, sum) in row.iter().zip(sums) {
                        // Twice the points, an integer: 2 for each class below and 1 for each that is level.
                        let twice: i32 = row.iter().map(|&y| i32::from(y < x) + i32::from(y <= x)).sum();
                        // The class is level with itself, which earns nothing.
                        *sum += share * f64::from(twice - 1);
                    }
                }
            }
            let all = (columns * (columns - 1)) as f64;
            out.iter_mut().zip(sums.iter()).for_each(|(out, &sum)| *out = (sum / all) as f32);
        })
    }

    fn row_by_row(&self) -> bool {
        true
    }

    fn gives(&self, outputs: &Outputs) -> Gives {
        match outputs {
            Outputs::Targets(_) | Outputs::Quantiles(_) => Gives::Values,
            _ => Gives::Scores,
        }
    }

    fn weights(&self) -> Option<Vec<f64>> {
        shares!(self)
    }
}
