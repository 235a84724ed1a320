use std::fmt::Debug;

use crate::{Dataset, FitContext, Result, Samples};

/// An unfitted way to make features fit for a learner: impute, scale, one-hot and so on. A person's own is one `impl`
/// and takes part in everything. It is fitted on the training rows of one fit alone, so that nothing leaks.
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
#[typetag::serde(tag = "encoding")]
pub trait Encoding: Debug + Send + Sync {
    /// Some rows, encoded, in their order: features and ids, no target.
    ///
    /// # Errors
    /// If a feature that it was fitted on is missing or of another kind; the error names it.
    fn apply(&self, rows: &Samples<'_>) -> Result<Dataset>;
}
