use std::{borrow::Cow, cmp::Reverse, sync::Arc, time::Duration};

use consort_core::{
    Dataset, Encoder, Error, FitContext, Fold, Fuser, Ids, Learner, Model, Progress, Result, Samples, Seed, Silent,
    Split, Splitter, Takes, Truth, Warning,
};
use consort_fusion::{
    select::GreedySelection,
    stack::{LinearStack, LogisticStack},
};
use consort_metrics::registry;
use consort_split::TrainValidTest;
use serde::{Deserialize, Serialize};

use super::{
    MetaInputs, StackedModel,
    encoded_by_fold::EncodedByFold,
    meta_features,
    stacked_model::{FittedLayer, FittedMeta, FittedPassthrough},
};
use crate::{
    cross_fit::{
        CrossFit, CrossFitted, CrossFittedMember, OnError, OutOfFold, Skipped, Store, none_left, renumbered, split,
    },
    fitted_member::{FittedMember, fit_all},
    named_learner::{NamedLearner, check},
    vote::together,
};

/// What is wrong with the out-of-fold predictions of several layers, which share their folds: the predictions that the second
/// learns from were made by models that had learnt from the rows it is then tested on.
const TOO_KIND: &str = "the score of a stack of several layers is a little too good: its layers share their folds, so that an \
                        upper layer learns from what members say that have seen the rows it is tested on. Judge it on rows \
                        that were kept apart";

/// What is fitted on the predictions of the last layer.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Meta {
    /// A fusion: greedy selection, weights, a linear stack.
    Fuser(Arc<dyn Fuser>),
    /// Any learner.
    Learner {
        /// The learner.
        learner: Arc<dyn Learner>,
        /// What it reads of probabilities.
        #[serde(default)]
        inputs: MetaInputs,
    },
}

/// Which models predict new rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refit {
    /// Each member fitted once more, on all rows: one model a member.
    #[default]
    All,
    /// The mean of the models of all folds: none is fitted anew, and each is just what the estimate was made of.
    KeepFolds,
}

/// What learners above the first layer read beside the predictions of the layer below.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Passthrough {
    /// Nothing.
    #[default]
    Nothing,
    /// The features.
    Features,
    /// What an encoder makes of the features. That of new rows is fitted on all rows that the stack is fitted on; the rows
    /// that the layers above learn from are encoded out of fold, so that one which reads the target shows no row its own. The
    /// encoder is fitted once more for each fold.
    Encoded(Arc<dyn Encoder>),
}

/// Members on one or several layers, and a fusion or a learner fitted on predictions of rows that they did not see:
/// stacked generalisation (Wolpert 1992), the super learner (van der Laan and others 2007), greedy ensemble selection
/// (Caruana and others 2004), and with a holdout instead of folds, blending.
///
/// Each layer after the first reads the predictions of the one before, and with a `passthrough` the features too, as they are or encoded. Rows
/// that no fold tests (the first ones of a split in time) are left out above the first layer.
///
/// ```
/// use consort_core::{Column, Dataset, Features, FitContext, Learner, Model, Samples, Seed, Target};
/// use consort_ensemble::{NamedLearner, stack::Stacking};
/// use consort_trees::boosting::GradientBoosting;
/// let x = Column::Numeric { name: "x".into(), values: (0..60).map(|i| i as f32).collect() };
/// let y = Target::from_values((0..60).map(f64::from).collect(), "y")?;
/// let data = Dataset::new(Features::Columns(vec![x]))?.with_target(y)?;
/// let slow = GradientBoosting { learning_rate: 0.05, ..Default::default() };
/// let members = vec![NamedLearner::new("boost", GradientBoosting::default()), NamedLearner::new("slow", slow)];
/// let model = Stacking::linear(members).fit(&Samples::all(&data), &FitContext::new(Seed::new(0)))?;
/// assert!((model.predict(&Samples::all(&data))?.at(30, 0) - 30.0).abs() < 10.0);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stacking {
    /// The members, layer by layer.
    pub layers: Vec<Vec<NamedLearner>>,
    /// What is fitted on the predictions of the last layer; `None` for greedy selection by the usual metric.
    #[serde(default)]
    pub meta: Option<Meta>,
    /// Which rows each fit sees; `None` for five shuffled folds, stratified for classes.
    #[serde(default)]
    pub splitter: Option<Arc<dyn Splitter>>,
    /// What learners above the first layer read beside the predictions.
    #[serde(default)]
    pub passthrough: Passthrough,
    /// Which models predict new rows.
    #[serde(default)]
    pub refit: Refit,
}

