use std::cmp::Reverse;

use consort_core::{Result, RowInfo, Seed, Split, Splitter};
use serde::{Deserialize, Serialize};

use crate::{assignment, groups::Groups, rows};

/// K folds that never part a group.
///
/// The groups go, largest first, each to the fold with the fewest rows (the first of those). So fold sizes differ by
/// at most the rows of the largest group, and usually by far less (longest-processing-time rule, Graham 1969).
/// Without shuffle groups of equal size go in descending order of their numbers, which is scikit-learn 1.9's rule.
/// Shuffled (the default), the groups are put in an order drawn from the seed and then by the magnitude of their size
/// (its power of two) alone.
///
/// Needs: groups. Cost: O(rows × folds + groups × log groups).
///
/// ```
/// use consort_core::{RowInfo, Seed, Splitter};
/// use consort_split::GroupKFold;
/// let patients = [0, 0, 1, 1, 1, 2];
/// let rows = RowInfo { rows: 6, groups: Some(&patients), ..RowInfo::default() };
/// let split = GroupKFold::new(2).split(&rows, Seed::new(0))?;
/// assert_eq!(split.folds[0].test.len(), 3); // patient 1 against the two others
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GroupKFold {
    folds: u32,
    shuffle: bool,
}

impl Default for GroupKFold {
    fn default() -> Self {
        Self { folds: 5, shuffle: true }
    }
}

impl GroupKFold {
    /// So many folds, shuffled.
    pub fn new(folds: u32) -> Self {
        Self { folds, ..Self::default() }
    }

    /// Whether the groups are shuffled first.
    pub fn shuffle(mut self, shuffle: bool) -> Self {
        self.shuffle = shuffle;
        self
    }

    /// Checks the parameters against the number of groups and of rows.
    ///
    /// # Errors
    /// [`Error::Parameter`](consort_core::Error::Parameter) for fewer than 2 folds or more folds than groups.
    pub fn check(&self, groups: usize, rows: usize) -> Result<()> {
        rows::check_folds(self.folds, groups, "groups", rows)
    }
}

#[typetag::serde(name = "group_k_fold")]
impl Splitter for GroupKFold {
    fn split(&self, rows: &RowInfo<'_>, seed: Seed) -> Result<Split> {
        rows::check(rows)?;
        let groups = Groups::of(rows, "grouped K-fold")?;
        self.check(groups.len(), rows.rows)?;
        let mut order: Vec<u32> = (0..groups.len() as u32).rev().collect();
        let size = |group: u32| groups.sizes[group as usize];
        if self.shuffle {
            seed.child("shuffle").stream().shuffle(&mut order);
            order.sort_by_key(|&group| Reverse(size(group).ilog2()));
        } else {
            order.sort_by_key(|&group| Reverse(size(group)));
        }
        // A heap would be O(log folds), but its order among equals would need a rule of its own.
        let mut filled = vec![0usize; self.folds as usize];
        let mut fold_of = vec![0u32; groups.len()];
        for group in order {
            let mut lightest = 0;
            for fold in 1..filled.len() {
                if filled[fold] < filled[lightest] {
                    lightest = fold;
                }
            }
            filled[lightest] += size(group);
            fold_of[group as usize] = lightest as u32;
        }
        let tested: Vec<u32> = groups.codes.iter().map(|&group| fold_of[group as usize]).collect();
        Ok(Split { folds: assignment::folds(&tested, self.folds, 0), warnings: Vec::new() })
    }
}
