//! The contracts of metrics.

use super::{Broken, rows::Rows};
use crate::{Error, Gives, Metric, Reads, Result, Score, Seed, Task};

/// What a metric is tried on, and which contracts apply to it beyond those that apply to all.
///
/// ```
/// use consort_core::{Task, check::MetricCase};
/// let case = MetricCase { symmetric: false, ..MetricCase::new(Task::Multiclass) };
/// assert_eq!(case.columns, 4);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct MetricCase {
    /// The kind of problem it is tried on.
    pub task: Task,
    /// How many columns the estimates have: classes, labels, targets or quantiles.
    pub columns: usize,
    /// What the estimates are; `None` for what the metric reads.
    pub gives: Option<Gives>,
    /// Permuting classes or labels changes nothing (it does where classes have an order).
    pub symmetric: bool,
    /// A row of weight 2 is the row twice.
    pub duplicates: bool,
    /// How far two scores that must agree may be apart, relative to the greater of the score and 1, where exact bits
    /// are not asked for.
    pub tolerance: f64,
}

impl MetricCase {
    /// A metric of which every contract holds.
    pub fn new(task: Task) -> Self {
        let columns = match task {
            Task::Binary => 2,
            Task::Multiclass => 4,
            Task::Multilabel | Task::Quantile => 3,
            Task::Regression => 1,
        };
        Self { task, columns, gives: None, symmetric: true, duplicates: true, tolerance: 1e-12 }
    }
}

/// Rows enough for two blocks of [`blocks::ROWS`](crate::blocks::ROWS), so that threads have something to share.
const ROWS: usize = crate::blocks::ROWS + 700;

/// Runs every contract of a metric on generated rows.
///
/// ```
/// use consort_core::{Direction, Estimates, Metric, Reads, Result, Score, Task, Truth, check};
/// use serde::{Deserialize, Serialize};
///
/// /// Forgets the weights.
/// #[derive(Debug, Serialize, Deserialize)]
/// struct Careless;
///
/// #[typetag::serde]
/// impl Metric for Careless {
///     fn name(&self) -> String { "careless".into() }
///     fn direction(&self) -> Direction { Direction::Lower }
///     fn reads(&self) -> Reads { Reads::Value }
///     fn suits(&self, task: Task) -> bool { task == Task::Regression }
///     fn score(&self, estimates: &Estimates<'_>, truth: &Truth<'_>) -> Result<Score> {
///         estimates.check(truth, "careless")?;
///         let (values, _) = truth.values("careless")?;
///         let sum: f64 = (0..truth.rows()).map(|i| (estimates.at(i, 0) - values[i]).abs()).sum();
///         Ok(Score::from(sum / truth.rows() as f64))
///     }
/// }
///
/// let broken = check::metric(&Careless, &check::MetricCase::new(Task::Regression)).unwrap_err();
/// assert_eq!(broken.contract, "a row of weight 2 is the row twice");
/// ```
///
/// # Errors
/// The first contract that is broken.
pub fn metric(metric: &dyn Metric, case: &MetricCase) -> Result<(), Broken> {
    let gives = case.gives.unwrap_or(match metric.reads() {
        Reads::Value => Gives::Values,
        Reads::Label | Reads::Probability | Reads::Score => Gives::Probabilities,
    });
    let suite = Suite { subject: format!("{} ({}, {gives})", metric.name(), case.task), case, metric };
    let seed = Seed::new(0).child("metric suite");
    // Coarse numbers, so that some rows are tied.
    let rows = Rows::new(case.task, gives, case.columns, ROWS, 64, seed);
    suite.ensure(metric.suits(case.task), "it suits the task it is tried on", "`suits` says no")?;
    let whole = suite.value("it has a value on ordinary rows", &rows, false)?;
    let weighted = suite.value("it has a value on ordinary weighted rows", &rows, true)?;
    let (least, greatest) = metric.range();
    for score in [whole, weighted] {
        let holds = (least..=greatest).contains(&score);
        suite.ensure(holds, "a score is within the range of the metric", format!("{score}, {least} to {greatest}"))?;
    }
    suite.serde(&rows, whole)?;
    suite.threads(&rows)?;

    let order = rows.shuffled(seed.child("order"));
    suite.same("the order of rows does not matter", weighted, &rows.take(&order), true)?;
    if case.duplicates {
        suite.same("a row of weight 2 is the row twice", weighted, &rows.repeated(), false)?;
    }
    suite.same("a row of weight 0 is absent", weighted, &rows.take(&rows.present()), true)?;
    suite.same("a row of weight 0 is not read", weighted, &rows.with_nan_where_absent(), true)?;
    let single = suite.score(&rows.in_single(), true);
    suite.equal("f32 and f64 of the same numbers give the same", &Ok(Score::Value(weighted)), &single)?;
    if case.symmetric && !matches!(case.task, Task::Regression | Task::Quantile) {
        // Fine numbers, since the rule for ties looks at the order of classes.
        let fine = Rows::new(case.task, gives, case.columns, ROWS, 1 << 20, seed.child("fine"));
        let score = suite.value("it has a value on ordinary rows", &fine, true)?;
        suite.same("the order of classes does not matter", score, &fine.rotated(), true)?;
    }
    suite.refusals(&rows)?;
    suite.parts(&rows, weighted)
}

struct Suite<'a> {
    subject: String,
    case: &'a MetricCase,
    metric: &'a dyn Metric,
}