impl Stacking {
    /// One layer of members, fused by greedy selection (Caruana and others 2004).
    pub fn greedy(members: Vec<NamedLearner>) -> Self {
        Self {
            layers: vec![members],
            meta: None,
            splitter: None,
            passthrough: Passthrough::Nothing,
            refit: Refit::default(),
        }
    }

    /// One layer of members with a linear stack of numbers.
    pub fn linear(members: Vec<NamedLearner>) -> Self {
        Self::greedy(members).fuser(LinearStack::default())
    }

    /// One layer of members with a logistic stack of probabilities.
    pub fn logistic(members: Vec<NamedLearner>) -> Self {
        Self::greedy(members).fuser(LogisticStack::default())
    }

    /// Blending: the members learn from a part of the rows, and the fusion from their predictions of the rest, which
    /// is `share` of the rows.
    pub fn blending(members: Vec<NamedLearner>, share: f64) -> Self {
        Self::greedy(members).splitter(TrainValidTest::new(share))
    }

    /// Another fusion.
    pub fn fuser(mut self, fuser: impl Fuser + 'static) -> Self {
        self.meta = Some(Meta::Fuser(Arc::new(fuser)));
        self
    }

    /// A learner on top.
    pub fn learner(mut self, learner: impl Learner + 'static) -> Self {
        self.meta = Some(Meta::Learner { learner: Arc::new(learner), inputs: MetaInputs::default() });
        self
    }

    /// Another splitter.
    pub fn splitter(mut self, splitter: impl Splitter + 'static) -> Self {
        self.splitter = Some(Arc::new(splitter));
        self
    }

    /// One more layer of members.
    pub fn layer(mut self, members: Vec<NamedLearner>) -> Self {
        self.layers.push(members);
        self
    }

    /// Whether learners above the first layer read the features too.
    pub fn passthrough(mut self, passthrough: bool) -> Self {
        self.passthrough = if passthrough { Passthrough::Features } else { Passthrough::Nothing };
        self
    }

    /// Learners above the first layer read what this encoder makes of the features, too: such as a net's view of a picture.
    pub fn passthrough_encoded(mut self, encoder: impl Encoder + 'static) -> Self {
        self.passthrough = Passthrough::Encoded(Arc::new(encoder));
        self
    }

    /// Which models predict new rows.
    pub fn refit(mut self, refit: Refit) -> Self {
        self.refit = refit;
        self
    }

    /// Refuses what makes no sense whatever the data.
    ///
    /// # Errors
    /// If there is no layer or member, two members of a layer have one name, a name cannot be that of a file, or features
    /// are passed through to a fusion.
    pub fn check(&self) -> Result<()> {
        if self.layers.is_empty() {
            return check(&[]);
        }
        self.layers.iter().try_for_each(|members| check(members))?;
        if !matches!(self.passthrough, Passthrough::Nothing)
            && self.layers.len() == 1
            && !matches!(self.meta, Some(Meta::Learner { .. }))
        {
            return Err(Error::Unsupported {
                by: "a fusion".into(),
                what: "features passed through to it".into(),
                hint: "put a learner on top, or add a layer".into(),
            });
        }
        Ok(())
    }

    /// The folds of the first layer, by rows of the data set: those that a fit with this seed draws.
    ///
    /// # Errors
    /// If the rows cannot be split.
    pub fn folds(&self, train: &Samples<'_>, seed: Seed) -> Result<Vec<Fold>> {
        Ok(split(train, self.splitter.as_ref(), seed.child("split"), "stacking")?.0.folds)
    }

