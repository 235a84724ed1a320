use consort_core::{Accumulator, Direction, Error, Estimates, Metric, Reads, Real, Result, Score, Task, Truth, Values};
use serde::{Deserialize, Serialize};

use super::{
    Binning, Bins, Of, ReliabilityTable,
    reliability_table::{Tally, view_edges, view_tally},
    view::View,
};

/// How the gaps of the bins become one number.
///
/// ```
/// use consort_metrics::calibration::{Bins, Norm, ReliabilityTable};
/// let table = ReliabilityTable::new(&[0.1, 0.9], &[false, false], None, &Bins::default())?;
/// assert!((table.error(Norm::Expected).value().unwrap() - 0.5).abs() < 1e-12); // (0.1 + 0.9) / 2
/// assert!((table.error(Norm::Maximum).value().unwrap() - 0.9).abs() < 1e-12);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Norm {
    /// The mean gap, weighted by the bins (ECE; Naeini, Cooper and Hauskrecht 2015).
    #[default]
    Expected,
    /// The root of the mean squared gap (RMSCE; Nguyen and O'Connor 2015).
    RootMeanSquare,
    /// The greatest gap (MCE).
    Maximum,
}

/// The expected calibration error of probabilities of one event: the mean over bins of |predicted − observed|.
///
/// ```
/// use consort_metrics::calibration::{Bins, ece};
/// let error = ece(&[0.9, 0.9, 0.1, 0.1], &[true, false, false, false], None, &Bins::default())?;
/// assert!((error.value().unwrap() - (0.4 + 0.1) / 2.0).abs() < 1e-12);
/// # Ok::<(), consort_core::Error>(())
/// ```
///
/// # Errors
/// As [`ReliabilityTable::new`].
pub fn ece<T: Real>(confidence: &[T], came_true: &[bool], weights: Option<&[f64]>, bins: &Bins) -> Result<Score> {
    Ok(ReliabilityTable::new(confidence, came_true, weights, bins)?.error(Norm::Expected))
}

/// The maximum calibration error of probabilities of one event: the greatest |predicted − observed| of a bin.
///
/// ```
/// use consort_metrics::calibration::{Bins, mce};
/// let error = mce(&[0.9, 0.9, 0.1, 0.1], &[true, false, false, false], None, &Bins::default())?;
/// assert!((error.value().unwrap() - 0.4).abs() < 1e-12);
/// # Ok::<(), consort_core::Error>(())
/// ```
///
/// # Errors
/// As [`ReliabilityTable::new`].
pub fn mce<T: Real>(confidence: &[T], came_true: &[bool], weights: Option<&[f64]>, bins: &Bins) -> Result<Score> {
    Ok(ReliabilityTable::new(confidence, came_true, weights, bins)?.error(Norm::Maximum))
}

/// The root mean square calibration error of probabilities of one event.
///
/// ```
/// use consort_metrics::calibration::{Bins, rmsce};
/// let error = rmsce(&[0.9, 0.9, 0.1, 0.1], &[true, false, false, false], None, &Bins::default())?;
/// assert!((error.value().unwrap() - (0.17f64 / 2.0).sqrt()).abs() < 1e-12);
/// # Ok::<(), consort_core::Error>(())
/// ```
///
/// # Errors
/// As [`ReliabilityTable::new`].
pub fn rmsce<T: Real>(confidence: &[T], came_true: &[bool], weights: Option<&[f64]>, bins: &Bins) -> Result<Score> {
    Ok(ReliabilityTable::new(confidence, came_true, weights, bins)?.error(Norm::RootMeanSquare))
}

