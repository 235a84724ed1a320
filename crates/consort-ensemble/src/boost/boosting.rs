use std::sync::Arc;

use consort_core::{
    Error, FitContext, Learner, Matrix, Model, PresentRows, Result, Samples, Silent, Takes, Target, Truth,
};
use consort_trees::boosting::{EarlyStopping, RowSampling, Watch, loss, loss::Loss};
use serde::{Deserialize, Serialize};

use super::{BoostedModel, boosted_model::Stage, line_search::line_search};
use crate::{portion::Portion, side_by_side::side_by_side};

/// How far each round goes along what was fitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// As far as makes the loss of the training rows least, one number a round (Friedman 2001).
    #[default]
    LineSearch,
    /// Just as far as fitted (Bühlmann and Hothorn 2007).
    Whole,
}

/// Gradient boosting of any learner of numbers (Friedman 2001).
///
/// Scores start at the best constant of the loss. Each round fits the learner (one an output) to the negative gradient of
/// the loss at the scores so far, by the learner's own least squares, looks for the step along it that makes the loss
/// least, and adds that step times `learning_rate`:
///
/// `F₀ = argmin_c Σ w L(y, c)`, `r = −∂L/∂F`, `h = fit(r)`, `ρ = argmin_ρ Σ w L(y, F + ρ h)`, `F ← F + η ρ h`.
///
/// With a linear learner it is a linear model of any loss: quantiles, counts, Huber. With small trees,
/// `consort_trees::boosting` does the same with a step for every leaf, and far faster. Two classes are boosted as one score
/// (log loss), more as one score each (softmax).
///
/// A learner behind an encoder is encoded once a round; put the encoder outside (`Encoded` over `Boosting`), and it is
/// encoded once.
///
/// ```
/// use std::sync::Arc;
/// use consort_core::{Column, Dataset, Features, FitContext, Learner, Model, Samples, Seed, Target};
/// use consort_ensemble::boost::{Boosting, loss};
/// use consort_linfa::linear::LinearRegression;
/// // A line with one wild number: absolute error does not mind it.
/// let x = Column::Numeric { name: "x".into(), values: (0..101).map(|i| i as f32).collect() };
/// let y: Vec<f64> = (0..101).map(|i| if i == 90 { 1e6 } else { 2.0 * f64::from(i) }).collect();
/// let data = Dataset::new(Features::Columns(vec![x]))?.with_target(Target::from_values(y, "y")?)?;
/// let boosting = Boosting::new(LinearRegression::default()).loss(loss::Absolute).rounds(200);
/// let model = boosting.fit(&Samples::all(&data), &FitContext::new(Seed::new(0)))?;
/// assert!((model.predict(&Samples::all(&data))?.at(50, 0) - 100.0).abs() < 2.0);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Boosting {
    /// What is fitted in each round: a learner of numbers.
    #[serde(rename = "of")]
    pub learner: Arc<dyn Learner>,
    /// The most rounds.
    #[serde(default = "hundred")]
    pub rounds: usize,
    /// What each step is multiplied with: smaller needs more rounds and mostly generalises better.
    #[serde(default = "tenth")]
    pub learning_rate: f64,
    /// What is made small; `None` picks squared error, log loss or softmax by the target.
    #[serde(default)]
    pub loss: Option<Arc<dyn Loss>>,
    /// The share of the rows that a round sees, drawn without replacement (stochastic gradient boosting, Friedman 2002).
    #[serde(default = "whole")]
    pub rows: f64,
    /// How far each round goes.
    #[serde(default)]
    pub step: Step,
    /// When to stop before the last round; it needs validation rows in the context. `None` never stops early.
    #[serde(default)]
    pub early_stopping: Option<EarlyStopping>,
}

fn hundred() -> usize {
    100
}

fn tenth() -> f64 {
    0.1
}

fn whole() -> f64 {
    1.0
}

impl Boosting {
    /// A hundred rounds of this learner at a learning rate of 0.1.
    pub fn new(learner: impl Learner + 'static) -> Self {
        Self::of(Arc::new(learner))
    }

    /// As [`new`](Self::new), of a learner that is shared already.
    pub fn of(learner: Arc<dyn Learner>) -> Self {
        Self {
            learner,
            rounds: hundred(),
            learning_rate: tenth(),
            loss: None,
            rows: whole(),
            step: Step::default(),
            early_stopping: None,
        }
    }

    /// With at most so many rounds.
    pub fn rounds(mut self, rounds: usize) -> Self {
        self.rounds = rounds;
        self
    }

    /// With this learning rate.
    pub fn learning_rate(mut self, rate: f64) -> Self {
        self.learning_rate = rate;
        self
    }

    /// With this loss.
    pub fn loss(mut self, loss: impl Loss + 'static) -> Self {
        self.loss = Some(Arc::new(loss));
        self
    }

