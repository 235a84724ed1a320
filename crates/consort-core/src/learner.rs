use std::{
    fmt::Debug,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use serde::{Deserialize, Serialize};

use crate::{Checkpoints, Error, Matrix, Result, Samples, Seed};

/// What a learner can take, so that the right encoders can be chosen for it.
///
/// ```
/// use consort_core::Takes;
/// let tree = Takes { categories: true, missing: true, weights: true };
/// assert!(tree.missing, "it needs no imputer before it");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Takes {
    /// Categories, without an encoder.
    pub categories: bool,
    /// Missing values, without an imputer.
    pub missing: bool,
    /// Sample weights.
    pub weights: bool,
}

/// An unfitted recipe: hyper-parameters and nothing else. Serde round-trips it.
///
/// ```
/// use consort_core::{Column, Dataset, Features, FitContext, Learner, Matrix, Model, Result, Samples, Seed, Takes, Target};
/// use serde::{Deserialize, Serialize};
///
/// /// Always the mean of the training rows.
/// #[derive(Debug, Clone, Serialize, Deserialize)]
/// struct AlwaysTheMean;
///
/// #[derive(Debug, Clone, Serialize, Deserialize)]
/// struct TheMean(f64);
///
/// #[typetag::serde]
/// impl Learner for AlwaysTheMean {
///     fn name(&self) -> String { "mean".into() }
///     fn takes(&self) -> Takes { Takes { categories: true, missing: true, weights: true } }
///     fn fit(&self, train: &Samples<'_>, _: &FitContext<'_>) -> Result<Box<dyn Model>> {
///         let Target::Values { values, .. } = train.dataset().target_for("mean")? else {
///             return Err(consort_core::Error::custom("it predicts numbers"));
///         };
///         let (mut sum, mut total) = (0.0, 0.0);
///         for i in 0..train.len() {
///             (sum, total) = (sum + train.weight(i) * values[train.row(i)], total + train.weight(i));
///         }
///         Ok(Box::new(TheMean(sum / total)))
///     }
/// }
///
/// #[typetag::serde]
/// impl Model for TheMean {
///     fn predict(&self, rows: &Samples<'_>) -> Result<Matrix> { Matrix::new(rows.len(), 1, vec![self.0 as f32; rows.len()]) }
/// }
///
/// let x = Column::Numeric { name: "x".into(), values: vec![1.0, 2.0] };
/// let data = Dataset::new(Features::Columns(vec![x]))?.with_target(Target::from_values(vec![3.0, 5.0], "y")?)?;
/// let model = AlwaysTheMean.fit(&Samples::all(&data), &FitContext::new(Seed::new(0)))?;
/// assert_eq!(model.predict(&Samples::all(&data))?.values(), [4.0, 4.0]);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[typetag::serde(tag = "learner")]
pub trait Learner: Debug + Send + Sync {
    /// Its name in tables and on the command line, such as `forest`.
    fn name(&self) -> String;

    /// What it can take.
    fn takes(&self) -> Takes;

    /// The member fitted on these samples.
    ///
    /// # Errors
    /// If a parameter is out of range, the samples are not what it takes, or the work was cancelled. What it does
    /// not support is refused, never ignored.
    fn fit(&self, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<Box<dyn Model>>;
}

/// A fitted member. Serde round-trips it.
///
/// ```
/// use consort_core::Model;
/// // A fitted model is data: saved as JSON it comes back as what it was.
/// fn copy(model: &dyn Model) -> serde_json::Result<Box<dyn Model>> {
///     serde_json::from_str(&serde_json::to_string(model)?)
/// }
/// ```
#[typetag::serde(tag = "model")]
pub trait Model: Debug + Send + Sync {
    /// The predictions of these samples, `[samples][outputs]`.
    ///
    /// # Errors
    /// If the features are not those that it was fitted on.
    fn predict(&self, rows: &Samples<'_>) -> Result<Matrix>;

    /// How its loss went while it learnt, where it learns step by step and remembers: one history a training run.
    fn histories(&self) -> Vec<LossHistory> {
        Vec::new()
    }
}

/// How a loss went while a model learnt, for the charts.
///
/// ```
/// use consort_core::LossHistory;
/// let history = LossHistory { name: "mlp".into(), train: vec![0.7, 0.4], ..LossHistory::default() };
/// assert!(history.valid.is_empty());
/// ```
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct LossHistory {
    /// What was trained.
    pub name: String,
    /// The loss, such as `cross_entropy`.
    pub loss: String,
    /// What a step is, such as `epoch`.
    pub unit: String,
    /// The loss of the training rows at each step.
    pub train: Vec<f64>,
    /// The loss of rows held out, after each step; empty where there were none.
    pub valid: Vec<f64>,
    /// The steps, from 1, whose state was kept, where that is not the last alone.
    pub kept: Vec<usize>,
    /// How and where it was trained, in words, where that was chosen: `4 nets packed in 2 groups, one a thread, on cpu`.
    #[serde(default)]
    pub how: String,
    /// What went wrong on the way though the work went on, in words.
    #[serde(default)]
    pub warnings: Vec<String>,
}

/// A flag that asks running fits to stop, when it is raised or when its time has come. Cloning shares the flag.
///
/// ```
/// use consort_core::{Cancel, FitContext, Seed};
/// let flag = Cancel::default();
/// let context = FitContext { cancel: Some(&flag), ..FitContext::new(Seed::new(0)) };
/// assert!(context.check().is_ok());
/// flag.clone().cancel(); // from another thread, as a rule
/// assert!(context.check().is_err());
/// ```
#[derive(Debug, Clone, Default)]
pub struct Cancel {
    raised: Arc<AtomicBool>,
    at: Option<Instant>,
}

impl Cancel {
    /// A flag that is raised at a moment, if nobody raises it before.
    pub fn at(moment: Instant) -> Self {
        Self { at: Some(moment), ..Self::default() }
    }