impl Suite<'_> {
    fn broken(&self, contract: &'static str, detail: impl std::fmt::Display) -> Broken {
        Broken { subject: self.subject.clone(), contract, detail: detail.to_string() }
    }

    fn ensure(&self, holds: bool, contract: &'static str, detail: impl std::fmt::Display) -> Result<(), Broken> {
        if holds { Ok(()) } else { Err(self.broken(contract, detail)) }
    }

    fn score(&self, rows: &Rows, weighted: bool) -> Result<Score> {
        rows.with(weighted, |estimates, truth| self.metric.score(estimates, truth))
    }

    fn value(&self, contract: &'static str, rows: &Rows, weighted: bool) -> Result<f64, Broken> {
        match self.score(rows, weighted) {
            Ok(Score::Value(value)) if value.is_finite() => Ok(value),
            Ok(score) => Err(self.broken(contract, format!("it is {score:?}"))),
            Err(error) => Err(self.broken(contract, error)),
        }
    }

    fn close(&self, contract: &'static str, a: f64, b: f64) -> Result<(), Broken> {
        let scale = 1.0f64.max(a.abs());
        self.ensure((a - b).abs() <= self.case.tolerance * scale, contract, format!("{a} becomes {b}"))
    }

    fn same(&self, contract: &'static str, expected: f64, rows: &Rows, weighted: bool) -> Result<(), Broken> {
        let value = self.value(contract, rows, weighted)?;
        self.close(contract, expected, value)
    }

    fn equal(&self, contract: &'static str, a: &Result<Score>, b: &Result<Score>) -> Result<(), Broken> {
        let same = matches!((a, b), (Ok(a), Ok(b)) if a == b);
        self.ensure(same, contract, format!("{a:?} becomes {b:?}"))
    }

    fn serde(&self, rows: &Rows, expected: f64) -> Result<(), Broken> {
        let contract = "it is the same after being saved and read";
        let saved = serde_json::to_string(self.metric).map_err(|error| self.broken(contract, error))?;
        let read: Box<dyn Metric> = serde_json::from_str(&saved).map_err(|error| self.broken(contract, error))?;
        self.ensure(read.name() == self.metric.name(), contract, format!("`{}`", read.name()))?;
        let again = rows.with(false, |estimates, truth| read.score(estimates, truth));
        self.equal(contract, &Ok(Score::Value(expected)), &again)?;
        let saved_again = serde_json::to_string(&*read).map_err(|error| self.broken(contract, error))?;
        self.ensure(saved == saved_again, contract, format!("{saved} becomes {saved_again}"))
    }

    fn threads(&self, rows: &Rows) -> Result<(), Broken> {
        let contract = "1 and 2 threads give the same bits";
        let with = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            let pool = pool.map_err(|error| self.broken(contract, error))?;
            Ok(pool.install(|| self.score(rows, true)))
        };
        self.equal(contract, &with(1)?, &with(2)?)
    }

    fn refusals(&self, rows: &Rows) -> Result<(), Broken> {
        let row = rows.present()[5] as usize;
        for bad in [f64::NAN, f64::INFINITY] {
            let contract = "a number that is not finite in a row that counts is refused with the row";
            match self.score(&rows.with_value(row, bad), true) {
                Ok(score) => return Err(self.broken(contract, format!("{bad} gives {score:?}"))),
                Err(Error::NotFinite { row: named, .. }) if named == row + 1 => {}
                Err(error) => return Err(self.broken(contract, format!("row {}: {error}", row + 1))),
            }
        }
        let refused = |contract, rows: &Rows| match self.score(rows, true) {
            Ok(score) => Err(self.broken(contract, format!("it gives {score:?}"))),
            Err(_) => Ok(()),
        };
        refused("estimates of fewer rows than the truth are refused", &rows.with_estimates_cut())?;
        refused("estimates of another width than the truth are refused", &rows.with_column_more())?;
        refused("a truth of another kind is refused", &rows.with_foreign_target())
    }

    fn parts(&self, rows: &Rows, expected: f64) -> Result<(), Broken> {
        let contract = "rows taken in parts and merged give the score of the whole";
        let Some(mut total) = self.metric.accumulator() else { return Ok(()) };
        let failed = |error: Error| self.broken(contract, error);
        let cuts = [0, 1, 900, ROWS / 2, ROWS];
        let part = |k: usize| rows.take(&(cuts[k] as u32..cuts[k + 1] as u32).collect::<Vec<_>>());
        // The first part has one row, which may have no weight: it comes with the second.
        for take in [&[1usize, 0][..], &[2], &[3]] {
            let Some(mut accumulator) = self.metric.accumulator() else { continue };
            for &k in take {
                part(k).with_any_weights(|estimates, truth| accumulator.update(estimates, truth)).map_err(failed)?;
            }
            total.merge(&accumulator.state()).map_err(failed)?;
        }
        match total.finish() {
            Score::Value(value) => self.close(contract, expected, value)?,
            undefined => return Err(self.broken(contract, format!("{undefined:?}"))),
        }
        let mut longer = total.state();
        longer.push(0.0);
        self.ensure(total.merge(&longer).is_err(), "a state of another metric is refused", "one number too many")?;
        let empty = self.metric.accumulator().map(|accumulator| accumulator.finish());
        let undefined = matches!(empty, Some(Score::Undefined(_)));
        self.ensure(undefined, "the score of no rows is undefined", format!("{empty:?}"))
    }
}
