use std::{
    sync::{Mutex, PoisonError},
    time::Instant,
};

use consort_core::{
    Cancel, Error, FitContext, Fold, Learner, Matrix, Outputs, Progress, Result, Samples, Seed, Silent,
};

use super::{
    CrossFitted, CrossFittedMember, Fit, FitKey, Part, Skipped, Store, Why,
    queue::{Queue, Waiting},
};
use crate::named_learner::{NamedLearner, check};

/// What happens when a fit of a member fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnError {
    /// The error is that of the whole.
    #[default]
    Stop,
    /// The member is left out, and named with its reason.
    Skip,
}

/// Fits members on the training part of every fold, and has them predict its test part.
///
/// Fits run side by side, one thread each where there are fits enough; the data set is borrowed by all of them. A fit
/// depends on its member's name, its repeat and fold and the seed alone: not on threads, nor on the other members.
///
/// ```
/// use consort_core::{Column, Dataset, Features, Samples, Seed, Splitter, Target};
/// use consort_ensemble::{NamedLearner, cross_fit::CrossFit};
/// use consort_split::KFold;
/// use consort_trees::boosting::GradientBoosting;
/// let x = Column::Numeric { name: "x".into(), values: (0..60).map(|i| i as f32).collect() };
/// let y = Target::from_values((0..60).map(f64::from).collect(), "y")?;
/// let data = Dataset::new(Features::Columns(vec![x]))?.with_target(y)?;
/// let folds = KFold::new(3).split(&data.row_info(), Seed::new(0))?.folds;
/// let members = [NamedLearner::new("boost", GradientBoosting { rounds: 10, ..Default::default() })];
/// let fitted = CrossFit::new(Samples::all(&data), &folds, Seed::new(0)).run(&members)?;
/// assert_eq!(fitted.predictions()?.predictions.rows(), 60);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Clone, Copy)]
pub struct CrossFit<'a> {
    data: Samples<'a>,
    folds: &'a [Fold],
    seed: Seed,
    threads: usize,
    progress: &'a dyn Progress,
    cancel: Option<&'a Cancel>,
    store: Option<&'a dyn Store>,
    on_error: OnError,
    limited: bool,
    layer: u32,
}

impl<'a> CrossFit<'a> {
    /// For these samples, whose weights count, and folds of rows **of the data set**.
    pub fn new(data: Samples<'a>, folds: &'a [Fold], seed: Seed) -> Self {
        Self {
            data,
            folds,
            seed,
            threads: 1,
            progress: &Silent,
            cancel: None,
            store: None,
            on_error: OnError::Stop,
            limited: false,
            layer: 0,
        }
    }

