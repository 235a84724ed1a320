//! The rows that something is fitted on.

use std::borrow::Cow;

use consort_core::{Error, Gives, Metric, Outputs, Predictions, Result, Target, Truth};

/// Predictions and their truth, checked, without the rows of weight 0.
#[derive(Debug)]
pub(crate) struct Labelled<'a> {
    pub(crate) predictions: Cow<'a, Predictions>,
    pub(crate) target: Cow<'a, Target>,
    /// `None` where all rows weigh the same.
    pub(crate) weights: Option<Vec<f64>>,
}

impl<'a> Labelled<'a> {
    /// Checks that the truth is parallel to predictions that can be averaged. Copies the predictions only if some
    /// row has weight 0.
    pub(crate) fn new(predictions: &'a Predictions, truth: &Truth<'a>, by: &str) -> Result<Self> {
        parallel(predictions, truth, by)?;
        let mut numbers = None;
        let (predictions, target, weights) = match truth.weights() {
            Some(weights) if weights.contains(&0.0) => {
                let kept: Vec<u32> = (0..weights.len() as u32).filter(|&i| weights[i as usize] != 0.0).collect();
                let weights = kept.iter().map(|&i| weights[i as usize]).collect();
                let parts =
                    (Cow::Owned(predictions.take(&kept)), Cow::Owned(truth.target().take(&kept)), Some(weights));
                numbers = Some(kept);
                parts
            }
            weights => (Cow::Borrowed(predictions), Cow::Borrowed(truth.target()), weights.map(<[f64]>::to_vec)),
        };
        let weights: Option<Vec<f64>> = weights.filter(|weights| weights.iter().any(|w| *w != weights[0]));
        for (m, member) in predictions.members().iter().enumerate() {
            if matches!(member.gives, Gives::Logits | Gives::Scores) {
                return Err(Error::Unsupported {
                    by: by.into(),
                    what: format!("member `{}`, which gives {}", member.name, member.gives),
                    hint: "it averages the members, so turn them into probabilities first".into(),
                });
            }
            if predictions.has_missing()
                && let Some(i) = (0..predictions.rows()).find(|&i| predictions.is_missing(m, i))
            {
                let id = predictions.ids().label(i);
                let row = numbers.map_or(i, |kept: Vec<u32>| kept[i] as usize) + 1;
                return Err(Error::Unsupported {
                    by: by.into(),
                    what: format!("member `{}`, which lacks row {row} {id}", member.name),
                    hint: "fit it on rows that all members predict: give the others weight 0, or leave them out".into(),
                });
            }
        }
        Ok(Self { predictions, target, weights })
    }

    /// The truth, to be given to a metric.
    pub(crate) fn truth(&self) -> Result<Truth<'_>> {
        match &self.weights {
            None => Ok(Truth::new(&self.target)),
            Some(weights) => Truth::weighted(&self.target, weights),
        }
    }

    pub(crate) fn weight(&self, i: usize) -> f64 {
        self.weights.as_ref().map_or(1.0, |weights| weights[i])
    }

    pub(crate) fn total_weight(&self) -> f64 {
        self.weights.as_ref().map_or(self.target.rows() as f64, |weights| weights.iter().sum())
    }

    /// The score of each member alone.
    pub(crate) fn member_scores(&self, metric: &dyn Metric) -> Result<Vec<consort_core::Score>> {
        let truth = self.truth()?;
        (0..self.predictions.members().len()).map(|m| metric.score(&self.predictions.estimates(m), &truth)).collect()
    }
}

/// Refuses a metric that is not defined for the problem.
pub(crate) fn suitable(metric: &dyn Metric, predictions: &Predictions, by: &str) -> Result<()> {
    let task = predictions.outputs().task();
    if metric.suits(task) {
        return Ok(());
    }
    Err(Error::Unsupported {
        by: by.into(),
        what: format!("metric `{}` for {task}", metric.name()),
        hint: "choose a metric that is defined for this kind of problem".into(),
    })
}

fn parallel(predictions: &Predictions, truth: &Truth<'_>, by: &str) -> Result<()> {
    if predictions.rows() != truth.rows() {
        return Err(Error::Length {
            what: "the truth".into(),
            got: truth.rows(),
            expected: predictions.rows(),
            unit: "rows",
            hint: "predictions and truth must be of the same rows".into(),
        });
    }
    let (given, asked) = (predictions.outputs(), truth.target().outputs());
    let fits = match (given, &asked) {
        (Outputs::Classes(given), Outputs::Classes(asked)) => given.names() == asked.names(),
        (Outputs::Quantiles(_), Outputs::Targets(names)) => names.len() == 1,
        (given, asked) => given.task() == asked.task() && given.len() == asked.len(),
    };
    if fits {
        return Ok(());
    }
    let words = |outputs: &Outputs| {
        let names: Vec<String> = (0..outputs.len().min(12)).map(|k| format!("`{}`", outputs.name(k))).collect();
        format!("{} over {}", outputs.task(), names.join(", "))
    };
    Err(Error::Unsupported {
        by: by.into(),
        what: format!("predictions of {} for a truth of {}", words(given), words(&asked)),
        hint: "declare the same outputs in the same order for both".into(),
    })
}