    /// With this share of the rows in each round.
    pub fn rows(mut self, share: f64) -> Self {
        self.rows = share;
        self
    }

    /// With steps of this kind.
    pub fn step(mut self, step: Step) -> Self {
        self.step = step;
        self
    }

    /// With an early stop.
    pub fn early_stopping(mut self, stopping: EarlyStopping) -> Self {
        self.early_stopping = Some(stopping);
        self
    }

    /// Refuses what is out of range.
    ///
    /// # Errors
    /// [`Error::Parameter`].
    pub fn check(&self) -> Result<()> {
        if self.rounds == 0 {
            return Err(Error::parameter("rounds", 0, "at least 1"));
        }
        if !(self.learning_rate.is_finite() && self.learning_rate > 0.0) {
            return Err(Error::parameter("learning_rate", self.learning_rate, "finite and above 0"));
        }
        RowSampling::Share(self.rows).check()?;
        self.early_stopping.as_ref().map_or(Ok(()), EarlyStopping::check)
    }

    /// The model fitted on these samples, as its own type.
    ///
    /// # Errors
    /// If a parameter is out of range, the target is not what the loss is for, the learner cannot be fitted, or the work
    /// was cancelled.
    pub fn fit_boosted(&self, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<BoostedModel> {
        self.check()?;
        let data = train.dataset();
        let present = PresentRows::of(train)?;
        if let Some(stopping) = &self.early_stopping
            && let Some(held_out) = stopping.hold_out(train, ctx)?
        {
            let [learnt, watched] = held_out.of(data)?;
            return self.fit_boosted(&learnt, &FitContext { validation: Some(watched), ..*ctx });
        }
        let target = data.target_for("gradient boosting")?;
        let of_rows = train.row_weights();
        let truth = Truth::with(target, of_rows.as_deref())?;
        loss::expect_finite(&truth, data.ids())?;
        let loss = self.loss.clone().unwrap_or_else(|| loss::usual(target));
        let loss = loss.settled(&truth)?.unwrap_or(loss);
        let outputs = loss.outputs(&truth)?;
        let base = loss::best_constant(&*loss, &truth)?;
        let mut rounds = Rounds {
            params: self,
            train,
            present,
            truth,
            scores: base.iter().flat_map(|&score| std::iter::repeat_n(score, data.rows())).collect(),
            gradients: vec![0.0; data.rows() * outputs],
            hessians: vec![0.0; data.rows() * outputs],
            outputs,
        };
        let mut model = BoostedModel::new(Arc::clone(&loss), target.outputs(), base, Vec::new())?;
        let mut watch = self.early_stopping.as_ref().map(|stopping| Watched::new(stopping, &model, ctx)).transpose()?;
        let total = self.rounds as u64;
        for round in 0..self.rounds {
            ctx.check()?;
            let stage = rounds.stage(&*loss, round, ctx)?;
            let is_flat = stage.step == 0.0;
            // Nothing is left to gain on these rows; others may be drawn next.
            if is_flat && self.rows == 1.0 {
                ctx.progress.step(total, total, "nothing is left to fit");
                break;
            }
            model.push(stage);
            let mut text = String::new();
            if let Some(watch) = &mut watch {
                let (score, is_over) = watch.look(&model)?;
                text = format!("{} {score:.5}", watch.watch.name());
                if is_over {
                    let best = watch.watch.best_round();
                    ctx.progress.step(total, total, &format!("{text}, best after {best} rounds"));
                    break;
                }
            }
            ctx.progress.step(round as u64 + 1, total, &text);
        }
        if let Some(watch) = watch {
            model.truncate(watch.watch.best_round());
        }
        Ok(model)
    }
}

/// What the rounds share, and the scores so far: `[outputs][rows of the data set]`.
struct Rounds<'a> {
    params: &'a Boosting,
    train: &'a Samples<'a>,
    present: PresentRows,
    truth: Truth<'a>,
    scores: Vec<f64>,
    gradients: Vec<f32>,
    hessians: Vec<f32>,
    outputs: usize,
}

