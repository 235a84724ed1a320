use consort_core::{Error, Result, Samples};

/// The rows of a fit: those of weight 0 are not among them, and a row drawn twice is there twice.
#[derive(Debug, Clone)]
pub(crate) struct TrainingRows {
    /// The data set's row of each.
    pub(crate) rows: Vec<u32>,
    /// The weight of each, `None` where each counts 1.
    pub(crate) weights: Option<Vec<f64>>,
}

impl TrainingRows {
    /// The rows that count; `by` is the learner.
    ///
    /// # Errors
    /// [`Error::Empty`] if there is none, [`Error::Parameter`] for a weight that is negative or not finite.
    pub(crate) fn new(by: &str, samples: &Samples<'_>) -> Result<Self> {
        let row = |i: usize| samples.row(i) as u32;
        let all = 0..samples.len();
        let kept = if samples.is_weighted() {
            if let Some(bad) = all.clone().map(|i| samples.weight(i)).find(|w| !(w.is_finite() && *w >= 0.0)) {
                return Err(Error::parameter("weights", bad, "finite and at least 0"));
            }
            let there: Vec<usize> = all.filter(|&i| samples.weight(i) > 0.0).collect();
            let weights = there.iter().map(|&i| samples.weight(i)).collect();
            Self { rows: there.into_iter().map(row).collect(), weights: Some(weights) }
        } else {
            Self { rows: all.map(row).collect(), weights: None }
        };
        if kept.rows.is_empty() {
            return Err(Error::Empty {
                what: format!("the training part of {by}"),
                hint: "give at least one row with a weight above 0".into(),
            });
        }
        Ok(kept)
    }

    /// All samples, whatever they weigh: rows to be predicted.
    pub(crate) fn all(samples: &Samples<'_>) -> Self {
        Self { rows: (0..samples.len()).map(|i| samples.row(i) as u32).collect(), weights: None }
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(crate) fn weight(&self, i: usize) -> f64 {
        self.weights.as_ref().map_or(1.0, |weights| weights[i])
    }
}