/// The classwise expected calibration error: the mean over classes of the ECE of their probability
/// (Kull et al. 2019). `probabilities` is `[rows][classes]`, `codes` the true class of each row.
///
/// ```
/// use consort_metrics::calibration::{Bins, classwise_ece};
/// let error = classwise_ece(&[1.0, 0.0, 0.0, 1.0], 2, &[0, 0], None, &Bins::default())?;
/// assert_eq!(error.value(), Some(0.5));
/// # Ok::<(), consort_core::Error>(())
/// ```
///
/// # Errors
/// As [`ReliabilityTable::new`].
pub fn classwise_ece<T: Real>(
    probabilities: &[T],
    classes: usize,
    codes: &[u32],
    weights: Option<&[f64]>,
    bins: &Bins,
) -> Result<Score> {
    if classes == 0 || probabilities.len() != classes * codes.len() {
        return Err(Error::Length {
            what: "the probabilities".into(),
            got: probabilities.len(),
            expected: classes * codes.len(),
            unit: "numbers",
            hint: format!("{} rows of {classes} classes", codes.len()),
        });
    }
    let mut sum = 0.0;
    for k in 0..classes {
        let column: Vec<T> = probabilities.iter().skip(k).step_by(classes).copied().collect();
        let hits: Vec<bool> = codes.iter().map(|&code| code as usize == k).collect();
        match ece(&column, &hits, weights, bins)? {
            Score::Value(value) => sum += value,
            undefined => return Ok(undefined),
        }
    }
    Ok(Score::from(sum / classes as f64))
}

/// The calibration error as a metric: which probability, which bins, and how gaps become one number.
///
/// Several tables (of classes or labels) are averaged. Rows of weight 0 are not read.
///
/// ```
/// use consort_core::{Classes, Estimates, Gives, Metric, Target, Truth};
/// use consort_metrics::calibration::{CalibrationError, Of};
/// let classes = Classes::new(["no", "yes"])?;
/// let target = Target::from_labels(["yes", "no"], &classes, "y")?;
/// let estimates = Estimates::f64(&[0.1, 0.9, 0.8, 0.2], 2, Gives::Probabilities)?;
/// let metric = CalibrationError::ece();
/// assert!((metric.score(&estimates, &Truth::new(&target))?.value().unwrap() - 0.15).abs() < 1e-12);
/// assert_eq!(metric.of(Of::TopLabel).name(), "top_label_ece");
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CalibrationError {
    /// How gaps become one number.
    pub norm: Norm,
    /// Of which probability.
    pub of: Of,
    /// How probabilities are put into bins.
    pub bins: Bins,
}

impl CalibrationError {
    /// The expected calibration error with ten bins of equal width.
    pub fn ece() -> Self {
        Self::default()
    }

    /// The maximum calibration error with ten bins of equal width.
    pub fn mce() -> Self {
        Self { norm: Norm::Maximum, ..Self::default() }
    }

    /// The root mean square calibration error with ten bins of equal width.
    pub fn rmsce() -> Self {
        Self { norm: Norm::RootMeanSquare, ..Self::default() }
    }

    /// Of which probability.
    pub fn of(mut self, of: Of) -> Self {
        self.of = of;
        self
    }

    /// How probabilities are put into bins.
    pub fn bins(mut self, bins: Bins) -> Self {
        self.bins = bins;
        self
    }

    /// Refuses parameters out of their range.
    ///
    /// # Errors
    /// As [`Bins::check`].
    pub fn check(&self) -> Result<()> {
        self.bins.check()
    }

    fn mean(&self, tables: impl ExactSizeIterator<Item = ReliabilityTable>) -> Score {
        let count = tables.len() as f64;
        let mut sum = 0.0;
        for table in tables {
            match table.error(self.norm) {
                Score::Value(value) => sum += value,
                undefined => return undefined,
            }
        }
        Score::ratio(sum, count, "there is no row")
    }
}

#[typetag::serde(name = "calibration_error")]
impl Metric for CalibrationError {
    fn name(&self) -> String {
        let of = match self.of {
            Of::Auto => "",
            Of::Positive => "positive_",
            Of::TopLabel => "top_label_",
            Of::Classwise => "classwise_",
        };
        let norm = match self.norm {
            Norm::Expected => "ece",
            Norm::RootMeanSquare => "rmsce",
            Norm::Maximum => "mce",
        };
        // Ten bins go without saying.
        match self.bins.count {
            10 => format!("{of}{norm}"),
            count => format!("{of}{norm}_{count}"),
        }
    }

