use consort_core::{Error, Fold, Result, RowInfo, Seed, Split, Splitter};
use serde::{Deserialize, Serialize};

use crate::{purging, rows, steps::Steps};

/// K folds in time order for labels that look ahead, without the training rows whose labels overlap the test's.
///
/// The steps of time (distinct times) are cut into K runs; each is tested once, by a fit on rows **before and after**
/// it. A row at `t` has a label that is known at `t + horizon`. For a test over the times `a..=b`:
///
/// - *purged* are the rows whose span `t..=t + horizon` meets the test's `a..=b + horizon`;
/// - *under embargo* are the rows after `b + horizon`, for `embargo` more: what they know still echoes the test.
///
/// Both are lengths of time in the units of the time column. It uses the data better than a window, at the price of
/// learning from the future: for a forecast prefer [`ExpandingWindow`](super::ExpandingWindow).
///
/// Needs: time. Cost: a sort by time and O(rows × folds). Source: López de Prado 2018, ch. 7.
///
/// ```
/// use consort_core::{RowInfo, Seed, Splitter};
/// use consort_split::PurgedKFold;
/// let days: Vec<f64> = (0..12).map(f64::from).collect();
/// let rows = RowInfo { rows: 12, time: Some(&days), ..RowInfo::default() };
/// let split = PurgedKFold::new(3).horizon(1.0).embargo(1.0).split(&rows, Seed::new(0))?;
/// assert_eq!(split.folds[1].test, [4, 5, 6, 7]);
/// assert_eq!(split.folds[1].train, [0, 1, 2, 10, 11]); // 3 and 8 are purged, 9 is under embargo
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PurgedKFold {
    folds: u32,
    horizon: f64,
    embargo: f64,
}

impl Default for PurgedKFold {
    fn default() -> Self {
        Self { folds: 5, horizon: 0.0, embargo: 0.0 }
    }
}

impl PurgedKFold {
    /// So many folds.
    pub fn new(folds: u32) -> Self {
        Self { folds, ..Self::default() }
    }

    /// How long after a row its label is known.
    pub fn horizon(mut self, horizon: f64) -> Self {
        self.horizon = horizon;
        self
    }

    /// How long after the labels of a test nothing is learned from.
    pub fn embargo(mut self, embargo: f64) -> Self {
        self.embargo = embargo;
        self
    }

    /// Checks the parameters against the number of steps and rows.
    ///
    /// # Errors
    /// [`Error::Parameter`] for fewer than 2 folds, more folds than distinct times, or a length of time that is
    /// negative or not finite.
    pub fn check(&self, steps: usize, rows: usize) -> Result<()> {
        purging::check_length("horizon", self.horizon)?;
        purging::check_length("embargo", self.embargo)?;
        rows::check_folds(self.folds, steps, "distinct times", rows)
    }
}

#[typetag::serde(name = "purged_k_fold")]
impl Splitter for PurgedKFold {
    fn split(&self, rows: &RowInfo<'_>, _: Seed) -> Result<Split> {
        rows::check(rows)?;
        let steps = Steps::of(rows, "purged K-fold")?;
        self.check(steps.len(), rows.rows)?;
        let folds = (steps.blocks(self.folds).into_iter().enumerate())
            .map(|(fold, block)| {
                let test = steps.rows(block.clone());
                let train = purging::train(&steps, &[block], self.horizon, self.embargo)?;
                Ok::<_, Error>(Fold { repeat: 0, fold: fold as u32, train, valid: Vec::new(), test })
            })
            .collect::<Result<_>>()?;
        Ok(Split { folds, warnings: Vec::new() })
    }
}
