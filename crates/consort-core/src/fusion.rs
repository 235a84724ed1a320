use std::fmt::Debug;

use crate::{Gives, Matrix, Outputs, Predictions, Result, Seed, Truth};

/// A fitted fusion: makes one prediction of the members' predictions. Serde round-trips it.
///
/// ```
/// use consort_core::{Fusion, Gives, Ids, Matrix, Outputs, Predictions, Result};
/// use serde::{Deserialize, Serialize};
///
/// /// The first member, whatever the others say.
/// #[derive(Debug, Clone, Serialize, Deserialize)]
/// struct FirstMember;
///
/// #[typetag::serde]
/// impl Fusion for FirstMember {
///     fn name(&self) -> String { "first_member".into() }
///     fn fuse(&self, predictions: &Predictions) -> Result<Matrix> { Ok(predictions.to_matrix(0)) }
///     fn row_by_row(&self) -> bool { true }
/// }
///
/// let predictions = Predictions::builder(Outputs::target("y"), Ids::positions(2))
///     .member("a", Gives::Values, &[1.0, 2.0])?
///     .member("b", Gives::Values, &[3.0, 6.0])?
///     .build()?;
/// assert_eq!(FirstMember.fuse(&predictions)?.values(), [1.0, 2.0]);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[typetag::serde(tag = "fusion")]
pub trait Fusion: Debug + Send + Sync {
    /// Its name in tables and on the command line, such as `mean`.
    fn name(&self) -> String;

    /// The fused prediction, `[rows][columns]`. A row for which there is no answer (no member is available, or the
    /// rule makes no decision) is NaN in every column.
    ///
    /// # Errors
    /// If the members are not those that it was fitted on, or give what it cannot read.
    fn fuse(&self, predictions: &Predictions) -> Result<Matrix>;

    /// Whether the answer of a row depends on no other row, so that many rows can be fused part by part; by default they
    /// are fused together, as a fusion by ranks must be.
    fn row_by_row(&self) -> bool {
        false
    }

    /// What the fused numbers mean; by default probabilities of classes or labels, and values of targets.
    fn gives(&self, outputs: &Outputs) -> Gives {
        outputs.gives()
    }

    /// One weight a member, summing to 1, where the fusion is a weighting of members.
    fn weights(&self) -> Option<Vec<f64>> {
        None
    }
}

/// Fits a fusion on predictions whose truth is known. Serde round-trips it.
///
/// The predictions must be out-of-fold or of held-out rows: a fusion fitted on predictions of rows that their
/// members were fitted on prefers the member that overfits most.
///
/// ```
/// use consort_core::{Fuser, Fusion, Matrix, Predictions, Result, Seed, Truth};
/// use serde::{Deserialize, Serialize};
///
/// /// The plain mean, which learns nothing from the truth.
/// #[derive(Debug, Clone, Serialize, Deserialize)]
/// struct PlainMean;
///
/// #[typetag::serde]
/// impl Fuser for PlainMean {
///     fn name(&self) -> String { "plain_mean".into() }
///     fn fit(&self, _: &Predictions, _: &Truth<'_>, _: Seed) -> Result<Box<dyn Fusion>> { Ok(Box::new(PlainMean)) }
/// }
///
/// #[typetag::serde]
/// impl Fusion for PlainMean {
///     fn name(&self) -> String { "plain_mean".into() }
///     fn fuse(&self, predictions: &Predictions) -> Result<Matrix> {
///         let members = predictions.members().len() as f32;
///         let mut mean = Matrix::zeros(predictions.rows(), predictions.columns());
///         for m in 0..predictions.members().len() {
///             mean.values_mut().iter_mut().zip(predictions.member(m)).for_each(|(mean, x)| *mean += x / members);
///         }
///         Ok(mean)
///     }
/// }
/// assert_eq!(serde_json::to_string(&PlainMean as &dyn Fuser).unwrap(), r#"{"fuser":"PlainMean"}"#);
/// ```
#[typetag::serde(tag = "fuser")]
pub trait Fuser: Debug + Send + Sync {
    /// Its name in tables and on the command line, such as `greedy`.
    fn name(&self) -> String;

    /// The fusion fitted on these predictions. Rows of weight 0 are not read.
    ///
    /// # Errors
    /// If a parameter is out of range, the truth is not parallel, or the members give what it cannot read.
    fn fit(&self, predictions: &Predictions, truth: &Truth<'_>, seed: Seed) -> Result<Box<dyn Fusion>>;
}