    /// The model fitted on these samples, as its own type, and what it was made of.
    ///
    /// # Errors
    /// If there is no member, two have one name, the rows cannot be split, and the errors of the members and of the
    /// fusion.
    pub fn fit_stack(&self, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<StackFit> {
        self.fit_with(train, ctx, &StackOptions::default())
    }

    /// As [`fit_stack`](Self::fit_stack), with a store that fits are kept in, members that may fail, and a limit of time.
    ///
    /// # Errors
    /// As there; of members that fail only if none is left on the first layer, where they are to be skipped. If none is left on
    /// a layer above, the stack ends with the one below, and a warning says so.
    pub fn fit_with(&self, train: &Samples<'_>, ctx: &FitContext<'_>, options: &StackOptions<'_>) -> Result<StackFit> {
        self.check()?;
        let (Split { folds: drawn, mut warnings }, weights) =
            split(train, self.splitter.as_ref(), ctx.seed.child("split"), "stacking")?;
        let outputs = train.target("stacking")?.outputs();
        let refits = u64::from(self.refit == Refit::All);
        let steps = |members: &Vec<NamedLearner>| members.len() as u64 * (drawn.len() as u64 + refits);
        let total = self.layers.iter().map(steps).sum();
        let stretch = |before: u64, share: u64| Stretch { progress: ctx.progress, before, share, total };
        let (per_member, mut done) = (drawn.len() as u64, 0);
        let original = train.dataset();
        let (through, beside) = self.through(train, weights.as_deref(), &drawn, ctx)?;
        let ground = Level { data: Cow::Borrowed(original), weights, origin: None };
        let top_of = |tested: &Tested| {
            let own = FitContext { seed: ctx.seed.child("meta"), progress: &Silent, ..*ctx };
            self.top(&tested.seen, &tested.above, &own)
        };
        let mut layers = Vec::with_capacity(self.layers.len());
        let (mut skipped, mut times) = (Vec::new(), Vec::new());
        let (mut below, mut top): (Option<Tested>, _) = (None, None);
        for (number, members) in self.layers.iter().enumerate() {
            let (level, folds) = match &below {
                None => (&ground, Cow::Borrowed(&drawn)),
                Some(tested) => (&tested.above, Cow::Owned(tested.folds_above())),
            };
            let progress = stretch(done, members.len() as u64 * per_member);
            done += progress.share;
            let cross_fit = CrossFit::new(level.samples()?, &folds, ctx.seed)
                .layer(number as u32)
                .threads(ctx.threads)
                .progress(&progress)
                .cancel(ctx.cancel)
                .store(options.store)
                .on_error(options.on_error)
                .limited(options.limited);
            let fitted = match cross_fit.attempt(members)? {
                Ok(fitted) => fitted,
                Err(all) if number == 0 => return Err(none_left(&all)),
                Err(all) => {
                    skipped.extend(all);
                    let layer = number + 1;
                    let text =
                        format!("no member of layer {layer} could be fitted: the stack ends with the layer below");
                    warnings.push(Warning::Note { text });
                    break;
                }
            };
            let seen = fitted.predictions()?;
            for member in fitted.members() {
                warnings.extend(went_wrong(&member.name, member.fits.iter().map(|fit| &*fit.model)));
            }
            warnings.extend(left_out(number, &folds, &seen));
            skipped.extend(fitted.skipped().iter().cloned());
            times.extend(fitted.members().iter().map(MemberTimes::of));
            let left: Vec<NamedLearner> =
                members.iter().filter(|member| seen.predictions.find(&member.name).is_some()).cloned().collect();
            let above = self.above(level, &seen, original, beside.as_ref())?;
            let tested = Tested { seen, folds: folds.to_vec(), above, rows_below: level.data.rows() };
            if number + 1 == self.layers.len() {
                top = Some(top_of(&tested)?);
            }
            // A member that the fusion does not read needs no model.
            let needed = top.as_ref().map_or_else(|| vec![true; left.len()], |(_, needed)| needed.clone());
            let layer = Layer { number: number as u32, members: &left, needed, level, folds: &folds };
            let progress = stretch(done, members.len() as u64 * refits);
            done += progress.share;
            let own = FitContext { progress: &progress, ..*ctx };
            let members = layer.models(self.refit, fitted, &own, options)?;
            if self.refit == Refit::All {
                for member in &members {
                    warnings.extend(went_wrong(&member.name, member.models.iter().map(|model| &**model)));
                }
            }
            layers.push(FittedLayer { members });
            below = Some(tested);
        }
        let (Some(tested), Some(last)) = (below, layers.last_mut()) else {
            return Err(Error::Empty { what: "the list of layers".into(), hint: "give at least one".into() });
        };
        let meta = match top {
            Some((meta, _)) => meta,
            None => {
                let (meta, needed) = top_of(&tested)?;
                let unread = last.members.iter_mut().zip(needed).filter(|(_, needed)| !needed);
                unread.for_each(|(member, _)| *member = FittedMember::unread(&member.name));
                meta
            }
        };
        if layers.len() > 1 {
            warnings.push(Warning::Note { text: TOO_KIND.into() });
        }
        ctx.progress.step(total, total, "");
        let depth = layers.len() as u32;
        let model = StackedModel::new(layers, meta, outputs, through);
        Ok(StackFit { model, seen: tested.of_data(&drawn), layers: depth, folds: drawn, warnings, skipped, times })
    }

    /// What is passed through, fitted; and that of the rows that the folds test.
    fn through<'a>(
        &self,
        train: &Samples<'a>,
        weights: Option<&[f64]>,
        folds: &[Fold],
        ctx: &FitContext<'_>,
    ) -> Result<(FittedPassthrough, Option<Beside<'a>>)> {
        let original = train.dataset();
        match &self.passthrough {
            Passthrough::Nothing => Ok((FittedPassthrough::Nothing, None)),
            Passthrough::Features => {
                Ok((FittedPassthrough::Features, Some(Beside { data: Cow::Borrowed(original), place: None })))
            }
            Passthrough::Encoded(encoder) => {
                let seed = ctx.seed.child("passthrough");
                let context = FitContext { seed, validation: None, progress: &Silent, ..*ctx };
                let (encoding, all) = encoder.fit(train, &context)?;
                let EncodedByFold { data, place } =
                    EncodedByFold::new(&**encoder, &all, (original, weights), folds, &context)?;
                Ok((FittedPassthrough::Encoded(encoding), Some(Beside { data: Cow::Owned(data), place: Some(place) })))
            }
        }
    }

