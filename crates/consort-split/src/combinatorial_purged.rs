use consort_core::{Error, Fold, Result, RowInfo, Seed, Split, Splitter};
use serde::{Deserialize, Serialize};

use crate::{
    leave_p_groups_out::{choose, combinations},
    purging, rows,
    steps::Steps,
};

/// Every way to test `tests` of `blocks` runs of time, purged and under embargo as in
/// [`PurgedKFold`](super::PurgedKFold).
///
/// There are `blocks choose tests` fits, and each row is tested `tests / blocks` of that often; a backtest gets many
/// paths instead of one. Tests overlap, so each combination is a repeat of its own, with one fold, in lexicographic
/// order of the blocks.
///
/// Needs: time. Cost: a sort by time and O(rows × (blocks choose tests)). Source: López de Prado 2018, ch. 12.
///
/// ```
/// use consort_core::{RowInfo, Seed, Splitter};
/// use consort_split::CombinatorialPurged;
/// let days: Vec<f64> = (0..12).map(f64::from).collect();
/// let rows = RowInfo { rows: 12, time: Some(&days), ..RowInfo::default() };
/// let split = CombinatorialPurged::new(6, 2).split(&rows, Seed::new(0))?;
/// assert_eq!(split.folds.len(), 15);
/// assert_eq!(split.folds[1].test, [0, 1, 4, 5]);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CombinatorialPurged {
    blocks: u32,
    tests: u32,
    horizon: f64,
    embargo: f64,
}

impl Default for CombinatorialPurged {
    fn default() -> Self {
        Self { blocks: 6, tests: 2, horizon: 0.0, embargo: 0.0 }
    }
}

impl CombinatorialPurged {
    /// So many blocks, of which so many are tested at a time.
    pub fn new(blocks: u32, tests: u32) -> Self {
        Self { blocks, tests, ..Self::default() }
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
    /// [`Error::Parameter`] for fewer than 2 blocks, more blocks than distinct times, tests that are not at least one
    /// and fewer than the blocks, so many combinations that they would not fit in memory, or a length of time that is
    /// negative or not finite.
    pub fn check(&self, steps: usize, rows: usize) -> Result<()> {
        purging::check_length("horizon", self.horizon)?;
        purging::check_length("embargo", self.embargo)?;
        if self.blocks < 2 || self.blocks as usize > steps {
            let expected = format!("at least 2 and at most {steps}, the number of distinct times");
            return Err(Error::parameter("blocks", self.blocks, expected));
        }
        if self.tests == 0 || self.tests >= self.blocks {
            let expected = format!("at least 1 and below {}, the number of blocks", self.blocks);
            return Err(Error::parameter("tests", self.tests, expected));
        }
        rows::check_memory(choose(u64::from(self.blocks), u64::from(self.tests)), rows)
    }
}

#[typetag::serde(name = "combinatorial_purged")]
impl Splitter for CombinatorialPurged {
    fn split(&self, rows: &RowInfo<'_>, _: Seed) -> Result<Split> {
        rows::check(rows)?;
        let steps = Steps::of(rows, "combinatorial purged cross-validation")?;
        self.check(steps.len(), rows.rows)?;
        let blocks = steps.blocks(self.blocks);
        let folds = combinations(blocks.len(), self.tests as usize)
            .enumerate()
            .map(|(repeat, chosen)| {
                let tests: Vec<_> = chosen.into_iter().map(|block| blocks[block].clone()).collect();
                let train = purging::train(&steps, &tests, self.horizon, self.embargo)?;
                let test = steps.rows_of(&tests);
                Ok::<_, Error>(Fold { repeat: repeat as u32, fold: 0, train, valid: Vec::new(), test })
            })
            .collect::<Result<_>>()?;
        Ok(Split { folds, warnings: Vec::new() })
    }
}
