use consort_core::{Result, RowInfo, Seed, Split, Splitter};
use serde::{Deserialize, Serialize};

use crate::{assignment, rows, steps::runs};

/// K folds of equal size: each row is tested once, by a fit on the rows of the other folds.
///
/// Fold sizes differ by at most one, the longer folds first. Shuffled (the default), the rows are dealt in an order
/// drawn from the seed; without shuffle each fold is a run of rows as they stand, which is scikit-learn's rule and
/// wrong for a file that is sorted by class.
///
/// Needs: nothing. Cost: O(rows × folds). Source: Stone 1974; Geisser 1975.
///
/// ```
/// use consort_core::{RowInfo, Seed, Splitter};
/// use consort_split::KFold;
/// let rows = RowInfo { rows: 10, ..RowInfo::default() };
/// let split = KFold::new(3).shuffle(false).split(&rows, Seed::new(0))?;
/// assert_eq!(split.folds[0].test, [0, 1, 2, 3]);
/// assert_eq!(split.folds[2].test, [7, 8, 9]);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KFold {
    folds: u32,
    shuffle: bool,
}

impl Default for KFold {
    fn default() -> Self {
        Self { folds: 5, shuffle: true }
    }
}

impl KFold {
    /// So many folds, shuffled.
    pub fn new(folds: u32) -> Self {
        Self { folds, ..Self::default() }
    }

    /// Whether the rows are shuffled first.
    pub fn shuffle(mut self, shuffle: bool) -> Self {
        self.shuffle = shuffle;
        self
    }

    /// Checks the parameters against the number of rows.
    ///
    /// # Errors
    /// [`Error::Parameter`](consort_core::Error::Parameter) for fewer than 2 folds or more folds than rows.
    pub fn check(&self, rows: usize) -> Result<()> {
        rows::check_folds(self.folds, rows, "rows", rows)
    }
}

#[typetag::serde(name = "k_fold")]
impl Splitter for KFold {
    fn split(&self, rows: &RowInfo<'_>, seed: Seed) -> Result<Split> {
        rows::check(rows)?;
        self.check(rows.rows)?;
        let mut tested = vec![0; rows.rows];
        let order = if self.shuffle { rows::shuffled(rows, seed) } else { (0..rows.rows as u32).collect() };
        for (fold, run) in runs(rows.rows, self.folds).into_iter().enumerate() {
            for &row in &order[run] {
                tested[row as usize] = fold as u32;
            }
        }
        Ok(Split { folds: assignment::folds(&tested, self.folds, 0), warnings: Vec::new() })
    }
}
