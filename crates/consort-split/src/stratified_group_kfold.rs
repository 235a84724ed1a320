use std::cmp::Reverse;

use consort_core::{Result, RowInfo, Seed, Split, Splitter};
use serde::{Deserialize, Serialize};

use crate::{
    assignment,
    groups::Groups,
    rows,
    strata::{BINS, Strata},
};

/// K folds that never part a group and keep every class as frequent as in the whole, as far as the groups allow.
///
/// The groups go, largest first, each to the fold where it lowers the evenness least: with `n(c)` the rows of class
/// `c` in all, `f(c)` those in the fold and `g(c)` those of the group, the fold with the least
/// `Σ f(c) g(c) / n(c)² + f g / n²`, where the last term counts all rows as one class more. It is what the sum over
/// folds of the squared shares grows by. A tie goes to the fold with fewer rows, then to the first. Exact balance is
/// not always possible and finding the best is hard (bin packing), so this is greedy.
///
/// Shuffled (the default), the groups are put in an order drawn from the seed and then by the magnitude of their size
/// (its power of two). Otherwise groups of equal size go in the order of their numbers.
///
/// Needs: the target and groups. Cost: O(rows × folds + folds × Σ classes of each group).
///
/// ```
/// use consort_core::{Classes, RowInfo, Seed, Splitter, Target};
/// use consort_split::StratifiedGroupKFold;
/// let target = Target::Classes { codes: vec![0, 1, 0, 1, 0, 0, 1, 1], classes: Classes::new(["no", "yes"])? };
/// let groups = [0, 0, 1, 1, 2, 2, 3, 3];
/// let rows = RowInfo { rows: 8, target: Some(&target), groups: Some(&groups), ..RowInfo::default() };
/// let split = StratifiedGroupKFold::new(2).split(&rows, Seed::new(0))?;
/// assert!(split.folds.iter().all(|fold| fold.test.len() == 4));
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StratifiedGroupKFold {
    folds: u32,
    shuffle: bool,
    bins: u32,
}

impl Default for StratifiedGroupKFold {
    fn default() -> Self {
        Self { folds: 5, shuffle: true, bins: BINS }
    }
}

impl StratifiedGroupKFold {
    /// So many folds, shuffled.
    pub fn new(folds: u32) -> Self {
        Self { folds, ..Self::default() }
    }

    /// Whether the groups are shuffled first.
    pub fn shuffle(mut self, shuffle: bool) -> Self {
        self.shuffle = shuffle;
        self
    }

    /// Into how many bins a continuous target is cut at most.
    pub fn bins(mut self, bins: u32) -> Self {
        self.bins = bins;
        self
    }

    /// Checks the parameters against the number of groups and of rows.
    ///
    /// # Errors
    /// [`Error::Parameter`](consort_core::Error::Parameter) for fewer than 2 folds, more folds than groups, or no bin.
    pub fn check(&self, groups: usize, rows: usize) -> Result<()> {
        if self.bins == 0 {
            return Err(consort_core::Error::parameter("bins", self.bins, "at least 1"));
        }
        rows::check_folds(self.folds, groups, "groups", rows)
    }
}

#[typetag::serde(name = "stratified_group_k_fold")]
impl Splitter for StratifiedGroupKFold {
    fn split(&self, rows: &RowInfo<'_>, seed: Seed) -> Result<Split> {
        rows::check(rows)?;
        let groups = Groups::of(rows, "stratified grouped K-fold")?;
        self.check(groups.len(), rows.rows)?;
        let strata = Strata::of(rows, self.bins, self.folds, "stratified grouped K-fold")?;
        let per_group = ClassesOfGroups::count(&groups, &strata);

        let mut order: Vec<u32> = (0..groups.len() as u32).collect();
        let size = |group: u32| groups.sizes[group as usize];
        if self.shuffle {
            seed.child("shuffle").stream().shuffle(&mut order);
            order.sort_by_key(|&group| Reverse(size(group).ilog2()));
        } else {
            order.sort_by_key(|&group| Reverse(size(group)));
        }
        let (folds, classes) = (self.folds as usize, strata.counts.len());
        let square = |count: usize| (count as f64) * (count as f64);
        let scale: Vec<f64> = strata.counts.iter().map(|&count| 1.0 / square(count.max(1))).collect();
        let whole = 1.0 / square(rows.rows);
        let mut filled = vec![0usize; folds];
        let mut filled_by_class = vec![0u32; folds * classes];
        let mut fold_of = vec![0u32; groups.len()];
        for group in order {
            let counts = per_group.of(group);
            let mut best = (f64::INFINITY, usize::MAX, 0);
            for fold in 0..folds {
                let here = &filled_by_class[fold * classes..(fold + 1) * classes];
                let mut cost = filled[fold] as f64 * size(group) as f64 * whole;
                for &(class, count) in counts {
                    cost += f64::from(here[class as usize]) * f64::from(count) * scale[class as usize];
                }
                if (cost, filled[fold]) < (best.0, best.1) {
                    best = (cost, filled[fold], fold);
                }
            }
            let fold = best.2;
            for &(class, count) in counts {
                filled_by_class[fold * classes + class as usize] += count;
            }
            filled[fold] += size(group);
            fold_of[group as usize] = fold as u32;
        }
        let tested: Vec<u32> = groups.codes.iter().map(|&group| fold_of[group as usize]).collect();
        let mut split = Split { folds: assignment::folds(&tested, self.folds, 0), warnings: Vec::new() };
        split.warnings = strata.warnings(folds);
        Ok(split)
    }
}

/// How many rows of each class each group has; classes that a group lacks take no room.
struct ClassesOfGroups {
    counts: Vec<(u32, u32)>,
    starts: Vec<usize>,
}

impl ClassesOfGroups {
    fn count(groups: &Groups, strata: &Strata<'_>) -> Self {
        let mut pairs: Vec<(u32, u32)> = groups.codes.iter().copied().zip(strata.codes.iter().copied()).collect();
        pairs.sort_unstable();
        let mut counts: Vec<(u32, u32)> = Vec::new();
        let mut starts = vec![0];
        for run in pairs.chunk_by(|a, b| a.0 == b.0) {
            for same in run.chunk_by(|a, b| a.1 == b.1) {
                counts.push((same[0].1, same.len() as u32));
            }
            starts.push(counts.len());
        }
        Self { counts, starts }
    }

    fn of(&self, group: u32) -> &[(u32, u32)] {
        &self.counts[self.starts[group as usize]..self.starts[group as usize + 1]]
    }
}