    /// How many threads may be used.
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = threads.max(1);
        self
    }

    /// Where each finished fit is told.
    pub fn progress(mut self, progress: &'a dyn Progress) -> Self {
        self.progress = progress;
        self
    }

    /// Which layer of an ensemble this is, from 0.
    pub fn layer(mut self, layer: u32) -> Self {
        self.layer = layer;
        self
    }

    /// When to stop.
    pub fn cancel(mut self, cancel: Option<&'a Cancel>) -> Self {
        self.cancel = cancel;
        self
    }

    /// Where fits are kept, and taken from if they were done before.
    pub fn store(mut self, store: Option<&'a dyn Store>) -> Self {
        self.store = store;
        self
    }

    /// What happens when a fit fails.
    pub fn on_error(mut self, on_error: OnError) -> Self {
        self.on_error = on_error;
        self
    }

    /// Members that cannot finish before the cancel flag is raised (a limit of time) are left out and named; members
    /// are then fitted one after another in their order, so that as many as can be are whole.
    pub fn limited(mut self, limited: bool) -> Self {
        self.limited = limited;
        self
    }

    /// Fits all members on all folds.
    ///
    /// # Errors
    /// If there are no folds or members, two of one name, a fold names a row beyond the data set; the error of the
    /// first fit that fails (by member, then fold), unless those are skipped; that of the store if a fit cannot be kept;
    /// [`Error::Cancelled`]; and if no member is left.
    pub fn run(&self, members: &[NamedLearner]) -> Result<CrossFitted> {
        self.attempt(members)?.map_err(|skipped| none_left(&skipped))
    }

    /// As [`run`](Self::run), but that no member is left is not an error: why each was left out comes back.
    pub(crate) fn attempt(&self, members: &[NamedLearner]) -> Result<Result<CrossFitted, Vec<Skipped>>> {
        check(members)?;
        let outputs = self.data.target("cross-fitting")?.outputs();
        if self.folds.is_empty() || self.folds.iter().any(|fold| fold.train.is_empty() || fold.test.is_empty()) {
            return Err(Error::Empty {
                what: "a fold, or the list of folds".into(),
                hint: "each fold must have rows to learn from and rows to predict".into(),
            });
        }
        let queue = Queue::new(members.len(), self.folds.len(), self.limited);
        let count = members.len() * self.folds.len();
        let workers = self.threads.min(count);
        // Where there are fewer fits than threads, each fit may use several.
        let inner = (self.threads / workers).max(1);
        let done = Mutex::new(Done { fits: Vec::new(), failures: Vec::new(), unkept: None });
        std::thread::scope(|scope| {
            let work = || self.work(members, &queue, inner, count, &outputs, &done);
            let others: Vec<_> = (1..workers).map(|_| scope.spawn(work)).collect();
            let mine = work();
            others
                .into_iter()
                .map(|other| other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
                .fold(mine, |first, next| first.and(next))
        })?;
        let done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
        self.gather(members, outputs, done)
    }

    /// What one worker does: fit after fit, on a pool of its own.
    fn work(
        &self,
        members: &[NamedLearner],
        queue: &Queue,
        inner: usize,
        count: usize,
        outputs: &Outputs,
        done: &Mutex<Done>,
    ) -> Result<()> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(inner).build().map_err(Error::custom)?;
        while let Some(Waiting { member, fold }) = queue.next() {
            let NamedLearner { name, learner } = &members[member];
            let fold_of = &self.folds[fold];
            let part = Part::Fold { repeat: fold_of.repeat, fold: fold_of.fold };
            let key = FitKey { layer: self.layer, member: name.clone(), part };
            let result = pool.install(|| self.kept(&**learner, key.clone(), fold_of, inner, outputs));
            let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
            match result {
                Ok(fit) => {
                    queue.took(member, fit.fit_time + fit.predict_time);
                    done.fits.push((member, fold, fit));
                }
                Err(Broken::Store(error)) => {
                    // No member is to blame, and none that comes can be kept.
                    done.unkept.get_or_insert(error);
                    queue.clear();
                }
                Err(Broken::Fit(error)) => {
                    let is_over = matches!(error, Error::Cancelled);
                    done.failures.push((member, fold, error));
                    if is_over || self.on_error == OnError::Stop {
                        queue.clear();
                    } else {
                        queue.drop_member(member);
                    }
                }
            }
            self.progress.step((done.fits.len() + done.failures.len()) as u64, count as u64, &key.to_string());
        }
        Ok(())
    }

    /// The fit, taken from the store or else made and kept there.
    fn kept(
        &self,
        learner: &dyn Learner,
        key: FitKey,
        fold: &'a Fold,
        threads: usize,
        outputs: &Outputs,
    ) -> Result<Fit, Broken> {
        let Some(store) = self.store else {
            return self.fit(learner, key, fold, threads, outputs).map_err(Broken::Fit);
        };
        if let Some(fit) = store.load(&key).map_err(Broken::Fit)? {
            let kept = fit.predictions.as_ref().map_or(0, |predictions| predictions.rows());
            let is_of_fold = kept == fold.test.len();
            return if is_of_fold { Ok(fit) } else { Err(Broken::Fit(other_rows(&key, kept, fold.test.len()))) };
        }
        let fit = self.fit(learner, key, fold, threads, outputs).map_err(Broken::Fit)?;
        store.save(&fit).map_err(Broken::Store)?;
        Ok(fit)
    }

    fn fit(
        &self,
        learner: &dyn Learner,
        key: FitKey,
        fold: &'a Fold,
        threads: usize,
        outputs: &Outputs,
    ) -> Result<Fit> {
        if let Some(cancel) = self.cancel {
            cancel.check()?;
        }
        let dataset = self.data.dataset();
        let part = |rows: &'a [u32]| -> Result<Samples<'a>> {
            let samples = Samples::rows(dataset, rows)?;
            self.data.weights().map_or(Ok(samples), |weights| samples.with_weights(weights))
        };
        let (train, test) = (part(&fold.train)?, part(&fold.test)?);
        let validation = if fold.valid.is_empty() { None } else { Some(part(&fold.valid)?) };
        let progress = self.progress.part(&key.to_string());
        let checkpoints = self.store.and_then(|store| store.checkpoints(&key));
        let context = FitContext {
            validation,
            threads,
            progress: &*progress,
            cancel: self.cancel,
            checkpoints: checkpoints.as_deref(),
            ..FitContext::new(key.seed(self.seed))
        };
        let start = Instant::now();
        let model = learner.fit(&train, &context)?;
        let fit_time = start.elapsed();
        drop(progress);
        let start = Instant::now();
        let predictions = model.predict(&test)?;
        let predict_time = start.elapsed();
        expect(&key, &predictions, fold.test.len(), outputs)?;
        Ok(Fit { key, model, predictions: Some(predictions), fit_time, predict_time })
    }

    fn gather(
        &self,
        members: &[NamedLearner],
        outputs: Outputs,
        done: Done,
    ) -> Result<Result<CrossFitted, Vec<Skipped>>> {
        let Done { mut fits, mut failures, unkept } = done;
        if let Some(error) = unkept {
            return Err(error);
        }
        failures.sort_by_key(|&(member, fold, _)| (member, fold));
        let was_cancelled = failures.iter().any(|(.., error)| matches!(error, Error::Cancelled));
        if was_cancelled && !self.limited {
            return Err(Error::Cancelled);
        }
        if self.on_error == OnError::Stop
            && let Some(at) = failures.iter().position(|(.., error)| !matches!(error, Error::Cancelled))
        {
            return Err(failures.swap_remove(at).2);
        }
        fits.sort_by_key(|&(member, fold, _)| (member, fold));
        let mut by_member: Vec<Vec<Fit>> = members.iter().map(|_| Vec::new()).collect();
        for (member, _, fit) in fits {
            by_member[member].push(fit);
        }
        let (mut kept, mut skipped) = (Vec::new(), Vec::new());
        for (m, fits) in by_member.into_iter().enumerate() {
            let name = members[m].name.clone();
            if fits.len() == self.folds.len() {
                kept.push(CrossFittedMember { name, fits });
                continue;
            }
            let failed =
                failures.iter().position(|(member, _, error)| *member == m && !matches!(error, Error::Cancelled));
            let why = failed.map_or(Why::Time, |at| Why::Failed(failures.remove(at).2.to_string()));
            skipped.push(Skipped { name, layer: self.layer, why });
        }
        if kept.is_empty() {
            return Ok(Err(skipped));
        }
        Ok(Ok(CrossFitted::new(self.data.dataset(), self.folds.to_vec(), outputs, kept, skipped)))
    }
}