    fn direction(&self) -> Direction {
        Direction::Lower
    }

    fn reads(&self) -> Reads {
        Reads::Probability
    }

    fn suits(&self, task: Task) -> bool {
        match self.of {
            Of::Auto | Of::Classwise => task.is_classification() || task == Task::Multilabel,
            Of::Positive => task == Task::Binary,
            Of::TopLabel => task.is_classification(),
        }
    }

    fn range(&self) -> (f64, f64) {
        (0.0, 1.0)
    }

    fn score(&self, estimates: &Estimates<'_>, truth: &Truth<'_>) -> Result<Score> {
        self.check()?;
        estimates.check(truth, &self.name())?;
        let tables: Result<Vec<ReliabilityTable>> = View::of(self.of, estimates, truth, &self.name())?
            .iter()
            .map(|view| {
                let edges = view_edges(view, estimates, truth, &self.bins);
                Ok(view_tally(view, estimates, truth, &self.bins, &edges)?.table(&self.bins.shown(edges)))
            })
            .collect();
        Ok(self.mean(tables?.into_iter()))
    }

    /// For bins of equal width; those of equal mass need all rows at once.
    fn accumulator(&self) -> Option<Box<dyn Accumulator>> {
        (self.bins.binning == Binning::EqualWidth && self.check().is_ok())
            .then(|| Box::new(Running { metric: *self, tallies: Vec::new() }) as Box<dyn Accumulator>)
    }
}

/// The sums of the bins of each table. How many tables there are is known from the first rows on.
#[derive(Debug)]
struct Running {
    metric: CalibrationError,
    tallies: Vec<Tally>,
}

impl Accumulator for Running {
    fn update(&mut self, estimates: &Estimates<'_>, truth: &Truth<'_>) -> Result<()> {
        let name = self.metric.name();
        estimates.check(truth, &name)?;
        let views = View::of(self.metric.of, estimates, truth, &name)?;
        let edges = self.metric.bins.equal_width(matches!(estimates.values(), Values::F32(_)));
        if self.tallies.is_empty() {
            self.tallies = vec![Tally::new(&edges); views.len()];
        }
        if self.tallies.len() != views.len() {
            return Err(other_metric(&name, views.len(), self.tallies.len()));
        }
        for (tally, view) in self.tallies.iter_mut().zip(&views) {
            tally.merge(&view_tally(view, estimates, truth, &self.metric.bins, &edges)?);
        }
        Ok(())
    }

    fn state(&self) -> Vec<f64> {
        self.tallies.iter().flat_map(Tally::state).collect()
    }

    fn merge(&mut self, state: &[f64]) -> Result<()> {
        let bins = self.metric.bins.count;
        let parts: Option<Vec<Tally>> =
            state.chunks(bins * Tally::STATE).map(|part| Tally::from_state(part, bins)).collect();
        let parts = parts.ok_or_else(|| other_metric(&self.metric.name(), state.len(), bins * Tally::STATE))?;
        if self.tallies.is_empty() {
            self.tallies = parts;
        } else if !parts.is_empty() {
            if parts.len() != self.tallies.len() {
                return Err(other_metric(&self.metric.name(), parts.len(), self.tallies.len()));
            }
            for (tally, part) in self.tallies.iter_mut().zip(&parts) {
                tally.merge(part);
            }
        }
        Ok(())
    }

    fn finish(&self) -> Score {
        let edges = self.metric.bins.equal_width(false);
        self.metric.mean(self.tallies.iter().map(|tally| tally.table(&edges)))
    }
}

fn other_metric(name: &str, got: usize, expected: usize) -> Error {
    Error::Length {
        what: format!("the state of {name}"),
        got,
        expected,
        unit: "numbers",
        hint: "merge states of the same metric and problem".into(),
    }
}
