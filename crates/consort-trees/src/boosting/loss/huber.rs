use std::{ops::Range, sync::Arc};

use consort_core::{Error, Metric, Result, Truth};
use consort_metrics::regression::{Huber as HuberMetric, MeanAbsoluteError};
use serde::{Deserialize, Serialize};

use super::{Derivatives, Loss, pointwise};

/// Huber's loss (1964): squared error up to `delta`, beyond it a line: outliers pull with the strength of `delta` only.
///
/// Without a `delta`, a fit takes the size that nine of ten errors of its best constant, the median, stay below (Friedman
/// 2001 takes it anew in each round). So a tenth of the rows can be outliers, whatever the unit of the target. Of several
/// targets it is the greatest: give it where their units differ.
///
/// ```
/// use consort_core::{Target, Truth};
/// use consort_trees::boosting::loss::{Huber, Loss};
/// let target = Target::from_values((0..=20).map(|i| 100.0 * f64::from(i)).collect(), "y")?;
/// let settled = Huber::default().settled(&Truth::new(&target))?;
/// assert_eq!(format!("{settled:?}"), "Some(Huber { delta: Some(900.0) })");
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Huber {
    /// From which error on the loss is a line, in the unit of the target; `None` takes it from the training rows.
    pub delta: Option<f64>,
}

const NAME: &str = "Huber loss";

/// The share of errors that are no outliers.
const SHARE: f64 = 0.9;

#[typetag::serde(name = "huber")]
impl Loss for Huber {
    fn settled(&self, truth: &Truth<'_>) -> Result<Option<Arc<dyn Loss>>> {
        if self.delta.is_some() {
            return Ok(None);
        }
        let medians = self.base(truth)?;
        let sizes = |share| pointwise::size_quantiles(NAME, truth, &medians, share);
        let greatest = |sizes: Vec<f64>| sizes.into_iter().fold(0.0, f64::max);
        // Where nine of ten rows are equal, all are within; where all are, any size will do.
        let delta = [greatest(sizes(SHARE)?), greatest(sizes(1.0)?), 1.0].into_iter().find(|delta| *delta > 0.0);
        Ok(Some(Arc::new(Self { delta })))
    }

    fn outputs(&self, truth: &Truth<'_>) -> Result<usize> {
        if let Some(delta) = self.delta
            && !(delta.is_finite() && delta > 0.0)
        {
            return Err(Error::parameter("delta", delta, "finite and above 0"));
        }
        Ok(truth.values(NAME)?.1)
    }

    fn base(&self, truth: &Truth<'_>) -> Result<Vec<f64>> {
        pointwise::quantiles(NAME, truth, 0.5)
    }

    fn gradients(
        &self,
        rows: Range<usize>,
        scores: &[&[f64]],
        truth: &Truth<'_>,
        out: &mut Derivatives<'_>,
    ) -> Result<()> {
        let Some(delta) = self.delta else {
            return Err(Error::Unsupported {
                by: NAME.into(),
                what: "a fit before its `delta` is known".into(),
                hint: "give `delta`, or fit what `settled` gives".into(),
            });
        };
        pointwise::gradients(NAME, rows, scores, truth, out, |score, y| ((score - y).clamp(-delta, delta), 1.0))
    }

    fn metric(&self) -> Arc<dyn Metric> {
        match self.delta {
            Some(delta) => Arc::new(HuberMetric { delta }),
            None => Arc::new(MeanAbsoluteError),
        }
    }
}
