use consort_core::{Error, Fusion, Matrix, Predictions, Result};
use serde::{Deserialize, Serialize};

use super::{
    log_pool::MULTIPLIED,
    panel::{Panel, Rows},
};

/// Dempster's rule: each member is evidence for its classes, as far as it is reliable.
///
/// Member m with reliability rₘ gives mass rₘ·xₘₖ to class k and 1 − rₘ to "any class". Combined by Dempster's rule,
/// the mass of class k is in proportion to Πₘ (rₘ·xₘₖ + 1 − rₘ) − Πₘ (1 − rₘ), and that of "any class" to Πₘ (1 − rₘ). What comes
/// out is the pignistic probability, which shares the latter evenly. Reliability 1 is the
/// [`Product`](super::Product); a member that never saw a class cannot veto it while its reliability is below 1.
///
/// Weights scale the reliability: the member of the greatest weight has it in full, one of half that weight half of it.
///
/// One pass over the cube, O(members × rows × columns).
///
/// Source: Dempster 1967; Shafer 1976 (discounting); Smets 1990 (pignistic probability).
///
/// ```
/// use consort_core::{Classes, Fusion, Gives, Ids, Outputs, Predictions};
/// use consort_fusion::rule::DempsterShafer;
/// let predictions = Predictions::builder(Outputs::Classes(Classes::new(["a", "b"])?), Ids::positions(1))
///     .member("m1", Gives::Probabilities, &[1.0, 0.0])?
///     .build()?;
/// // Half of the mass goes to `a`, the other half is shared.
/// assert_eq!(DempsterShafer::new(0.5).fuse(&predictions)?.row(0), [0.75, 0.25]);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DempsterShafer {
    /// How far the members are believed, in (0, 1].
    pub reliability: f64,
    /// One weight a member, at least 0; a member of weight 0 is not read. `None`: all count the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights: Option<Vec<f64>>,
}

impl Default for DempsterShafer {
    /// Members believed to nine tenths.
    fn default() -> Self {
        Self::new(0.9)
    }
}

impl DempsterShafer {
    /// Members of this reliability; all count the same.
    pub fn new(reliability: f64) -> Self {
        Self { reliability, weights: None }
    }

    with_weights!();

    /// Refuses a reliability outside of (0, 1].
    ///
    /// # Errors
    /// [`Error::Parameter`].
    pub fn check(&self) -> Result<()> {
        if self.reliability > 0.0 && self.reliability <= 1.0 {
            return Ok(());
        }
        Err(Error::parameter("reliability", self.reliability, "above 0 and at most 1"))
    }
}

#[typetag::serde]
impl Fusion for DempsterShafer {
    fn name(&self) -> String {
        format!("dempster-shafer:{}", self.reliability)
    }

    fn fuse(&self, predictions: &Predictions) -> Result<Matrix> {
        self.check()?;
        predictions.outputs().classes("rule `dempster-shafer`")?;
        let panel = Panel::new("dempster-shafer", predictions, self.weights.as_deref(), &MULTIPLIED)?;
        // Of all members, so that a row that some member lacks believes the others as ever.
        let greatest = self.weights.iter().flatten().copied().fold(0.0, f64::max);
        let greatest = if greatest > 0.0 { greatest } else { 1.0 };
        panel.fuse(|rows: &Rows<'_>, masses: &mut Vec<f64>, out: &mut [f32]| {
            let columns = rows.columns;
            for (i, out) in out.chunks_exact_mut(columns).enumerate() {
                masses.clear();
                masses.resize(columns, 1.0);
                let mut any = 1.0;
                for (m, &weight) in rows.weights.iter().enumerate() {
                    let believed = self.reliability * (weight / greatest);
                    let doubt = 1.0 - believed;
                    any *= doubt;
                    for (mass, &x) in masses.iter_mut().zip(rows.row(m, i)) {
                        *mass *= believed * f64::from(x) + doubt;
                    }
                    // Only the proportions matter, so that many members cannot underflow.
                    if m % 4 == 3 {
                        let top = masses.iter().copied().fold(any, f64::max);
                        if top > 0.0 {
                            masses.iter_mut().for_each(|mass| *mass /= top);
                            any /= top;
                        }
                    }
                }
                let shared = any / columns as f64;
                let sum: f64 = masses.iter().map(|mass| mass - any + shared).sum();
                for (out, mass) in out.iter_mut().zip(masses.iter()) {
                    // Members that are sure of different classes, and fully believed, leave no mass at all.
                    let p = if sum > 0.0 { (mass - any + shared) / sum } else { 1.0 / columns as f64 };
                    *out = p.max(0.0) as f32;
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
