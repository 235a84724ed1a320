use consort_core::{Error, Fold, Result, RowInfo, Seed, Split, Splitter};
use serde::{Deserialize, Serialize};

use crate::{rows, steps::Steps};

/// Tests on the future only: each fold learns from all that came before its test, and the tests follow each other.
///
/// Rows are put in the order of their time. The tests are the last `splits × test_size` steps, in blocks; training
/// starts at the first step (or `max_train_size` steps before its end) and ends `gap` steps before the test. With
/// `test_size` left open it is `steps / (splits + 1)`, rounded down; the remainder goes to the first training window.
/// Over distinct times this is scikit-learn's `TimeSeriesSplit`.
///
/// **A step is a distinct time**: rows of the same time are never parted, and a table of many shops a day is cut by
/// days. Without ties a step is a row.
///
/// Needs: time, and `splits × test_size + gap + 1` steps. Rows of the first window are never tested. Cost: a sort by
/// time and O(rows × splits). Source: Tashman 2000 (rolling origin).
///
/// ```
/// use consort_core::{RowInfo, Seed, Splitter};
/// use consort_split::ExpandingWindow;
/// let days = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
/// let rows = RowInfo { rows: 7, time: Some(&days), ..RowInfo::default() };
/// let split = ExpandingWindow::new(2).gap(1).split(&rows, Seed::new(0))?;
/// assert_eq!((split.folds[0].train.as_slice(), split.folds[0].test.as_slice()), (&[0, 1][..], &[3, 4][..]));
/// assert_eq!((split.folds[1].train.as_slice(), split.folds[1].test.as_slice()), (&[0, 1, 2, 3][..], &[5, 6][..]));
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ExpandingWindow {
    splits: u32,
    test_size: Option<u32>,
    gap: u32,
    max_train_size: Option<u32>,
}

impl Default for ExpandingWindow {
    fn default() -> Self {
        Self { splits: 5, test_size: None, gap: 0, max_train_size: None }
    }
}

impl ExpandingWindow {
    /// So many tests.
    pub fn new(splits: u32) -> Self {
        Self { splits, ..Self::default() }
    }

    /// How many steps a test has.
    pub fn test_size(mut self, steps: u32) -> Self {
        self.test_size = Some(steps);
        self
    }

    /// How many steps between training and test are left out.
    pub fn gap(mut self, steps: u32) -> Self {
        self.gap = steps;
        self
    }

    /// How many steps are learned from at most; the oldest are left out.
    pub fn max_train_size(mut self, steps: u32) -> Self {
        self.max_train_size = Some(steps);
        self
    }

    /// Checks the parameters against the number of steps.
    ///
    /// # Errors
    /// [`Error::Parameter`] for no split, a window of nothing, or too few steps; it says how many are needed.
    pub fn check(&self, steps: usize) -> Result<()> {
        self.check_steps(steps, "steps")
    }

    fn check_steps(&self, steps: usize, unit: &str) -> Result<()> {
        if self.splits == 0 {
            return Err(Error::parameter("splits", self.splits, "at least 1"));
        }
        for (name, size) in [("test_size", self.test_size), ("max_train_size", self.max_train_size)] {
            if size == Some(0) {
                return Err(Error::parameter(name, 0, "at least 1"));
            }
        }
        let (test, needed) = self.needs(self.splits, steps);
        if needed > steps as u64 {
            let most = self.most_splits(steps, self.splits);
            let (splits, gap) = (self.splits, self.gap);
            let expected = format!(
                "at most {most}, which is what {steps} {unit} allow: {splits} tests of {test}, a gap of {gap} and 1 to learn from need {needed} {unit}"
            );
            return Err(Error::parameter("splits", splits, expected));
        }
        Ok(())
    }

    /// The steps of a test, and those needed in all, where there are so many tests.
    fn needs(&self, splits: u32, steps: usize) -> (u64, u64) {
        let splits = u64::from(splits);
        let test = self.test_size.map_or_else(|| (steps as u64 / (splits + 1)).max(1), u64::from);
        (test, splits.saturating_mul(test).saturating_add(u64::from(self.gap) + 1))
    }

    /// The most tests, of at most so many, for which the steps suffice; 0 if not for one.
    pub(super) fn most_splits(&self, steps: usize, limit: u32) -> u32 {
        let limit = limit.min(u32::try_from(steps).unwrap_or(u32::MAX));
        (1..=limit).rev().find(|&splits| self.needs(splits, steps).1 <= steps as u64).unwrap_or(0)
    }
}

#[typetag::serde(name = "expanding_window")]
impl Splitter for ExpandingWindow {
    fn split(&self, rows: &RowInfo<'_>, _: Seed) -> Result<Split> {
        rows::check(rows)?;
        let steps = Steps::of(rows, "the expanding window")?;
        self.check_steps(steps.len(), steps.unit())?;
        rows::check_memory(u64::from(self.splits), rows.rows)?;
        let splits = self.splits as usize;
        let size = self.test_size.map_or(steps.len() / (splits + 1), |size| size as usize);
        let folds = (0..splits)
            .map(|fold| {
                let start = steps.len() - (splits - fold) * size;
                let end = start - self.gap as usize;
                let from = self.max_train_size.map_or(0, |most| end.saturating_sub(most as usize));
                let (train, test) = (steps.rows(from..end), steps.rows(start..start + size));
                Fold { repeat: 0, fold: fold as u32, train, valid: Vec::new(), test }
            })
            .collect();
        Ok(Split { folds, warnings: Vec::new() })
    }
}