    /// Asks all that watch this flag to stop.
    pub fn cancel(&self) {
        self.raised.store(true, Ordering::Relaxed);
    }

    /// An error once someone asked to stop; a fit calls this between its rounds.
    ///
    /// # Errors
    /// [`Error::Cancelled`].
    pub fn check(&self) -> Result<()> {
        let is_over = self.raised.load(Ordering::Relaxed) || self.at.is_some_and(|at| Instant::now() >= at);
        if is_over { Err(Error::Cancelled) } else { Ok(()) }
    }
}

/// Where a fit says how far it is.
///
/// ```
/// use consort_core::Progress;
/// struct Lines;
/// impl Progress for Lines {
///     fn step(&self, done: u64, total: u64, text: &str) { println!("{done} of {total}: {text}"); }
/// }
/// Lines.step(3, 10, "loss 0.4");
/// ```
pub trait Progress: Sync {
    /// `done` of `total` steps are done; `text` is for people, such as a loss.
    fn step(&self, done: u64, total: u64, text: &str);

    /// Where one of the fits that are a step each says how far it is itself, until it is dropped; by default nowhere.
    fn part(&self, name: &str) -> Box<dyn Progress + '_> {
        let _ = name;
        Box::new(Silent)
    }
}

/// A [`Progress`] that says nothing.
///
/// ```
/// use consort_core::{Progress, Silent};
/// Silent.step(1, 2, "nobody hears this");
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn step(&self, _: u64, _: u64, _: &str) {}
}

/// What a fit gets beside its samples.
///
/// ```
/// use consort_core::{FitContext, Seed};
/// let context = FitContext { threads: 4, ..FitContext::new(Seed::new(7).child("forest")) };
/// assert!(context.validation.is_none() && context.check().is_ok());
/// ```
#[derive(Clone, Copy)]
pub struct FitContext<'a> {
    /// Where all of its randomness comes from.
    pub seed: Seed,
    /// Rows to stop early on, never those of a test.
    pub validation: Option<Samples<'a>>,
    /// How many threads it may use.
    pub threads: usize,
    /// Where it says how far it is.
    pub progress: &'a dyn Progress,
    /// When it must stop; `None` for never.
    pub cancel: Option<&'a Cancel>,
    /// Where a long fit keeps how far it is; `None` for nowhere. A fit that is short may leave it alone.
    pub checkpoints: Option<&'a dyn Checkpoints>,
}

impl FitContext<'_> {
    /// A context with a seed, one thread and nothing else.
    pub fn new(seed: Seed) -> Self {
        FitContext { seed, validation: None, threads: 1, progress: &Silent, cancel: None, checkpoints: None }
    }

    /// An error once someone asked to stop.
    ///
    /// # Errors
    /// [`Error::Cancelled`].
    pub fn check(&self) -> Result<()> {
        self.cancel.map_or(Ok(()), Cancel::check)
    }

    /// Does work on as many threads as the fit may use. Rayon's calls within it use those threads, and none has to wait
    /// for another pool, as each call from outside of one would.
    ///
    /// # Errors
    /// The error of the work, or if the threads cannot be started.
    ///
    /// ```
    /// use consort_core::{FitContext, Seed};
    /// let context = FitContext { threads: 2, ..FitContext::new(Seed::new(0)) };
    /// assert_eq!(context.install(|| Ok(rayon::current_num_threads()))?, 2);
    /// # Ok::<(), consort_core::Error>(())
    /// ```
    pub fn install<T: Send>(&self, work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
        let threads = self.threads.max(1);
        if rayon::current_thread_index().is_some() && rayon::current_num_threads() == threads {
            return work();
        }
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().map_err(Error::custom)?;
        pool.install(work)
    }
}

impl Debug for FitContext<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FitContext")
            .field("seed", &self.seed)
            .field("validation", &self.validation.map(|v| v.len()))
            .field("threads", &self.threads)
            .finish_non_exhaustive()
    }
}
