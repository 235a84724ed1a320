//! What boosting makes small: each loss gives a gradient and a Hessian of every score.

mod absolute;
mod derive;
mod exponential;
mod gamma;
mod huber;
mod log;
mod pointwise;
mod poisson;
mod quantile;
mod softmax;
mod squared;
mod tweedie;
mod two_classes;

use std::{fmt::Debug, ops::Range, sync::Arc};

use crate::tree::single;
use consort_core::{Gives, Metric, Result, Truth};
use consort_metrics::{classification::LogLoss as MeanLogLoss, regression::RootMeanSquaredError};

pub use absolute::Absolute;
pub(crate) use derive::expect_in_range;
pub use derive::{best_constant, derive, expect_finite, usual};
pub use exponential::Exponential;
pub use gamma::Gamma;
pub use huber::Huber;
pub use log::LogLoss;
pub use poisson::Poisson;
pub use quantile::Quantile;
pub use softmax::Softmax;
pub use squared::Squared;
pub use tweedie::Tweedie;

/// A loss of raw scores. A person's own is one `impl`.
///
/// Scores are kept output after output, `[outputs][rows]`, so that the gradients of one output are one run of
/// memory.
#[typetag::serde(tag = "loss")]
pub trait Loss: Debug + Send + Sync {
    /// The loss with what it takes from the target filled in, or `None` where it takes nothing. Asked once, before a fit.
    ///
    /// # Errors
    /// If the target is not what the loss is for.
    fn settled(&self, truth: &Truth<'_>) -> Result<Option<Arc<dyn Loss>>> {
        let _ = truth;
        Ok(None)
    }

    /// How many scores a row has: one tree a round for each.
    ///
    /// # Errors
    /// If the target is not what the loss is for.
    fn outputs(&self, truth: &Truth<'_>) -> Result<usize>;

    /// The constant scores to start from, one an output.
    ///
    /// # Errors
    /// If the target is not what the loss is for.
    fn base(&self, truth: &Truth<'_>) -> Result<Vec<f64>>;

    /// Gradient and Hessian of the loss by every score of some rows, weighted. Each slice is one output's, and holds
    /// just these rows; `truth` is that of all rows, its weights in a unit near their mean.
    ///
    /// # Errors
    /// If the target is not what the loss is for.
    fn gradients(
        &self,
        rows: Range<usize>,
        scores: &[&[f64]],
        truth: &Truth<'_>,
        out: &mut Derivatives<'_>,
    ) -> Result<()>;

    /// The value that a leaf takes instead of its Newton step, for losses whose second derivative says nothing: such as
    /// the median of the errors. `rows` are the leaf's rows of the data set, `scores` those of this output.
    fn leaf_value(&self, rows: &[u32], output: usize, scores: &[f64], truth: &Truth<'_>) -> Option<Result<f64>> {
        let _ = (rows, output, scores, truth);
        None
    }

    /// What the prediction is, made of the scores of one row: `columns` numbers. By default the scores themselves.
    fn predict(&self, scores: &[f64], out: &mut [f32]) {
        for (out, &score) in out.iter_mut().zip(scores) {
            *out = single(score);
        }
    }

    /// How many numbers a prediction has, given the number of scores; by default as many.
    fn columns(&self, outputs: usize) -> usize {
        outputs
    }

    /// What a prediction's numbers mean; by default they are values.
    fn gives(&self) -> Gives {
        Gives::Values
    }

    /// What early stopping watches where no metric is named.
    fn metric(&self) -> Arc<dyn Metric> {
        match self.gives() {
            Gives::Values => Arc::new(RootMeanSquaredError),
            _ => Arc::new(MeanLogLoss::default()),
        }
    }
}

/// Where the gradients and Hessians of some rows go: one slice an output.
#[derive(Debug)]
pub struct Derivatives<'a> {
    /// The first derivatives of the loss by the score.
    pub gradients: Vec<&'a mut [f32]>,
    /// The second derivatives.
    pub hessians: Vec<&'a mut [f32]>,
}
