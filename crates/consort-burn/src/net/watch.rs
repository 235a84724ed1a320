//! Validation rows while a net learns.

use std::borrow::Cow;

use burn::tensor::{Device, Tensor};
use consort_core::{Error, Estimates, Matrix, Result, Samples, Score, Target, Truth};

use super::{
    EarlyStop, Net,
    objective::Objective,
    training::{Course, Learning},
};
use crate::{
    input::{Head, Lesson, TrainingRows},
    network::{Network, Pass},
};

/// Rows that a net does not learn from, and that say when it was best.
pub(crate) struct Validation<'a> {
    pub(crate) lesson: Lesson<'a>,
    pub(crate) head: &'a Head,
    pub(crate) target: Cow<'a, Target>,
    pub(crate) weights: Vec<f64>,
}

/// What the validation rows say after an epoch.
pub(crate) struct Seen {
    pub(crate) loss: f64,
    pub(crate) score: Option<f64>,
}

/// What a [`Watch`] has seen.
#[derive(serde::Serialize, serde::Deserialize)]
pub(crate) struct Place {
    looks: usize,
    best: Option<f64>,
    best_epoch: usize,
    name: Option<String>,
}

/// The best epoch so far.
pub(crate) struct Watch<'a> {
    stop: Option<&'a EarlyStop>,
    looks: usize,
    best: Option<f64>,
    best_epoch: usize,
    name: Option<String>,
}

impl<'a> Watch<'a> {
    /// # Errors
    /// [`Error::Unsupported`] if training is to stop early and there are no validation rows.
    pub(crate) fn new(net: &'a Net, validation: Option<&Validation<'_>>) -> Result<Self> {
        if net.early_stop.is_some() && validation.is_none() {
            return Err(Error::Unsupported {
                by: "early stopping".into(),
                what: "a fit without validation rows".into(),
                hint: "give validation rows in the context, or set `early_stop` to none".into(),
            });
        }
        Ok(Self { stop: net.early_stop.as_ref(), looks: 0, best: None, best_epoch: 0, name: None })
    }

    /// Asks the group about the validation rows.
    pub(crate) fn look(
        &mut self,
        validation: &Validation<'_>,
        course: &Course<'_>,
        group: &[Learning],
    ) -> Result<Seen> {
        let networks: Vec<Box<dyn Network>> = group.iter().map(|one| one.network.inference()).collect();
        let device = course.device.clone().without_autodiff();
        let mut raw = Vec::new();
        let (lesson, objective) = (&validation.lesson, course.objective);
        let loss = each_batch(lesson, objective, &networks, course.members_in_one, &device, |said| {
            raw.extend(said.try_into_vec_as::<f32>().map_err(|error| Error::custom(error.to_string()))?);
            Ok(())
        })?;
        self.see(validation, loss, raw)
    }

    /// Takes the loss and the raw outputs of the validation rows after an epoch.
    pub(crate) fn see(&mut self, validation: &Validation<'_>, loss: f64, raw: Vec<f32>) -> Result<Seen> {
        let rows = validation.lesson.len();
        let width = raw.len() / rows.max(1);
        let score = if loss.is_finite() {
            let raw = Matrix::new(rows, width, raw)?;
            Some(self.score(validation, &validation.head.decode(&raw)?)?)
        } else {
            None
        };
        self.looks += 1;
        let cost = match self.stop.and_then(|stop| stop.metric.as_ref()).zip(score) {
            Some((metric, score)) => metric.direction().cost(score),
            None => loss,
        };
        let least_gain = self.stop.map_or(0.0, |stop| stop.least_gain);
        if cost.is_finite() && self.best.is_none_or(|best| cost < best - least_gain) {
            self.best = Some(cost);
            self.best_epoch = self.looks;
        }
        Ok(Seen { loss, score })
    }

    fn score(&mut self, validation: &Validation<'_>, predictions: &Matrix) -> Result<f64> {
        let target = &*validation.target;
        let Some(metric) = self.stop.and_then(|stop| stop.metric.as_ref()) else {
            let (name, score) = usual_score(target, &validation.weights, predictions);
            self.name = Some(name.into());
            return Ok(score);
        };
        self.name = Some(metric.name());
        let truth = Truth::weighted(target, &validation.weights)?;
        let gives = validation.head.outputs().gives();
        match metric.score(&Estimates::matrix(predictions, gives), &truth)? {
            Score::Value(score) => Ok(score),
            Score::Undefined(reason) => Err(Error::Unsupported {
                by: format!("`{}`", metric.name()),
                what: format!("these validation rows: {reason}"),
                hint: "give other validation rows, or choose another metric for early stopping".into(),
            }),
        }
    }

    /// Where it is, for another day.
    pub(crate) fn place(&self) -> Place {
        Place { looks: self.looks, best: self.best, best_epoch: self.best_epoch, name: self.name.clone() }
    }