    /// What the level above reads: the predictions of the rows that were tested as features.
    fn above(
        &self,
        level: &Level<'_>,
        seen: &OutOfFold,
        original: &Dataset,
        beside: Option<&Beside<'_>>,
    ) -> Result<Level<'static>> {
        // The row of the original data set that each row above is.
        let origin: Vec<u32> = match &level.origin {
            None => seen.rows.clone(),
            Some(origin) => seen.rows.iter().map(|&row| origin[row as usize]).collect(),
        };
        let places = beside.map(|beside| beside.places(&origin));
        let through = match (beside, &places) {
            (Some(beside), Some(places)) => Some(Samples::rows(&beside.data, places)?),
            _ => None,
        };
        let inputs = match &self.meta {
            Some(Meta::Learner { inputs, .. }) => *inputs,
            _ => MetaInputs::default(),
        };
        let mut data = meta_features::dataset(&seen.predictions, inputs, through.as_ref())?;
        if let Some(target) = original.target() {
            data = data.with_target(target.take(&origin))?;
        }
        let ids = original.ids();
        if !ids.are_positions() {
            data = data.with_ids(ids.take(&origin))?;
        } else if origin.len() < original.rows() {
            data = data.with_ids(Ids::from_texts(origin.iter().map(u32::to_string)))?;
        }
        if let Some(groups) = original.groups() {
            data = data.with_groups(origin.iter().map(|&row| groups[row as usize]).collect())?;
        }
        let weights =
            level.weights.as_ref().map(|weights| seen.rows.iter().map(|&row| weights[row as usize]).collect());
        Ok(Level { data: Cow::Owned(data), weights, origin: Some(origin) })
    }

    /// The fusion or the learner on top, and which members of the last layer it reads.
    fn top(&self, seen: &OutOfFold, above: &Level<'_>, ctx: &FitContext<'_>) -> Result<(FittedMeta, Vec<bool>)> {
        let members = seen.predictions.members().len();
        let task = seen.predictions.outputs().task();
        let fuser: Arc<dyn Fuser> = match &self.meta {
            Some(Meta::Learner { learner, inputs }) => {
                let context = FitContext { validation: None, ..*ctx };
                let model = learner.fit(&above.samples()?, &context)?;
                return Ok((FittedMeta::Learner { model, inputs: *inputs }, vec![true; members]));
            }
            Some(Meta::Fuser(fuser)) => Arc::clone(fuser),
            None => Arc::new(GreedySelection::new(registry::default_for(task))),
        };
        let samples = above.samples()?;
        let target = samples.target("stacking")?;
        let mut truth = Truth::with(&target, above.weights.as_deref())?;
        if let Some(groups) = above.data.groups() {
            truth = truth.grouped(groups)?;
        }
        let fusion = fuser.fit(&seen.predictions, &truth, ctx.seed)?;
        let needed = fusion
            .weights()
            .map_or_else(|| vec![true; members], |weights| weights.iter().map(|weight| *weight != 0.0).collect());
        Ok((FittedMeta::Fusion(fusion), needed))
    }
}

