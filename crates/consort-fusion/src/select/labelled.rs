//! The rows that something is fitted on.

use std::{borrow::Cow, sync::OnceLock};

use consort_core::{Error, Gives, Metric, Outputs, Predictions, Result, Target, Truth};

/// Predictions and their truth, checked, without the rows of weight 0.
///
/// A fit that is judged by folds leaves a part of the rows out, time and again: so the cube is copied only for those
/// who ask for [`predictions`](Self::predictions), and the others read where the kept rows are.
#[derive(Debug)]
pub(crate) struct Labelled<'a> {
    /// The predictions of all rows, those of weight 0 included.
    all: &'a Predictions,
    /// The rows that are kept, ascending; `None` where all are.
    kept: Option<Vec<u32>>,
    /// The predictions of the kept rows, once somebody asked for them.
    copied: OnceLock<Predictions>,
    /// The truth of all rows.
    truth: Truth<'a>,
    pub(crate) target: Cow<'a, Target>,
    /// `None` where all rows weigh the same.
    pub(crate) weights: Option<Vec<f64>>,
}

impl<'a> Labelled<'a> {
    /// Checks that the truth is parallel to predictions that can be averaged.
    pub(crate) fn new(predictions: &'a Predictions, truth: &Truth<'a>, by: &str) -> Result<Self> {
        parallel(predictions, truth, by)?;
        let (kept, target, weights) = match truth.weights() {
            Some(weights) if weights.contains(&0.0) => {
                let kept: Vec<u32> = (0..weights.len() as u32).filter(|&i| weights[i as usize] != 0.0).collect();
                let weights = kept.iter().map(|&i| weights[i as usize]).collect();
                let target = Cow::Owned(truth.target().take(&kept));
                (Some(kept), target, Some(weights))
            }
            weights => (None, Cow::Borrowed(truth.target()), weights.map(<[f64]>::to_vec)),
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
                && let Some(i) =
                    (0..predictions.rows()).find(|&i| truth.weight(i) != 0.0 && predictions.is_missing(m, i))
            {
                let (row, id) = (i + 1, predictions.ids().label(i));
                return Err(Error::Unsupported {
                    by: by.into(),
                    what: format!("member `{}`, which lacks row {row} {id}", member.name),
                    hint: "fit it on rows that all members predict: give the others weight 0, or leave them out".into(),
                });
            }
        }
        Ok(Self { all: predictions, kept, copied: OnceLock::new(), truth: *truth, target, weights })
    }

    /// The predictions of the kept rows, which are copied on the first call if a row is left out.
    pub(crate) fn predictions(&self) -> &Predictions {
        match &self.kept {
            None => self.all,
            Some(kept) => self.copied.get_or_init(|| self.all.take(kept)),
        }
    }

    /// The predictions of all rows; the `i`th kept one is [`place`](Self::place)`(i)` of them.
    pub(crate) fn all(&self) -> &'a Predictions {
        self.all
    }

    /// Where the `i`th kept row is among all rows.
    #[inline]
    pub(crate) fn place(&self, i: usize) -> usize {
        self.kept.as_ref().map_or(i, |kept| kept[i] as usize)
    }

    /// The truth, to be given to a metric.
    pub(crate) fn truth(&self) -> Result<Truth<'_>> {
        Truth::with(&self.target, self.weights.as_deref())
    }

    pub(crate) fn weight(&self, i: usize) -> f64 {
        self.weights.as_ref().map_or(1.0, |weights| weights[i])
    }

    pub(crate) fn total_weight(&self) -> f64 {
        self.weights.as_ref().map_or(self.target.rows() as f64, |weights| weights.iter().sum())
    }

    /// The score of each member alone.
    pub(crate) fn member_scores(&self, metric: &dyn Metric) -> Result<Vec<consort_core::Score>> {
        // A row of weight 0 is not read, so nothing need be copied.
        (0..self.all.members().len()).map(|m| metric.score(&self.all.estimates(m), &self.truth)).collect()
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
    truth.check_rows(predictions.rows())?;
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
