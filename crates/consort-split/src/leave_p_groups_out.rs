use consort_core::{Error, Fold, Result, RowInfo, Seed, Split, Splitter};
use serde::{Deserialize, Serialize};

use crate::{groups::Groups, rows};

/// Every way to leave `p` groups out: their rows are tested by a fit on all other groups.
///
/// There are `groups choose p` of them, in lexicographic order of the groups left out. Their tests overlap, so each
/// is a repeat of its own, with one fold.
///
/// Needs: more than `p` groups. Cost: O(rows × (groups choose p)).
///
/// ```
/// use consort_core::{RowInfo, Seed, Splitter};
/// use consort_split::LeavePGroupsOut;
/// let sites = [0, 1, 2];
/// let rows = RowInfo { rows: 3, groups: Some(&sites), ..RowInfo::default() };
/// let split = LeavePGroupsOut::new(2).split(&rows, Seed::new(0))?;
/// let tests: Vec<_> = split.folds.iter().map(|fold| fold.test.clone()).collect();
/// assert_eq!(tests, [[0, 1], [0, 2], [1, 2]]);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LeavePGroupsOut {
    groups: u32,
}

impl Default for LeavePGroupsOut {
    fn default() -> Self {
        Self { groups: 2 }
    }
}

impl LeavePGroupsOut {
    /// Leaves so many groups out at a time.
    pub fn new(groups: u32) -> Self {
        Self { groups }
    }

    /// Checks the parameters against the number of groups and of rows.
    ///
    /// # Errors
    /// [`Error::Parameter`] unless it is at least 1 and fewer than the groups there are, or if there are so many
    /// combinations that the folds would not fit in memory.
    pub fn check(&self, groups: usize, rows: usize) -> Result<()> {
        if self.groups == 0 || self.groups as usize >= groups {
            let expected = format!("at least 1 and below {groups}, the number of groups");
            return Err(Error::parameter("groups", self.groups, expected));
        }
        rows::check_memory(choose(groups as u64, u64::from(self.groups)), rows)
    }
}

#[typetag::serde(name = "leave_p_groups_out")]
impl Splitter for LeavePGroupsOut {
    fn split(&self, rows: &RowInfo<'_>, _: Seed) -> Result<Split> {
        rows::check(rows)?;
        let groups = Groups::of(rows, "leave-p-groups-out")?;
        self.check(groups.len(), rows.rows)?;
        let mut out = vec![false; groups.len()];
        let folds = combinations(groups.len(), self.groups as usize)
            .enumerate()
            .map(|(repeat, chosen)| {
                out.fill(false);
                for group in chosen {
                    out[group] = true;
                }
                let (test, train) = (0..rows.rows as u32).partition(|&row| out[groups.codes[row as usize] as usize]);
                Fold { repeat: repeat as u32, fold: 0, train, valid: Vec::new(), test }
            })
            .collect();
        Ok(Split { folds, warnings: Vec::new() })
    }
}

/// `n choose k`, or the greatest number where it does not fit.
pub(super) fn choose(n: u64, k: u64) -> u64 {
    let k = k.min(n - k);
    let mut ways: u128 = 1;
    for i in 0..k {
        ways = ways * u128::from(n - i) / u128::from(i + 1);
        if ways > u128::from(u64::MAX) {
            return u64::MAX;
        }
    }
    ways as u64
}

/// All ways to choose `k` (at least 1) of `0..n`, in lexicographic order.
pub(super) fn combinations(n: usize, k: usize) -> impl Iterator<Item = Vec<usize>> {
    let first: Vec<usize> = (0..k).collect();
    std::iter::successors(Some(first), move |last| {
        let place = (0..k).rev().find(|&place| last[place] < n - k + place)?;
        let mut next = last.clone();
        next[place] += 1;
        for later in place + 1..k {
            next[later] = next[later - 1] + 1;
        }
        Some(next)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn combinations_are_as_many_as_binomials_say() {
        for n in 1..9 {
            for k in 1..=n {
                let all: Vec<_> = combinations(n, k).collect();
                assert_eq!(all.len() as u64, choose(n as u64, k as u64));
                assert!(all.is_sorted() && all.iter().all(|chosen| chosen.is_sorted()));
            }
        }
        assert_eq!(choose(200, 100), u64::MAX);
    }
}
