use consort_core::{Error, Fold, Result, RowInfo, Seed, Split, Splitter};
use serde::{Deserialize, Serialize};

use crate::{rows, steps::Steps};

/// Tests on the future only, each after a training window of the same length.
///
/// As many windows as fit: the last test ends with the last step, each earlier one lies `stride` steps before (the
/// length of a test unless said otherwise, and no less, so that no row is tested twice). Training ends `gap` steps
/// before the test. The steps that remain at the start are left out. A step is a distinct time, as in
/// [`ExpandingWindow`](super::ExpandingWindow).
///
/// Use it where the old past misleads, or to see how a score changes over time at equal training length.
///
/// Needs: time, and `train_size + gap + test_size` steps. Cost: a sort by time and O(rows in the windows).
/// Source: Tashman 2000 (rolling window).
///
/// ```
/// use consort_core::{RowInfo, Seed, Splitter};
/// use consort_split::SlidingWindow;
/// let days = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0];
/// let rows = RowInfo { rows: 6, time: Some(&days), ..RowInfo::default() };
/// let split = SlidingWindow::new(3, 1).split(&rows, Seed::new(0))?;
/// assert_eq!(split.folds.len(), 3);
/// assert_eq!((split.folds[0].train.as_slice(), split.folds[0].test.as_slice()), (&[0, 1, 2][..], &[3][..]));
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SlidingWindow {
    train_size: u32,
    test_size: u32,
    gap: u32,
    stride: Option<u32>,
}

impl Default for SlidingWindow {
    fn default() -> Self {
        Self { train_size: 10, test_size: 1, gap: 0, stride: None }
    }
}

impl SlidingWindow {
    /// So many steps to learn from and to be tested on.
    pub fn new(train_size: u32, test_size: u32) -> Self {
        Self { train_size, test_size, ..Self::default() }
    }

    /// How many steps between training and test are left out.
    pub fn gap(mut self, steps: u32) -> Self {
        self.gap = steps;
        self
    }

    /// How many steps lie between the starts of two tests.
    pub fn stride(mut self, steps: u32) -> Self {
        self.stride = Some(steps);
        self
    }

    /// Checks the parameters against the number of steps.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a window of nothing, a stride below the length of a test, or too few steps; it says
    /// how many are needed.
    pub fn check(&self, steps: usize) -> Result<()> {
        self.check_steps(steps, "steps")
    }

    fn length(&self) -> u64 {
        u64::from(self.train_size) + u64::from(self.gap) + u64::from(self.test_size)
    }

    fn check_steps(&self, steps: usize, unit: &str) -> Result<()> {
        for (name, size) in [("train_size", self.train_size), ("test_size", self.test_size)] {
            if size == 0 {
                return Err(Error::parameter(name, size, "at least 1"));
            }
        }
        if let Some(stride) = self.stride.filter(|&stride| stride < self.test_size) {
            let expected = format!("at least {}, the length of a test: no row is tested twice", self.test_size);
            return Err(Error::parameter("stride", stride, expected));
        }
        let needed = self.length();
        if needed > steps as u64 {
            let expected =
                format!("at most what {steps} {unit} allow: one window with its gap and test needs {needed} {unit}");
            return Err(Error::parameter("train_size", self.train_size, expected));
        }
        Ok(())
    }
}

#[typetag::serde(name = "sliding_window")]
impl Splitter for SlidingWindow {
    fn split(&self, rows: &RowInfo<'_>, _: Seed) -> Result<Split> {
        rows::check(rows)?;
        let steps = Steps::of(rows, "the sliding window")?;
        self.check_steps(steps.len(), steps.unit())?;
        let stride = self.stride.unwrap_or(self.test_size) as usize;
        let (length, test) = (self.length() as usize, self.test_size as usize);
        let windows = (steps.len() - length) / stride + 1;
        // Each window holds at least as many rows as steps, and all rows at most.
        rows::check_memory((windows as u64 * length as u64).div_ceil(steps.len() as u64), rows.rows)?;
        let folds = (0..windows)
            .map(|fold| {
                let end = steps.len() - (windows - 1 - fold) * stride;
                let from = end - length;
                let train = steps.rows(from..from + self.train_size as usize);
                Fold { repeat: 0, fold: fold as u32, train, valid: Vec::new(), test: steps.rows(end - test..end) }
            })
            .collect();
        Ok(Split { folds, warnings: Vec::new() })
    }
}
