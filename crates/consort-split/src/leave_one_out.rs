use consort_core::{Error, Result, RowInfo, Seed, Split, Splitter};
use serde::{Deserialize, Serialize};

use crate::{assignment, rows};

/// As many folds as rows: each row is tested alone, by a fit on all others.
///
/// Nearly unbiased, but one fit a row, and the estimate varies much for unstable learners: the fits are almost the
/// same. Fold `i` tests row `i`. The folds hold rows² numbers; beyond 46,340 rows it is refused.
///
/// Needs: at least 2 rows. Cost: O(rows²). Source: Lachenbruch and Mickey 1968; Stone 1974.
///
/// ```
/// use consort_core::{RowInfo, Seed, Splitter};
/// use consort_split::LeaveOneOut;
/// let rows = RowInfo { rows: 3, ..RowInfo::default() };
/// let split = LeaveOneOut::new().split(&rows, Seed::new(0))?;
/// assert_eq!(split.folds[1].train, [0, 2]);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LeaveOneOut {}

impl LeaveOneOut {
    /// The splitter; it has no parameters.
    pub fn new() -> Self {
        Self {}
    }

    /// Checks the number of rows.
    ///
    /// # Errors
    /// [`Error::Parameter`] for fewer than 2 rows or so many that the folds would not fit in memory.
    pub fn check(&self, rows: usize) -> Result<()> {
        if rows < 2 {
            return Err(Error::parameter("rows", rows, "at least 2 to leave one out"));
        }
        rows::check_memory(rows as u64, rows)
    }
}

#[typetag::serde(name = "leave_one_out")]
impl Splitter for LeaveOneOut {
    fn split(&self, rows: &RowInfo<'_>, _: Seed) -> Result<Split> {
        rows::check(rows)?;
        self.check(rows.rows)?;
        let tested: Vec<u32> = (0..rows.rows as u32).collect();
        Ok(Split { folds: assignment::folds(&tested, rows.rows as u32, 0), warnings: Vec::new() })
    }
}