impl Rounds<'_> {
    /// One round; the scores move by it.
    fn stage(&mut self, loss: &dyn Loss, round: usize, ctx: &FitContext<'_>) -> Result<Stage> {
        let data = self.train.dataset();
        let count = data.rows();
        loss::derive(loss, &self.truth, self.outputs, &self.scores, &mut self.gradients, &mut self.hessians)?;
        let seed = ctx.seed.nth("round", round as u64);
        let PresentRows { rows, weights } = &self.present;
        let places: Vec<u32> = (0..rows.len() as u32).collect();
        let drawn =
            RowSampling::Share(self.params.rows).draw(Some(&places), rows.len(), &mut [], &mut [], seed.child("rows"));
        let places = drawn.as_ref().map_or(&places, |drawn| &drawn.rows);
        let own: Vec<u32> = places.iter().map(|&place| rows[place as usize]).collect();
        let own_weights: Vec<f64> = places.iter().map(|&place| weights[place as usize]).collect();
        let portion = Portion::new(&*self.params.learner, data, own, &own_weights, !self.train.is_weighted());
        let asked = Samples::rows(data, rows)?.unweighted();
        let fitted = side_by_side(ctx.threads, self.outputs, |output, threads| {
            let mut residuals = vec![0.0; count];
            let gradients = &self.gradients[output * count..(output + 1) * count];
            for (&row, weight) in rows.iter().zip(weights) {
                residuals[row as usize] = -f64::from(gradients[row as usize]) / weight;
            }
            // The features are shared, not copied.
            let own = data.clone().with_target(Target::Values { values: residuals, names: vec!["residual".into()] })?;
            let seed = seed.nth("output", output as u64);
            let context = FitContext { seed, threads, validation: None, progress: &Silent, ..*ctx };
            let model = self.params.learner.fit(&portion.samples(&own)?, &context)?;
            let along = model.predict(&asked)?;
            self.expect_numbers(&along, rows)?;
            Ok((model, along))
        })?;
        let (models, along): (Vec<_>, Vec<_>) = fitted.into_iter().unzip();
        let step = match self.params.step {
            Step::Whole => 1.0,
            Step::LineSearch => self.search(loss, &along)?,
        };
        let step = step * self.params.learning_rate;
        self.go(&along, step);
        Ok(Stage { models, step })
    }

    /// The step that makes the loss least.
    fn search(&self, loss: &dyn Loss, along: &[Matrix]) -> Result<f64> {
        let count = self.train.dataset().rows();
        let mut there = self.scores.clone();
        let (mut gradients, mut hessians) = (vec![0.0; self.gradients.len()], vec![0.0; self.hessians.len()]);
        line_search(|step| {
            for (k, along) in along.iter().enumerate() {
                for (&row, &by) in self.present.rows.iter().zip(along.values()) {
                    let at = k * count + row as usize;
                    there[at] = self.scores[at] + step * f64::from(by);
                }
            }
            loss::derive(loss, &self.truth, self.outputs, &there, &mut gradients, &mut hessians)?;
            let mut slope = 0.0;
            for (k, along) in along.iter().enumerate() {
                for (&row, &by) in self.present.rows.iter().zip(along.values()) {
                    slope += f64::from(gradients[k * count + row as usize]) * f64::from(by);
                }
            }
            Ok(slope)
        })
    }

    /// Moves the scores.
    fn go(&mut self, along: &[Matrix], step: f64) {
        let count = self.train.dataset().rows();
        for (k, along) in along.iter().enumerate() {
            for (&row, &by) in self.present.rows.iter().zip(along.values()) {
                self.scores[k * count + row as usize] += step * f64::from(by);
            }
        }
    }

    /// Refuses what is not one finite number a row.
    fn expect_numbers(&self, along: &Matrix, rows: &[u32]) -> Result<()> {
        let place = format!("the learner `{}` in gradient boosting", self.params.learner.name());
        if along.columns() != 1 || along.rows() != rows.len() {
            return Err(Error::Length {
                what: place,
                got: along.values().len(),
                expected: rows.len(),
                unit: "numbers",
                hint: "it must predict one number a row".into(),
            });
        }
        match along.values().iter().position(|x| !x.is_finite()) {
            None => Ok(()),
            Some(i) => Err(Error::NotFinite {
                place,
                row: rows[i] as usize + 1,
                id: self.train.dataset().ids().label(rows[i] as usize),
                what: "the prediction".into(),
                value: f64::from(along.at(i, 0)),
            }),
        }
    }
}

/// The validation rows, their scores so far, and what watches them.
struct Watched<'a> {
    watch: Watch<'a>,
    rows: Samples<'a>,
    scores: Vec<f64>,
}

impl<'a> Watched<'a> {
    fn new(stopping: &EarlyStopping, model: &BoostedModel, ctx: &FitContext<'a>) -> Result<Self> {
        let rows = EarlyStopping::rows(ctx)?;
        let watch = stopping.watch(&rows, &**model.loss(), 0)?;
        Ok(Self { watch, rows, scores: model.first_scores(rows.len()) })
    }

    /// Takes the last stage; gives the score, and whether it is time to stop.
    fn look(&mut self, model: &BoostedModel) -> Result<(f64, bool)> {
        let last = model.rounds() - 1;
        model.add(&self.rows, last..last + 1, &mut self.scores)?;
        self.watch.look(&model.predictions(&self.scores), model.loss().gives(), model.rounds())
    }
}

#[typetag::serde(name = "boosting")]
impl Learner for Boosting {
    fn name(&self) -> String {
        "boosting".into()
    }

    fn takes(&self) -> Takes {
        self.learner.takes()
    }

    fn fit(&self, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<Box<dyn Model>> {
        Ok(Box::new(self.fit_boosted(train, ctx)?))
    }
}