    /// Goes to where it was.
    pub(crate) fn go_to(&mut self, place: Place) {
        Place { looks: self.looks, best: self.best, best_epoch: self.best_epoch, name: self.name } = place;
    }

    /// Whether the last look was the best.
    pub(crate) fn is_better(&self) -> bool {
        self.looks > 0 && self.best_epoch == self.looks
    }

    pub(crate) fn is_over(&self) -> bool {
        self.stop.is_some_and(|stop| self.looks - self.best_epoch >= stop.epochs)
    }

    pub(crate) fn best_epoch(&self) -> usize {
        self.best_epoch
    }

    pub(crate) fn score_name(&self) -> Option<String> {
        self.name.clone()
    }
}

/// The mean loss of some rows, and of the members whose losses are summed.
pub(crate) fn loss_of(
    lesson: &Lesson<'_>,
    objective: &dyn Objective,
    networks: &[Box<dyn Network>],
    members_in_one: usize,
    device: &Device,
) -> Result<f64> {
    each_batch(lesson, objective, networks, members_in_one, device, |_| Ok(()))
}

/// Goes through rows, batch after batch, with what the group says of each; gives the mean loss.
fn each_batch(
    lesson: &Lesson<'_>,
    objective: &dyn Objective,
    networks: &[Box<dyn Network>],
    members_in_one: usize,
    device: &Device,
    mut see: impl FnMut(Tensor<2>) -> Result<()>,
) -> Result<f64> {
    let rows: Vec<usize> = (0..lesson.len()).collect();
    let members = networks.len() * members_in_one;
    let (mut sum, mut weight) = (0.0, 0.0);
    for rows in rows.chunks(lesson.table.rows_at_once(device)) {
        let batch = lesson.batch(rows, device)?;
        let mut outputs = Vec::with_capacity(members);
        for network in networks {
            for k in 0..members_in_one {
                outputs.push(network.forward(&batch.inputs, Pass::predicting().of_member(k)));
            }
        }
        let own = match objective.judged(&outputs, &batch) {
            Some(loss) => f64::from(loss.into_scalar::<f32>()),
            None => f64::from(objective.loss(&outputs, &batch).into_scalar::<f32>()) / objective.summed(members) as f64,
        };
        sum += own * rows.len() as f64;
        weight += lesson.weight(rows);
        see(objective.combine(&outputs))?;
    }
    Ok(sum / weight)
}

impl<'a> Validation<'a> {
    /// The validation rows of a fit; `None` if none of them has a weight.
    pub(crate) fn new(
        by: &str,
        samples: &Samples<'a>,
        head: &'a Head,
        intake: &'a crate::input::Intake,
    ) -> Result<Option<Self>> {
        if (0..samples.len()).all(|i| samples.weight(i) == 0.0) {
            return Ok(None);
        }
        let rows = TrainingRows::new(by, samples)?;
        let target = samples.dataset().target_for(by)?;
        let targets = head.answers(samples.dataset(), target, &rows)?;
        let weights = (0..rows.len()).map(|i| rows.weight(i)).collect();
        let own = rows.weights.as_ref().map(|weights| weights.iter().map(|&w| w as f32).collect());
        let table = intake.table(by, samples.dataset(), &rows)?;
        let lesson = Lesson { table, targets, width: head.targets(), weights: own };
        Ok(Some(Self { lesson, head, target: Cow::Owned(target.take(&rows.rows)), weights }))
    }
}

/// Accuracy of classes and labels, root mean squared error of numbers.
fn usual_score(target: &Target, weights: &[f64], predictions: &Matrix) -> (&'static str, f64) {
    let total: f64 = weights.iter().sum();
    let mean = |of: &dyn Fn(usize) -> f64| weights.iter().enumerate().map(|(i, w)| w * of(i)).sum::<f64>() / total;
    match target {
        Target::Classes { codes, .. } => {
            let is_right = |i: usize| f64::from(predictions.argmax(i) == Some(codes[i] as usize));
            ("accuracy", mean(&is_right))
        }
        Target::Labels { values, names } => {
            let width = names.len();
            let right = |i: usize| {
                let row = predictions.row(i).iter().zip(&values[i * width..(i + 1) * width]);
                row.filter(|(p, is)| (**p > 0.5) == **is).count() as f64 / width as f64
            };
            ("label accuracy", mean(&right))
        }
        Target::Values { values, names } => {
            let width = names.len();
            let squares = |i: usize| {
                let row = predictions.row(i).iter().zip(&values[i * width..(i + 1) * width]);
                row.map(|(p, y)| (f64::from(*p) - y).powi(2)).sum::<f64>() / width as f64
            };
            ("rmse", mean(&squares).sqrt())
        }
        _ => ("none", f64::NAN),
    }
}