/// No member could be fitted, and why.
pub(crate) fn none_left(skipped: &[Skipped]) -> Error {
    let why: Vec<String> = skipped.iter().map(Skipped::to_string).collect();
    let what = "the list of members that could be fitted".into();
    Error::Empty { what, hint: format!("none was: {}", why.join("; ")) }
}

/// The fits and failures so far: member, fold and what came of it.
struct Done {
    fits: Vec<(usize, usize, Fit)>,
    failures: Vec<(usize, usize, Error)>,
    /// Why a fit could not be kept.
    unkept: Option<Error>,
}

/// Why there is no fit.
enum Broken {
    /// It failed, or what was kept of it is damaged.
    Fit(Error),
    /// It could not be kept: a full disk.
    Store(Error),
}

fn other_rows(key: &FitKey, got: usize, expected: usize) -> Error {
    let hint = "it was kept by a run on other data or other folds: begin a new run".into();
    Error::Length { what: format!("the kept fit {key}"), got, expected, unit: "rows", hint }
}

/// Refuses predictions that are not what the target asks for.
fn expect(key: &FitKey, predictions: &Matrix, rows: usize, outputs: &Outputs) -> Result<()> {
    let (got, expected) = (predictions.values().len(), rows * outputs.len());
    if got == expected && predictions.columns() == outputs.len() {
        return Ok(());
    }
    Err(Error::Length {
        what: format!("the predictions of {key}"),
        got,
        expected,
        unit: "numbers",
        hint: format!("{rows} rows of {} columns", outputs.len()),
    })
}