/// What went wrong while the models of a member learnt, each thing once.
fn went_wrong<'a>(member: &str, models: impl Iterator<Item = &'a dyn Model>) -> Vec<Warning> {
    let mut told: Vec<(String, usize)> = Vec::new();
    for warning in models.flat_map(Model::histories).flat_map(|history| history.warnings) {
        match told.iter_mut().find(|(text, _)| *text == warning) {
            Some((_, times)) => *times += 1,
            None => told.push((warning, 1)),
        }
    }
    let text = |(warning, times)| match times {
        1 => format!("`{member}`, in one of its fits: {warning}"),
        _ => format!("`{member}`, in {times} of its fits: {warning}"),
    };
    told.into_iter().map(|told| Warning::Note { text: text(told) }).collect()
}

/// What a person should know of rows that no fold tests: nothing above the layer learns from them.
fn left_out(layer: usize, folds: &[Fold], seen: &OutOfFold) -> Option<Warning> {
    let mut rows: Vec<u32> = folds.iter().flat_map(|fold| fold.train.iter().chain(&fold.valid)).copied().collect();
    rows.sort_unstable();
    rows.dedup();
    let rows = rows.iter().filter(|row| seen.rows.binary_search(row).is_err()).count();
    let why = format!("no fold tests them, so what is above layer {} neither learns nor is scored on them", layer + 1);
    (rows > 0).then_some(Warning::RowsLeftOut { rows, why })
}

/// What a layer's members say of rows that they did not see, and what the layer above learns from.
struct Tested {
    /// Rows are those of the layer's own level.
    seen: OutOfFold,
    /// The layer's folds, by rows of its own level.
    folds: Vec<Fold>,
    above: Level<'static>,
    /// How many rows the layer's own level has.
    rows_below: usize,
}

impl Tested {
    /// The folds by rows of the level above, which are those that were tested, numbered anew.
    fn folds_above(&self) -> Vec<Fold> {
        let mut place = vec![None; self.rows_below];
        self.seen.rows.iter().enumerate().for_each(|(i, &row)| place[row as usize] = Some(i as u32));
        let mut folds: Vec<Fold> =
            self.folds.iter().map(|fold| renumbered(fold.clone(), |row| place[row as usize])).collect();
        folds.retain(|fold| !fold.train.is_empty() && !fold.test.is_empty());
        folds
    }

    /// The predictions with rows and folds told by the data set and the split, not by the layer's numbers.
    fn of_data(self, drawn: &[Fold]) -> OutOfFold {
        let of_split = |fold: &Fold| {
            let is = |other: &Fold| (other.repeat, other.fold) == (fold.repeat, fold.fold);
            drawn.iter().position(is).unwrap_or_default() as u32
        };
        let of_split: Vec<u32> = self.folds.iter().map(of_split).collect();
        OutOfFold {
            folds: self.seen.folds.iter().map(|&fold| of_split[fold as usize]).collect(),
            rows: self.above.origin.unwrap_or(self.seen.rows),
            predictions: self.seen.predictions,
        }
    }
}

/// How a stack is fitted, beside what is fitted.
#[derive(Clone, Copy, Default)]
pub struct StackOptions<'a> {
    /// Where fits are kept, and taken from if they were done before.
    pub store: Option<&'a dyn Store>,
    /// What happens when a member cannot be fitted.
    pub on_error: OnError,
    /// Whether members that cannot finish before the cancel flag is raised are left out.
    pub limited: bool,
}

/// A fitted stack, and what it was made of.
#[derive(Debug)]
pub struct StackFit {
    /// What predicts new rows.
    pub model: StackedModel,
    /// The last layer's predictions of rows that its members did not see; rows are those of the data set.
    pub seen: OutOfFold,
    /// How many layers it has: fewer than asked for if no member of an upper one could be fitted.
    pub layers: u32,
    /// The folds that were drawn, by rows of the data set.
    pub folds: Vec<Fold>,
    /// What is odd about the folds.
    pub warnings: Vec<Warning>,
    /// The members that were left out, and why.
    pub skipped: Vec<Skipped>,
    /// How long the members took.
    pub times: Vec<MemberTimes>,
}

/// How long the fits of a member took, in sum over the folds.
#[derive(Debug, Clone, PartialEq)]
pub struct MemberTimes {
    /// The name.
    pub name: String,
    /// Of all fits.
    pub fit: Duration,
    /// Of all predictions.
    pub predict: Duration,
}

impl MemberTimes {
    fn of(member: &CrossFittedMember) -> Self {
        Self { name: member.name.clone(), fit: member.fit_time(), predict: member.predict_time() }
    }
}

