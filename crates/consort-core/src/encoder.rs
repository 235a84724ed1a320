use std::fmt::Debug;

use crate::{Dataset, FitContext, Result, Samples};

/// An unfitted way to make features fit for a learner: impute, scale, one-hot and so on. A person's own is one `impl`
/// and takes part in everything. It is fitted on the training rows of one fit alone, so that nothing leaks.
///
/// ```
/// use consort_core::{Column, Dataset, Encoder, Encoding, Features, FitContext, Result, Samples, Seed};
/// use serde::{Deserialize, Serialize};
///
/// /// Leaves all as it is.
/// #[derive(Debug, Clone, Serialize, Deserialize)]
/// struct AsIs;
///
/// #[typetag::serde]
/// impl Encoder for AsIs {
///     fn name(&self) -> String { "as_is".into() }
///     fn fit(&self, train: &Samples<'_>, _: &FitContext<'_>) -> Result<(Box<dyn Encoding>, Dataset)> {
///         Ok((Box::new(AsIs), self.apply(train)?))
///     }
/// }
///
/// #[typetag::serde]
/// impl Encoding for AsIs {
///     fn apply(&self, rows: &Samples<'_>) -> Result<Dataset> { Ok(rows.dataset().clone()) }
/// }
///
/// let x = Column::Numeric { name: "x".into(), values: vec![1.0, 2.0] };
/// let data = Dataset::new(Features::Columns(vec![x]))?;
/// let (encoding, encoded) = AsIs.fit(&Samples::all(&data), &FitContext::new(Seed::new(0)))?;
/// assert_eq!(encoded.features(), encoding.apply(&Samples::all(&data))?.features());
/// # Ok::<(), consort_core::Error>(())
/// ```
#[typetag::serde(tag = "encoder")]
pub trait Encoder: Debug + Send + Sync {
    /// Its name in tables, such as `one_hot`.
    fn name(&self) -> String;

    /// What was learnt of the training rows, and these rows encoded, in their order, with target and weights.
    ///
    /// The encoded training rows need not be what [`Encoding::apply`] gives for them: a target encoder gives each
    /// row a number that its own target had no part in.
    ///
    /// # Errors
    /// If a parameter is out of range, or the rows are not what it takes.
    fn fit(&self, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<(Box<dyn Encoding>, Dataset)>;
}

/// A fitted encoder.
///
/// ```
/// use consort_core::Encoding;
/// // Saved with the models that were fitted behind it.
/// fn saved(encoding: &dyn Encoding) -> serde_json::Result<String> {
///     serde_json::to_string(encoding)
/// }
/// ```
#[typetag::serde(tag = "encoding")]
pub trait Encoding: Debug + Send + Sync {
    /// Some rows, encoded, in their order: features and ids, no target.
    ///
    /// # Errors
    /// If a feature that it was fitted on is missing or of another kind; the error names it.
    fn apply(&self, rows: &Samples<'_>) -> Result<Dataset>;
}
