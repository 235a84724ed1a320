use consort_core::{Error, Result, RowInfo, Seed, Split, Splitter};
use serde::{Deserialize, Serialize};

use crate::{
    assignment, rows,
    strata::{BINS, Strata},
};

/// K folds in which every class is as frequent as in the whole.
///
/// Between folds the count of each class differs by at most one, **and** the sizes of the folds differ by at most
/// one: the rows, sorted by class, are dealt to the folds like cards. Shuffled (the default), the rows of a class are
/// dealt in an order drawn from the seed. Without shuffle the result is scikit-learn's: classes in the order in which
/// they first occur, and each fold takes the next run of a class.
///
/// A continuous target is cut into bins of equal mass (10 unless said otherwise; fewer where a bin would hold fewer
/// rows than there are folds).
///
/// Needs: the target. Cost: O(rows × folds), and a sort for a continuous target. Source: Breiman et al. 1984, §8.7;
/// Kohavi 1995.
///
/// ```
/// use consort_core::{Classes, RowInfo, Seed, Splitter, Target};
/// use consort_split::StratifiedKFold;
/// let classes = Classes::new(["no", "yes"])?;
/// let target = Target::Classes { codes: vec![0, 0, 0, 0, 1, 1], classes };
/// let rows = RowInfo { rows: 6, target: Some(&target), ..RowInfo::default() };
/// let split = StratifiedKFold::new(2).shuffle(false).split(&rows, Seed::new(0))?;
/// assert_eq!(split.folds[0].test, [0, 1, 4]);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StratifiedKFold {
    folds: u32,
    shuffle: bool,
    bins: u32,
}

impl Default for StratifiedKFold {
    fn default() -> Self {
        Self { folds: 5, shuffle: true, bins: BINS }
    }
}

impl StratifiedKFold {
    /// So many folds, shuffled.
    pub fn new(folds: u32) -> Self {
        Self { folds, ..Self::default() }
    }

    /// Whether the rows of a class are shuffled first.
    pub fn shuffle(mut self, shuffle: bool) -> Self {
        self.shuffle = shuffle;
        self
    }

    /// Into how many bins a continuous target is cut at most.
    pub fn bins(mut self, bins: u32) -> Self {
        self.bins = bins;
        self
    }

    /// Checks the parameters against the number of rows.
    ///
    /// # Errors
    /// [`Error::Parameter`] for fewer than 2 folds, more folds than rows, or no bin.
    pub fn check(&self, rows: usize) -> Result<()> {
        if self.bins == 0 {
            return Err(Error::parameter("bins", self.bins, "at least 1"));
        }
        rows::check_folds(self.folds, rows, "rows", rows)
    }

    /// Deals the rows, class after class and within a class in the order given, one to each fold in turn.
    fn deal(&self, strata: &Strata<'_>, order: &[u32]) -> Vec<u32> {
        let mut place: Vec<usize> = Vec::with_capacity(strata.counts.len());
        let mut start = 0;
        for count in &strata.counts {
            place.push(start);
            start += count;
        }
        let folds = self.folds as usize;
        let mut tested = vec![0; order.len()];
        for &row in order {
            let place = &mut place[strata.codes[row as usize] as usize];
            tested[row as usize] = (*place % folds) as u32;
            *place += 1;
        }
        tested
    }

    /// As many rows of each class to each fold as [`Self::deal`] would, but in runs, and classes as they first occur.
    fn runs(&self, strata: &Strata<'_>) -> Vec<u32> {
        let folds = self.folds as usize;
        /// Where a class is: its fold, and how many rows that fold still takes.
        struct At {
            start: usize,
            fold: usize,
            left: usize,
        }
        // Of the places start..start + count, those that are `fold` modulo the number of folds.
        let share = |start: usize, count: usize, fold: usize| {
            let below = |end: usize| (end + folds - 1 - fold) / folds;
            below(start + count) - below(start)
        };
        let mut at: Vec<Option<At>> = (0..strata.counts.len()).map(|_| None).collect();
        let mut seen = 0;
        strata
            .codes
            .iter()
            .map(|&code| {
                let count = strata.counts[code as usize];
                let at = at[code as usize].get_or_insert_with(|| {
                    let start = seen;
                    seen += count;
                    At { start, fold: 0, left: share(start, count, 0) }
                });
                while at.left == 0 {
                    at.fold += 1;
                    at.left = share(at.start, count, at.fold);
                }
                at.left -= 1;
                at.fold as u32
            })
            .collect()
    }
}

#[typetag::serde(name = "stratified_k_fold")]
impl Splitter for StratifiedKFold {
    fn split(&self, rows: &RowInfo<'_>, seed: Seed) -> Result<Split> {
        rows::check(rows)?;
        self.check(rows.rows)?;
        let strata = Strata::of(rows, self.bins, self.folds, "stratified K-fold")?;
        let largest = strata.counts.iter().copied().max().unwrap_or(0);
        if self.folds as usize > largest {
            let folds = self.folds;
            let expected = format!(
                "at most {largest}, the rows of the largest class: {folds} folds need a class of at least {folds} rows"
            );
            return Err(Error::parameter("folds", folds, expected));
        }
        let tested = if self.shuffle { self.deal(&strata, &rows::shuffled(rows, seed)) } else { self.runs(&strata) };
        let folds = assignment::folds(&tested, self.folds, 0);
        Ok(Split { folds, warnings: strata.warnings(self.folds as usize) })
    }
}