/// A stretch of the way that the fit of a stack goes: what is told of it is told of the whole way.
struct Stretch<'a> {
    progress: &'a dyn Progress,
    before: u64,
    share: u64,
    total: u64,
}

impl Progress for Stretch<'_> {
    fn step(&self, done: u64, total: u64, text: &str) {
        self.progress.step(self.before + self.share * done / total.max(1), self.total, text);
    }

    fn part(&self, name: &str) -> Box<dyn Progress + '_> {
        self.progress.part(name)
    }
}

/// A layer that was cross-fitted.
struct Layer<'a> {
    number: u32,
    /// The members that were not left out.
    members: &'a [NamedLearner],
    /// Which of them need a model.
    needed: Vec<bool>,
    level: &'a Level<'a>,
    folds: &'a [Fold],
}

impl Layer<'_> {
    /// The models that predict new rows.
    fn models(
        &self,
        refit: Refit,
        fitted: CrossFitted,
        ctx: &FitContext<'_>,
        options: &StackOptions<'_>,
    ) -> Result<Vec<FittedMember>> {
        if refit == Refit::KeepFolds {
            let mut kept = Vec::with_capacity(self.members.len());
            for ((name, models), needed) in fitted.into_models().into_iter().zip(&self.needed) {
                kept.push(if *needed { FittedMember::new(name, models) } else { FittedMember::unread(name) });
            }
            return Ok(kept);
        }
        let times: Vec<MemberTimes> = fitted.members().iter().map(MemberTimes::of).collect();
        // The models of the folds are let go before those of all rows are made.
        drop(fitted);
        let mut rows: Vec<u32> =
            self.folds.iter().flat_map(|fold| [&fold.train, &fold.valid, &fold.test]).flatten().copied().collect();
        rows.sort_unstable();
        rows.dedup();
        let mut samples = Samples::rows(&self.level.data, &rows)?;
        if let Some(weights) = &self.level.weights {
            samples = samples.with_weights(weights)?;
        }
        let needed = self.members.iter().zip(&self.needed).filter(|(_, needed)| **needed);
        let mut read: Vec<NamedLearner> = needed.map(|(member, _)| member.clone()).collect();
        // What took longest comes first, so that no core is left alone with it at the end.
        let took = |name: &str| times.iter().find(|times| times.name == name).map(|times| times.fit);
        read.sort_by_key(|member| Reverse(took(&member.name)));
        // The time limit is for what can be left out; this cannot.
        let cancel = if options.limited { None } else { ctx.cancel };
        let context = FitContext { validation: None, cancel, ..*ctx };
        let mut made = fit_all(&read, self.number, &samples, &context, options.store)?;
        let mut pick = |member: &NamedLearner| match made.iter().position(|made| made.name == member.name) {
            Some(place) => made.swap_remove(place),
            None => FittedMember::unread(&member.name),
        };
        Ok(self.members.iter().map(&mut pick).collect())
    }
}

/// What is passed through of the rows of a fit.
struct Beside<'a> {
    data: Cow<'a, Dataset>,
    /// Where each row of the original data set is in it; `None` where it is that data set.
    place: Option<Vec<u32>>,
}

impl Beside<'_> {
    fn places<'a>(&self, rows: &'a [u32]) -> Cow<'a, [u32]> {
        match &self.place {
            None => Cow::Borrowed(rows),
            Some(place) => rows.iter().map(|&row| place[row as usize]).collect(),
        }
    }
}

/// What one layer is fitted on.
struct Level<'a> {
    data: Cow<'a, Dataset>,
    /// One weight a row of the data.
    weights: Option<Vec<f64>>,
    /// The row of the original data set that each row is; `None` for the original itself.
    origin: Option<Vec<u32>>,
}

impl Level<'_> {
    fn samples(&self) -> Result<Samples<'_>> {
        let all = Samples::all(&self.data);
        self.weights.as_ref().map_or(Ok(all), |weights| all.with_weights(weights))
    }
}

#[typetag::serde(name = "stacking")]
impl Learner for Stacking {
    fn name(&self) -> String {
        "stack".into()
    }

    fn takes(&self) -> Takes {
        self.layers
            .first()
            .map_or(Takes { categories: true, missing: true, weights: true }, |members| together(members))
    }

    fn fit(&self, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<Box<dyn Model>> {
        Ok(Box::new(self.fit_stack(train, ctx)?.model))
    }
}
