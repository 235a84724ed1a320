use std::sync::Arc;

use consort_core::{Encoder, Learner};

use super::{Encoded, Impute, TableEncoder};

/// The learner, behind the encoder that it needs: none if it takes categories and holes, [`Impute`] if it takes
/// categories alone, [`TableEncoder`] if it takes neither, and that without fill and scale if it takes holes alone.
///
/// ```
/// use std::sync::Arc;
/// use consort_ensemble::encode::suited;
/// use consort_trees::boosting::GradientBoosting;
/// let boost = suited(Arc::new(GradientBoosting::default())); // takes all there is
/// assert!(boost.takes().categories && boost.name() == "boost");
/// ```
pub fn suited(learner: Arc<dyn Learner>) -> Arc<dyn Learner> {
    let takes = learner.takes();
    let encoder: Arc<dyn Encoder> = match (takes.categories, takes.missing) {
        (true, true) => return learner,
        (true, false) => Arc::new(Impute::default()),
        (false, false) => Arc::new(TableEncoder::default()),
        (false, true) => Arc::new(TableEncoder { impute: None, scale: None, ..TableEncoder::default() }),
    };
    Arc::new(Encoded::new(encoder, learner))
}
