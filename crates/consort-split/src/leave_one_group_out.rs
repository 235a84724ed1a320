use consort_core::{Error, Result, RowInfo, Seed, Split, Splitter};
use serde::{Deserialize, Serialize};

use crate::{assignment, groups::Groups, rows};

/// As many folds as groups: each group is tested alone, by a fit on all others.
///
/// Fold `g` tests the `g`-th group in ascending order of the group numbers.
///
/// Needs: at least 2 groups. Cost: O(rows × groups).
///
/// ```
/// use consort_core::{RowInfo, Seed, Splitter};
/// use consort_split::LeaveOneGroupOut;
/// let sites = [7, 3, 7, 3];
/// let rows = RowInfo { rows: 4, groups: Some(&sites), ..RowInfo::default() };
/// let split = LeaveOneGroupOut::new().split(&rows, Seed::new(0))?;
/// assert_eq!(split.folds[0].test, [1, 3]);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LeaveOneGroupOut {}

impl LeaveOneGroupOut {
    /// The splitter; it has no parameters.
    pub fn new() -> Self {
        Self {}
    }

    /// Checks the number of groups and of rows.
    ///
    /// # Errors
    /// [`Error::Parameter`] for fewer than 2 groups, or so many that the folds would not fit in memory.
    pub fn check(&self, groups: usize, rows: usize) -> Result<()> {
        if groups < 2 {
            return Err(Error::parameter("groups", groups, "at least 2 to leave one out"));
        }
        rows::check_memory(groups as u64, rows)
    }
}

#[typetag::serde(name = "leave_one_group_out")]
impl Splitter for LeaveOneGroupOut {
    fn split(&self, rows: &RowInfo<'_>, _: Seed) -> Result<Split> {
        rows::check(rows)?;
        let groups = Groups::of(rows, "leave-one-group-out")?;
        self.check(groups.len(), rows.rows)?;
        Ok(Split { folds: assignment::folds(&groups.codes, groups.len() as u32, 0), warnings: Vec::new() })
    }
}
